/** Numbers that look random and are the same for the same seed: a body that broke something can be made again. */
export type Random = ReturnType<typeof createRandom>;

/** Mulberry32. `seed` is any text. */
export function createRandom(seed: string) {
  let state = 2_166_136_261;
  for (const character of seed) state = Math.imul(state ^ character.codePointAt(0)!, 16_777_619);
  const next = (): number => {
    state = (state + 0x6d_2b_79_f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  /** A whole number of at least 0 and below `limit`. */
  const below = (limit: number): number => Math.floor(next() * limit);
  return {
    below,
    chance: (share: number): boolean => next() < share,
    /** One of the list, which must not be empty. */
    pick: <Item>(from: readonly Item[]): Item => from[below(from.length)]!,
    bytes: (length: number): Buffer => Buffer.from(Array.from({ length }, () => below(256))),
    hex: (length: number): string => Array.from({ length }, () => below(16).toString(16)).join(''),
  };
}

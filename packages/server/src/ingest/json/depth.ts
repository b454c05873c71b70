/** Nesting of one event or score. Deeper values overflow the stack of whatever walks them, `JSON.stringify` included. */
export const MAX_DEPTH = 100;

/** Whether lists and objects are nested more than `levels` deep. */
export function isDeeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  return Object.values(value).some((each) => isDeeperThan(each, levels - 1));
}

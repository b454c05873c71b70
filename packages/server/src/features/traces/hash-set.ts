/** Numbers of 64 bits, 16 to 32 bytes each: a `Set` of them takes twice as many and more. */
export class HashSet {
  size = 0;
  #hasZero = false;
  /** Low and high half of each, side by side; both 0 is free. */
  #slots = new Uint32Array(2 * 16);

  add(low: number, high: number): void {
    if (low === 0 && high === 0) {
      this.size += this.#hasZero ? 0 : 1;
      this.#hasZero = true;
      return;
    }
    const at = this.#placeOf(low, high);
    if (this.#slots[at] === low && this.#slots[at + 1] === high) return;
    this.#slots[at] = low;
    this.#slots[at + 1] = high;
    this.size += 1;
    if (this.size * 2 > this.#slots.length / 2) this.#grow();
  }

  /** Where it is, or would be. */
  #placeOf(low: number, high: number): number {
    const slots = this.#slots;
    const mask = slots.length / 2 - 1;
    for (let i = (low ^ high) & mask; ; i = (i + 1) & mask) {
      const at = 2 * i;
      if ((slots[at] === low && slots[at + 1] === high) || (slots[at] === 0 && slots[at + 1] === 0)) return at;
    }
  }

  #grow(): void {
    const old = this.#slots;
    this.#slots = new Uint32Array(old.length * 2);
    for (let i = 0; i < old.length; i += 2) {
      if (old[i] === 0 && old[i + 1] === 0) continue;
      const at = this.#placeOf(old[i]!, old[i + 1]!);
      this.#slots[at] = old[i]!;
      this.#slots[at + 1] = old[i + 1]!;
    }
  }
}

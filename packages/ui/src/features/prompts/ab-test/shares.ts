/** Shares as typed: percent with at most two decimals that add to 100, or what is wrong, in words. */
export function readShares(typed: readonly string[]): { shares: number[] } | { problem: string } {
  const shares = typed.map((text) => Number(text.trim().replace(',', '.')));
  const bad = typed.find((text, at) => text.trim() === '' || !isShare(shares[at]));
  if (bad !== undefined) {
    return {
      problem:
        bad.trim() === '' ? 'Each arm needs a share.' : `${bad}: a share is 0 to 100, with at most two decimals.`,
    };
  }
  const sum = Math.round(shares.reduce((total, share) => total + share * 100, 0)) / 100;
  return sum === 100 ? { shares } : { problem: `Shares add to 100; these add to ${sum}.` };
}

const isShare = (share: number | undefined): boolean =>
  share !== undefined && share >= 0 && share <= 100 && Math.abs(share * 100 - Math.round(share * 100)) < 1e-6;

/** As even as two decimals allow; the first takes what is left. */
export function evenShares(arms: number): string[] {
  const each = Math.floor(10_000 / arms);
  return Array.from({ length: arms }, (_, at) => String((at === 0 ? 10_000 - each * (arms - 1) : each) / 100));
}

// oxlint-disable-next-line typescript/triple-slash-reference -- tests and benches compile this file without its folder
/// <reference path="./jstat.d.ts" />
/** What needs a library, and the constants that need none. Pinned: it has had no release for years; its answers are in the test. */
import jStat from 'jstat';

/** ln Γ(x) for x > 0, to 1e-9. */
export const lnGamma = (x: number): number => jStat.gammaln(x);

/** The p-quantile of Student's t, to 1e-6. */
export const tQuantile = (p: number, degreesOfFreedom: number): number => jStat.studentt.inv(p, degreesOfFreedom);

/** Quantiles of the normal distribution: two-sided 95 %, and a power of 80 %. */
export const Z_95 = 1.959963984540054;
export const Z_POWER_80 = 0.8416212335729143;

import { halfWidths } from './always-valid.ts';
import { Z_POWER_80 } from './distributions.ts';

/**
 * V*: the variance at which an effect of `d` is found with a power of 80 %: √V · (c(τ² / V, α) + z) = d.
 * @param d above 0, on the scale of `Contrast.d`
 */
export function varianceNeeded(d: number, tau: number, alpha: number): number {
  const reach = (lnV: number) =>
    Math.exp(lnV / 2) * (halfWidths(tau ** 2 / Math.exp(lnV), alpha) + Z_POWER_80) - Math.abs(d);
  // √V·(c + z) grows with V and is above √V: so V* is below d².
  let [low, high] = [2 * Math.log(Math.abs(d)) - 30, 2 * Math.log(Math.abs(d))];
  for (let middle = (low + high) / 2; middle > low && middle < high; middle = (low + high) / 2)
    if (reach(middle) > 0) high = middle;
    else low = middle;
  return Math.exp(low);
}

/**
 * How many units in all would have the variance V*, if those to come are like those seen: about, and at least when few new ones come.
 * @param seen units and variance so far
 */
export const unitsNeeded = (seen: { units: number; v: number }, vNeeded: number): number =>
  (seen.units * seen.v) / vNeeded;

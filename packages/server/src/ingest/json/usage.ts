import type { LegacyUsage } from '@tracehouse/contract/ingestion';
import { formatDecimal, parseDecimal, USD_DIGITS } from '../price/decimal.ts';
import { normalizeUsageDetails } from '../usage-details.ts';

/** The most that `Decimal(18, 12)` holds. */
const MAX_USD = 10n ** 18n - 1n;

/**
 * S3.1: `usage` of the older SDKs, overlaid by `usageDetails`, as whole units by usage type. Empty says nothing. `total` is
 * added where a row is priced, so it is here only when someone sent it.
 */
export function readUsage(
  legacy: LegacyUsage | null | undefined,
  details: Readonly<Record<string, unknown>> | null | undefined,
): Record<string, number> {
  const usage = { ...(legacy && readLegacyUsage(legacy)), ...(details && normalizeUsageDetails(details)) };
  // Columns hold whole units. A number past the safe integers is not a count.
  return Object.fromEntries(
    Object.entries(usage)
      .map(([key, units]) => [key, Math.round(units)] as const)
      .filter(([, units]) => Number.isSafeInteger(units)),
  );
}

/** Two generations of names: with any of the older one the others in the object are ignored. */
function readLegacyUsage(usage: LegacyUsage): Record<string, number> {
  return isOpenAiStyle(usage)
    ? counts({ input: usage.promptTokens, output: usage.completionTokens, total: usage.totalTokens })
    : counts({ input: usage.input, output: usage.output, total: usage.total });
}

/** Zero counts as present: a `totalTokens: 0` names the generation as well as 5 does. */
const isOpenAiStyle = ({ promptTokens, completionTokens, totalTokens }: LegacyUsage): boolean =>
  [promptTokens, completionTokens, totalTokens].some((tokens) => tokens !== undefined && tokens !== null);

const counts = (given: Record<string, number | null | undefined>): Record<string, number> =>
  Object.fromEntries(
    Object.entries(given).flatMap(([key, units]) => (typeof units === 'number' ? [[key, Math.max(0, units)]] : [])),
  );

/** S3.1: costs inside `usage`, overlaid by `costDetails`, as USD decimal text by usage type. Empty says nothing. */
export function readCost(
  legacy: LegacyUsage | null | undefined,
  details: Readonly<Record<string, unknown>> | null | undefined,
): Record<string, string> {
  const inUsage =
    legacy && !isOpenAiStyle(legacy)
      ? { input: legacy.inputCost, output: legacy.outputCost, total: legacy.totalCost }
      : {};
  return Object.fromEntries(
    Object.entries({ ...dropEmpty(inUsage), ...dropEmpty(details ?? {}) }).flatMap(([key, cost]) => {
      const usd = typeof cost === 'number' ? toUsd(cost) : null;
      return usd === null ? [] : [[key, usd]];
    }),
  );
}

const dropEmpty = (record: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined && value !== null));

function toUsd(cost: number): string | null {
  const scaled = parseDecimal(String(cost), USD_DIGITS);
  return scaled === null || scaled < 0n || scaled > MAX_USD ? null : formatDecimal(scaled, USD_DIGITS);
}

import type { ObservationDetail } from '@tracehouse/contract/x-traces';

export interface ReceiptLine {
  /** Usage type as sent: `input`, `input_cached_tokens`. */
  type: string;
  label: string;
  units: number;
  /** Decimal text, USD a million units; null when no price applies. */
  pricePerMillion: string | null;
  /** Decimal text, USD; null when unknown. */
  cost: string | null;
}

/** The lines of a receipt, input before output; `total` is a sum and no line of its own. */
export function receiptLines({ usage, prices, cost }: Pick<ObservationDetail, 'usage' | 'prices' | 'cost'>): {
  lines: ReceiptLine[];
  totalUnits: number;
} {
  const types = [...new Set([...Object.keys(usage), ...Object.keys(cost)])].filter((type) => type !== 'total');
  const parts = types.filter((type) => type.includes('_'));
  const lines = types
    .toSorted((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1))
    .map((type) => ({
      type,
      label: labelOf(
        type,
        parts.filter((part) => part.startsWith(`${type}_`)),
      ),
      units: usage[type] ?? 0,
      pricePerMillion: prices[type] === undefined ? null : perMillion(prices[type]),
      cost: cost[type] ?? null,
    }));
  return { lines, totalUnits: usage['total'] ?? lines.reduce((sum, { units }) => sum + units, 0) };
}

const rank = (type: string) =>
  (type.startsWith('input') ? 0 : type.startsWith('output') ? 2 : 1) * 10 + (type.includes('_') ? 1 : 0);

/** `input_cached_tokens` → "input, cached"; the plain rest of a kind that has such parts says that it is the rest. */
function labelOf(type: string, parts: readonly string[]): string {
  const [kind = type, ...rest] = type.split('_').filter((word) => word !== 'tokens');
  if (rest.length > 0) return `${kind}, ${rest.join(' ')}`;
  if (parts.length === 0) return kind;
  return parts.every((part) => part.includes('cache')) ? `${kind}, not cached` : `${kind}, other`;
}

/** Moves the point six places, on the text: exact for any number of decimals. */
export function perMillion(perUnit: string): string {
  const [, sign = '', whole = '0', decimals = ''] = /^(-?)(\d+)(?:\.(\d+))?$/u.exec(perUnit) ?? [];
  const digits = decimals.padEnd(6, '0');
  const dollars = (whole + digits.slice(0, 6)).replace(/^0+(?=\d)/u, '');
  const cents = digits.slice(6).replace(/0+$/u, '');
  return `${sign}${dollars}.${cents.padEnd(2, '0')}`;
}

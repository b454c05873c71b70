/** Digits after the point of every stored amount (`Decimal(18, 12)`), in USD. */
export const USD_DIGITS = 12;

const DECIMAL = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,3}))?$/;

/**
 * Decimal text (`0.15`, `8.7e-06`) as an integer scaled by 10^digits, rounded half away from zero; null for anything that
 * is not a finite decimal number.
 */
export function parseDecimal(text: string, digits: number): bigint | null {
  const match = DECIMAL.exec(text.trim());
  if (!match) return null;
  const [, sign, whole = '', fraction = '', exponent = '0'] = match;
  if (whole === '' && fraction === '') return null;
  const magnitude = rescale(BigInt(whole + fraction), fraction.length - Number(exponent), digits);
  return sign === '-' ? -magnitude : magnitude;
}

/** The shortest decimal text of an integer scaled by 10^digits: no exponent, no trailing zeros. */
export function formatDecimal(scaled: bigint, digits: number): string {
  const sign = scaled < 0n ? '-' : '';
  const padded = (scaled < 0n ? -scaled : scaled).toString().padStart(digits + 1, '0');
  const fraction = padded.slice(padded.length - digits).replace(/0+$/, '');
  return `${sign}${padded.slice(0, padded.length - digits)}${fraction && `.${fraction}`}`;
}

/** Moves a non-negative integer from one scale to another, rounded half up. */
export function rescale(value: bigint, fromDigits: number, toDigits: number): bigint {
  if (toDigits >= fromDigits) return value * 10n ** BigInt(toDigits - fromDigits);
  const divisor = 10n ** BigInt(fromDigits - toDigits);
  return (value + divisor / 2n) / divisor;
}

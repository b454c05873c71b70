/** USD for one unit as text: exact, without an exponent. `scale` moves the point: 6 for a million units. */
export function priceText(price: number, scale = 0): string {
  const [digits = '0', exponent = '0'] = String(price).toLowerCase().split('e');
  const [whole = '0', fraction = ''] = digits.split('.');
  const point = whole.length + Number(exponent) + scale;
  const all = whole + fraction;
  const padded = point <= 0 ? '0'.repeat(1 - point) + all : all.padEnd(point, '0');
  const at = Math.max(point, 1);
  const units = padded.slice(0, at).replace(/^0+(?=\d)/u, '');
  const decimals = padded.slice(at).replace(/0+$/u, '');
  return decimals === '' ? units : `${units}.${decimals}`;
}

/** `$2.50`, of a million units; at least two decimals. */
export function pricePerMillion(price: number): string {
  const [whole = '0', fraction = ''] = priceText(price, 6).split('.');
  return `$${whole}.${fraction.padEnd(2, '0')}`;
}

/** What a person typed, for `10^scale` units, as USD a unit; null when it is no price. */
export function parsePrice(text: string, scale: number): number | null {
  const plain = text.trim().replace(/^\$/u, '');
  if (!/^(?:\d+(?:\.\d*)?|\.\d+)$/u.test(plain)) return null;
  // Read as one decimal number: dividing would leave 7.000000000000001e-8 of 0.07.
  const price = Number(`${plain}e-${scale}`);
  return price <= 1_000_000 ? price : null;
}

const DATE = /[-@](?:\d{4}-?\d{2}-?\d{2}|\d{4})$/u;

/** A pattern for a name and the dated names of the same model. */
export function suggestPattern(name: string): string {
  if (name === '') return '';
  const base = name.replace(DATE, '') || name;
  const escaped = base.replaceAll(/[.*+?^${}()|[\]\\]/gu, String.raw`\$&`);
  return String.raw`(?i)^${escaped}([-@](\d{4}-?\d{2}-?\d{2}|\d{4}))?$`;
}

/** Usage types that most prices are about, with the words for them. */
export const usageWords: Record<string, string> = {
  input: 'Input',
  output: 'Output',
  input_cached_tokens: 'Input, cached',
  cache_creation_input_tokens: 'Input, written to the cache',
  cache_read_input_tokens: 'Input, read from the cache',
  output_reasoning_tokens: 'Output, reasoning',
  total: 'Total, instead of all others',
};

/** What a cached input token costs, under whatever name the model has it. */
export const cachedPrice = (prices: Record<string, number>): number | undefined =>
  ['input_cached_tokens', 'cache_read_input_tokens', 'input_cache_read', 'cache_read_tokens']
    .map((type) => prices[type])
    .find((price) => price !== undefined);

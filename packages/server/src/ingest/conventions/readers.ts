import type { Micros } from '../observation.ts';
import { limits, type AttributeValue } from '../otlp/span.ts';
import { normalizeUsageDetails } from '../usage-details.ts';
import type { MetadataEntries, ModelParameters, Reader, SpanContext } from './convention.ts';

const MAX_UINT32 = 2 ** 32 - 1;

const reader = <T>(
  label: string,
  read: (value: AttributeValue, context: SpanContext, key: string) => T | undefined,
): Reader<T> => Object.assign(read, { label });

/** Non-empty text; a number or flag as its text. */
export const text: Reader<string> = reader('text', (value) => {
  if (typeof value === 'string') return value === '' ? undefined : value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
});

/** As `text`; Python SDK 5 writes metadata values as JSON text, so a string arrives inside quotes. */
export const metadataText: Reader<string> = reader('text, JSON quotes taken off', (value, context, key) => {
  const quoted = typeof value === 'string' && value.startsWith('"') ? parseJson(value) : undefined;
  return text(typeof quoted === 'string' ? quoted : value, context, key);
});

/** As `text`, but for what Logfire's scrubbing left of it: all users would be one. */
export const identity: Reader<string> = reader('text', (value, context, key) => {
  const said = text(value, context, key);
  return said?.startsWith('[Scrubbed due to ') ? undefined : said;
});

/** Text as it is, anything else as JSON text; nothing for what a payload cannot be: empty text, zero, false, null. */
export const payload: Reader<string> = reader('payload', (value) => (value ? toText(value) : undefined));

/** As `payload`, but everything except null is a statement: the SDK's own attributes are exact. */
export const exactPayload: Reader<string> = reader('payload', (value) => (value === null ? undefined : toText(value)));

/** As `payload`; text that came as JSON text is taken out of its quotes. */
export const unquotedPayload: Reader<string> = reader('payload, JSON quotes taken off', (value, context, key) => {
  const quoted = typeof value === 'string' && value.startsWith('"') ? parseJson(value) : undefined;
  return payload(typeof quoted === 'string' ? quoted : value, context, key);
});

/** As `payload`; an empty object is how ADK says nothing. */
export const adkPayload: Reader<string> = reader('payload, but `{}`', (value, context, key) =>
  value === '{}' ? undefined : payload(value, context, key),
);

/** A number of tokens or units, zero or more; decimal text too. One past the safe integers is no count. */
export const count: Reader<number> = reader('count', (value) => {
  const number = toNumber(value);
  return number !== undefined && number >= 0 && number <= Number.MAX_SAFE_INTEGER ? number : undefined;
});

/** A whole number of at least 0 that 32 bits hold. */
export const integer: Reader<number> = reader('integer', (value) => {
  const number = toNumber(value);
  return number !== undefined && Number.isInteger(number) && number >= 0 && number <= MAX_UINT32 ? number : undefined;
});

/** US dollars for the whole call. */
export const usd: Reader<Record<string, number>> = reader('USD in total', (value) => {
  const number = toNumber(value);
  return number !== undefined && number >= 0 ? { total: number } : undefined;
});

/** A usage object; JSON that is not one says "no usage", text that is not JSON says nothing. */
export const countMap: Reader<Record<string, number>> = reader('JSON of counts', (value) => {
  const parsed = typeof value === 'string' ? parseJson(value) : value;
  if (parsed === undefined || parsed === null) return undefined;
  return isObject(parsed) ? normalizeUsageDetails(parsed) : {};
});

/** A JSON object of US dollars by usage type; nothing when nothing in it is an amount. */
export const usdMap: Reader<Record<string, number>> = reader('JSON of USD', (value) => {
  const amounts = Object.entries(toObject(value) ?? {}).filter(
    (pair): pair is [string, number] => typeof pair[1] === 'number' && Number.isFinite(pair[1]) && pair[1] >= 0,
  );
  return amounts.length > 0 ? Object.fromEntries(amounts) : undefined;
});

/** true, "true"; false, "false". */
export const flag: Reader<boolean> = reader('flag', (value) =>
  value === true || value === 'true' ? true : value === false || value === 'false' ? false : undefined,
);

/** Only what is true; a `false` leaves the word to the next rule. */
export const onlyTrue: Reader<boolean> = reader('flag', (value) => value === true || value === 'true' || undefined);

/** An array, JSON text of one, or words separated by commas. */
export const tags: Reader<string[]> = reader('tags', (value) => {
  if (Array.isArray(value)) return nonEmpty(value.filter((tag) => tag !== null && tag !== '').map(toText));
  if (typeof value !== 'string' || value === '') return undefined;
  if (value.startsWith('[')) {
    const parsed = parseJson(value);
    if (Array.isArray(parsed)) return nonEmpty(parsed.filter((tag) => tag !== null && tag !== '').map(toText));
  }
  return nonEmpty(
    value
      .split(',')
      .map((tag) => tag.trim())
      .filter((tag) => tag !== ''),
  );
});

/** A value of the table, whatever its case; others are no statement. */
export function oneOf<const T extends string>(table: Readonly<Record<string, T>>): Reader<T> {
  const known = new Map(Object.entries(table));
  return reader(
    Object.entries(table)
      .map(([from, to]) => `${from} → ${to}`)
      .join(', '),
    (value) => (typeof value === 'string' ? known.get(value.trim().toLowerCase()) : undefined),
  );
}

/** The same answer whenever the attribute holds anything. */
export function means<const T>(answer: T): Reader<T> {
  return reader(`present → ${String(answer)}`, (value) => (value === null || value === '' ? undefined : answer));
}

/** An instant in ISO 8601, bare or inside JSON quotes. */
export const instant: Reader<Micros> = reader('ISO 8601', (value) => {
  if (typeof value !== 'string') return undefined;
  const milliseconds = Date.parse(value.startsWith('"') ? value.slice(1, -1) : value);
  return Number.isNaN(milliseconds) ? undefined : milliseconds * 1000;
});

/** A time after the start of the span, rounded up to the millisecond. */
export function afterStart(unit: 's' | 'ms'): Reader<Micros> {
  const milliseconds = unit === 's' ? 1000 : 1;
  return reader(`${unit} after start`, (value, { startTime }) => {
    const number = toNumber(value);
    return number === undefined || number < 0 ? undefined : startTime + Math.ceil(number * milliseconds) * 1000;
  });
}

/** Text that is an instant, kept as text. */
export const instantText: Reader<string> = reader('ISO 8601', (value) =>
  typeof value === 'string' && !Number.isNaN(Date.parse(value)) ? value : undefined,
);

/** The entries of a JSON object. */
export const entries: Reader<MetadataEntries> = reader('JSON object', (value) => {
  const object = toObject(value);
  return object === undefined ? undefined : Object.entries(object);
});

/** One key: what stands for the star. */
export const entry: Reader<MetadataEntries> = reader('one key', (value, _context, key) =>
  key === '' ? undefined : [[key, value]],
);

/** The attribute itself, under its own name. */
export const named = (name: string): Reader<MetadataEntries> =>
  reader(`as \`${name}\``, (value) => (value === null || value === '' ? undefined : [[name, value]]));

/** A JSON object of model parameters. */
export const parameters: Reader<ModelParameters> = reader('JSON of parameters', (value) => {
  const object = toObject(value);
  if (object === undefined) return undefined;
  return toParameters(Object.entries(object));
});

/** One model parameter: what stands for the star. */
export const parameter: Reader<ModelParameters> = reader('one parameter', (value, _context, key) =>
  key === '' ? undefined : toParameters([[key, value]]),
);

/** Anything that is there. */
export const anything: Reader<AttributeValue> = reader('as it is', (value) => value ?? undefined);

/** A member of a JSON object, read by another reader. */
export function member<T>(path: readonly string[], read: Reader<T>): Reader<T> {
  return reader(`\`${path.join('.')}\` of JSON, ${read.label}`, (value, context, key) => {
    let inner: AttributeValue | undefined = toObject(value);
    for (const step of path) inner = isObject(inner) ? own(inner, step) : undefined;
    return inner === undefined ? undefined : read(inner, context, key);
  });
}

/** A reader with a name of its own, for what the ones above cannot say. */
export const special = reader;

export const toText = (value: AttributeValue): string => (typeof value === 'string' ? value : JSON.stringify(value));

function toNumber(value: AttributeValue | undefined): number | undefined {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
}

export const isObject = (value: unknown): value is Record<string, AttributeValue> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A member that is really there, not one of Object.prototype. */
const own = (object: Record<string, AttributeValue>, key: string): AttributeValue | undefined =>
  Object.hasOwn(object, key) ? object[key] : undefined;

/** An object, or JSON text of one. */
export function toObject(value: AttributeValue): Record<string, AttributeValue> | undefined {
  const parsed = typeof value === 'string' ? parseJson(value) : value;
  return isObject(parsed) ? parsed : undefined;
}

/** The value of JSON text, or undefined when it is not JSON or is nested deeper than an attribute may be. */
export function parseJson(source: string): AttributeValue | undefined {
  if (tooDeep(source)) return undefined;
  try {
    return JSON.parse(source) as AttributeValue;
  } catch {
    return undefined; // most strings are not JSON, and that is what the caller asked
  }
}

/** JSON.parse takes any depth, JSON.stringify of the result then overflows the stack. Brackets inside strings may count too many. */
function tooDeep(source: string): boolean {
  if (source.length <= limits.depth) return false;
  let depth = 0;
  let inString = false;
  for (let i = 0; i < source.length; i += 1) {
    const code = source.charCodeAt(i);
    if (inString) {
      if (code === 92) i += 1;
      else if (code === 34) inString = false;
    } else if (code === 34) inString = true;
    else if (code === 123 || code === 91) {
      depth += 1;
      if (depth > limits.depth) return true;
    } else if (code === 125 || code === 93) depth -= 1;
  }
  return false;
}

function toParameters(given: [string, AttributeValue][]): ModelParameters {
  const read = Object.create(null) as ModelParameters;
  for (const [key, value] of given) {
    read[key] =
      typeof value === 'string' || typeof value === 'number' || value === null ? value : JSON.stringify(value);
  }
  return read;
}

const nonEmpty = <T>(values: T[]): T[] | undefined => (values.length > 0 ? values : undefined);

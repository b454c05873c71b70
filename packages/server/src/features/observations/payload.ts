import { isAsWritten, JsonText } from '../../json-text.ts';

/** Text as received: a value where it is JSON, else itself (S10.4). */
export function parsed(text: string): unknown {
  if (!looksLikeJson.test(text)) return text;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text; // it only looked like it
  }
}

// Most texts that are no JSON are told apart here, without the price of an exception; versions and dates begin like numbers.
const looksLikeJson = /^\s*(?:[[{"]|(?:-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)\s*$)/;

/** A payload of v1 reads: the text itself, where it says its value as the answer would. */
export const payload = (text: string): unknown =>
  text === '' ? null : /^[[{]/.test(text) && isAsWritten(text) ? new JsonText(text) : parsed(text);

export const parsedValues = (map: Readonly<Record<string, string>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(map).map(([key, value]) => [key, parsed(value)]));

/** The same of a map that rows of one answer share (`RowBinaryReader.again`), worked out once. */
function sharedValues(map: Readonly<Record<string, string>>): JsonText {
  let values = known.get(map);
  if (!values) known.set(map, (values = new JsonText(JSON.stringify(parsedValues(map)))));
  return values;
}
const known = new WeakMap<Readonly<Record<string, string>>, JsonText>();

/** What an OTLP span came with, beside its own metadata. */
export interface Received {
  attributes: Readonly<Record<string, string>>;
  resourceAttributes: Readonly<Record<string, string>>;
  scopeName: string;
  scopeVersion: string;
  /** JSON object text, or empty. */
  scopeAttributes: string;
}

/** The SDK says all of its attributes through fields of their own. */
export const hidesAttributes = (scopeName: string): boolean => scopeName.startsWith('langfuse-sdk');

/** The part of v1 metadata that tells how a span was received (S1.6): attributes as text, the resource's with their types. */
export const receivedMetadata = ({
  attributes,
  resourceAttributes,
  scopeName,
  scopeVersion,
  scopeAttributes,
}: Received): Record<string, unknown> => ({
  ...(!hidesAttributes(scopeName) && { attributes }),
  resourceAttributes: sharedValues(resourceAttributes),
  scope: {
    ...(scopeName !== '' && { name: scopeName }),
    ...(scopeVersion !== '' && { version: scopeVersion }),
    attributes: scopeAttributes === '' ? {} : parsed(scopeAttributes),
  },
});

export const orNull = (text: string): string | null => (text === '' ? null : text);

/** The sum of the values whose key contains `part` (S8.2); null when there is none. */
export function sumOf(values: Readonly<Record<string, number>>, part: 'input' | 'output'): number | null {
  const of = Object.entries(values).filter(([key]) => key.includes(part));
  return of.length === 0 ? null : of.reduce((sum, [, value]) => sum + value, 0);
}

/** Decimal text as JSON numbers, which the wire wants. */
export const numbers = (values: Readonly<Record<string, string>>): Record<string, number> =>
  Object.fromEntries(Object.entries(values).map(([key, value]) => [key, Number(value)]));

/** Why a call that names a model has no cost; null for one that has, and for what is no call. */
export const costGapOf = ({
  model,
  totalCost,
  totalTokens,
}: {
  model: string;
  totalCost: string | null;
  totalTokens: number;
}): 'price' | 'usage' | null => (model === '' || totalCost !== null ? null : totalTokens > 0 ? 'price' : 'usage');

import {
  isAsWritten,
  type Json,
  jsonDecimal,
  jsonOf,
  jsonText,
  JsonText,
  stringifyInParts,
  textOf,
} from '../../json-text.ts';

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

/**
 * A payload of v1 reads as JSON text: what was received, where it says its value as the answer would. Of what is read as bytes
 * most is never made a string.
 */
export function payloadText(text: string | Buffer): Json<unknown> | Buffer {
  if (text.length === 0) return nothing;
  if (!isComposed(text) || !isAsWritten(text)) return jsonOf(parsed(text.toString()));
  return typeof text === 'string' ? (text as Json<unknown>) : text;
}
const nothing = jsonOf(null);

/** Whether it begins as an object or an array does. */
const isComposed = (text: string | Buffer): boolean => {
  const first = typeof text === 'string' ? text.charCodeAt(0) : text[0];
  return first === OPEN_OBJECT || first === OPEN_ARRAY;
};
const [OPEN_ARRAY, OPEN_OBJECT] = [91, 123];

/** The same as a value. */
export const payload = (text: string): unknown => JsonText.of(payloadText(text));

export const parsedValues = (map: Readonly<Record<string, string>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(map).map(([key, value]) => [key, parsed(value)]));

/** The same of a map that rows of one answer share (`RowBinaryReader.again`), worked out once. */
function sharedValues(map: Readonly<Record<string, string>>): JsonText {
  let values = known.get(map);
  if (!values) known.set(map, (values = JsonText.of(jsonOf(parsedValues(map)))));
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

/** Metadata as v1 reads show it: an observation's own, and how it was received. */
export function metadataText(row: WithMetadata): Json<Record<string, unknown>> {
  const saysNothing = row.source === 'otlp' && hidesAttributes(row.scopeName) && isEmpty(row.metadata);
  return saysNothing ? receivedAlone(row) : allMetadata(row);
}

type WithMetadata = Received & { source: string; metadata: Readonly<Record<string, string>> };

const allMetadata = (row: WithMetadata): Json<Record<string, unknown>> =>
  textOf(
    stringifyInParts({ ...parsedValues(row.metadata), ...(row.source === 'otlp' && receivedMetadata(row)) })!,
  ) as Json<Record<string, unknown>>;

/** Most spans say nothing of their own, and are received as the one before. */
function receivedAlone(row: WithMetadata): Json<Record<string, unknown>> {
  const { resourceAttributes, scopeName, scopeVersion, scopeAttributes } = row;
  const isAsBefore =
    before !== undefined &&
    before.resourceAttributes === resourceAttributes &&
    before.scopeName === scopeName &&
    before.scopeVersion === scopeVersion &&
    before.scopeAttributes === scopeAttributes;
  // Not the row, which holds on to all of an answer.
  if (!isAsBefore) before = { resourceAttributes, scopeName, scopeVersion, scopeAttributes, text: allMetadata(row) };
  return before!.text;
}
let before: (Omit<Received, 'attributes'> & { text: Json<Record<string, unknown>> }) | undefined;

export const orNull = (text: string): string | null => (text === '' ? null : text);

/** The sum of the values whose key contains `part` (S8.2), decimal texts as numbers; null when there is none. */
export function sumOf(values: Readonly<Record<string, number | string>>, part: 'input' | 'output'): number | null {
  let sum: number | null = null;
  for (const key in values) if (key.includes(part)) sum = (sum ?? 0) + Number(values[key]);
  return sum;
}

/** Decimal text as JSON numbers, which the wire wants. */
export const numbers = (values: Readonly<Record<string, string>>): Record<string, number> =>
  Object.fromEntries(Object.entries(values).map(([key, value]) => [key, Number(value)]));

/** The same as JSON text. */
export function numbersText(values: Readonly<Record<string, string>>): Json<Record<string, number>> {
  let text = '';
  for (const key in values) text += `${text === '' ? '{' : ','}${jsonText(key)}:${jsonDecimal(values[key]!)}`;
  return (text === '' ? '{}' : `${text}}`) as Json<Record<string, number>>;
}

function isEmpty(map: Readonly<Record<string, unknown>>): boolean {
  for (const _ in map) return false;
  return true;
}

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

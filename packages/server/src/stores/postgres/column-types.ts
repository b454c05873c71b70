/** Object ids of the types both drivers read alike; from pg_type, they never change. */
const oid = {
  bytea: 17,
  int8: 20,
  json: 114,
  date: 1082,
  timestamp: 1114,
  timestamptz: 1184,
  numeric: 1700,
  jsonb: 3802,
};

/** Exact in either form, so a sum never changes silently: a number while that is safe, else a bigint. */
const integer = (text: string): number | bigint => {
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : BigInt(text);
};
const asText = (text: string): string => text;
const json = (text: string): unknown => JSON.parse(text);

/**
 * How a column's text becomes a value, for both drivers: they differ by default (PGlite makes a `Date` of a date, `pg` a
 * string of a count). What is not here is text, a number or a boolean in both.
 */
export const columnTypes: Readonly<Record<number, (text: string) => unknown>> = {
  [oid.bytea]: (text) => Buffer.from(text.slice(2), 'hex'),
  [oid.int8]: integer,
  [oid.json]: json,
  [oid.jsonb]: json,
  [oid.date]: asText,
  [oid.timestamp]: asText,
  [oid.timestamptz]: (text) => new Date(text),
  [oid.numeric]: asText,
};

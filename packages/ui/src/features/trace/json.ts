import { LosslessNumber, parse } from 'lossless-json';

/** A number that JavaScript would print differently from how it was received: `89.00`, 64-bit ids. */
export interface ExactNumber {
  isLosslessNumber: true;
  value: string;
}

export type Json = null | boolean | number | string | ExactNumber | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

/** A payload as it was received: JSON, or text that only looks like itself. */
export type Payload = { kind: 'json'; value: Json } | { kind: 'text'; text: string };

/**
 * Reads a payload. Only objects, arrays and quoted strings count as JSON: a bare `42` or `null` was sent as text.
 */
export function readPayload(text: string): Payload {
  if (!/^\s*[[{"]/u.test(text)) return { kind: 'text', text };
  try {
    const value = parse(text, null, { parseNumber: readNumber, onDuplicateKey: ({ newValue }) => newValue }) as Json;
    return typeof value === 'string' ? { kind: 'text', text: value } : { kind: 'json', value };
  } catch {
    return { kind: 'text', text };
  }
}

/** A plain number where it prints as it was received, else its digits. */
function readNumber(digits: string): number | ExactNumber {
  const value = Number(digits);
  return String(value) === digits ? value : ({ ...new LosslessNumber(digits) } as ExactNumber);
}

export const isExactNumber = (value: Json | undefined): value is ExactNumber =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && value['isLosslessNumber'] === true;

export const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !isExactNumber(value);

/** A scalar as it stood in the text, strings unquoted; null for objects and arrays. */
export function scalarText(value: Json): string | null {
  if (isExactNumber(value)) return value.value;
  if (typeof value === 'object' && value !== null) return null;
  return String(value);
}

/** JSON text with numbers as received; `indent` 0 is one line. */
export function writeJson(value: Json, indent = 2, depth = 0): string {
  if (isExactNumber(value)) return value.value;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Array.isArray(value)
    ? value.map((item) => writeJson(item, indent, depth + 1))
    : Object.entries(value).map(
        ([key, item]) => `${JSON.stringify(key)}:${indent ? ' ' : ''}${writeJson(item, indent, depth + 1)}`,
      );
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  if (entries.length === 0) return `${open}${close}`;
  if (indent === 0) return `${open}${entries.join(',')}${close}`;
  const pad = ' '.repeat(indent * (depth + 1));
  return `${open}\n${entries.map((entry) => pad + entry).join(',\n')}\n${' '.repeat(indent * depth)}${close}`;
}

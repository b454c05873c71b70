/**
 * The only place where ClickHouse SQL gets values. chDB runs one parameterised query at a time in the whole process, so
 * values are written as literals, one quoting function a type; a statement is made by `clickhouse` alone and takes nothing
 * but values quoted here and other statements.
 */
export class ClickHouseSql {
  readonly text: string;
  /** Use `clickhouse` and the functions of this file. */
  private constructor(text: string) {
    this.text = text;
  }
  static readonly trusted = (text: string): ClickHouseSql => new ClickHouseSql(text);
}

const { trusted } = ClickHouseSql;

export function clickhouse(strings: TemplateStringsArray, ...parts: ClickHouseSql[]): ClickHouseSql {
  return trusted(strings.reduce((text, string, i) => text + (parts[i - 1]?.text ?? '') + string));
}

/** Statements side by side; an empty list gives empty text. */
export const join = (
  parts: readonly ClickHouseSql[],
  separator: ', ' | ' AND ' | ' OR ' | ' ' | ' UNION ALL ',
): ClickHouseSql => trusted(parts.map((part) => part.text).join(separator));

const ESCAPES: Record<string, string> = {
  '\\': '\\\\',
  "'": "\\'",
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\0': '\\0',
  '\b': '\\b',
};
const quote = (value: string): string =>
  `'${value.toWellFormed().replaceAll(/[\\'\n\r\t\0\b]/g, (c) => ESCAPES[c] ?? c)}'`;

export const string = (value: string): ClickHouseSql => trusted(quote(value));

/** For LIKE and ILIKE: the value as it is, between wildcards where asked. */
export function pattern(value: string, where: 'contains' | 'starts with' | 'ends with'): ClickHouseSql {
  const escaped = value.replaceAll(/[\\%_]/g, (c) => `\\${c}`);
  return string(`${where === 'starts with' ? '' : '%'}${escaped}${where === 'ends with' ? '' : '%'}`);
}

/** @throws RangeError when it is not a safe integer of at least 0. */
export function uint(value: number): ClickHouseSql {
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`${value} is not an unsigned integer`);
  return trusted(String(value));
}

/** A UInt64 by its digits. @throws RangeError when it is none. */
export function uint64(digits: string): ClickHouseSql {
  if (!/^\d{1,20}$/.test(digits)) throw new RangeError(`${digits} is not an unsigned integer`);
  return trusted(digits);
}

/** @throws RangeError when it is not finite. */
export function float(value: number): ClickHouseSql {
  if (!Number.isFinite(value)) throw new RangeError(`${value} is not a finite number`);
  return trusted(`toFloat64(${quote(String(value))})`);
}

/** Microseconds since 1970 as DateTime64(6). */
export function micros(value: number): ClickHouseSql {
  if (!Number.isSafeInteger(value)) throw new RangeError(`${value} is not a time in microseconds`);
  return trusted(`fromUnixTimestamp64Micro(toInt64(${value}), 'UTC')`);
}

export const strings = (values: readonly string[]): ClickHouseSql =>
  trusted(values.length === 0 ? "CAST([], 'Array(String)')" : `[${values.map(quote).join(', ')}]`);

/** For `IN`: a tuple of strings. An empty one matches nothing. */
export const anyOf = (values: readonly string[]): ClickHouseSql =>
  trusted(values.length === 0 ? '(NULL)' : `(${values.map(quote).join(', ')})`);

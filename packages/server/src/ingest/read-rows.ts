import type { InsertTarget } from '../stores/clickhouse/clickhouse.ts';
import { clickhouse, ClickHouseSql } from '../stores/clickhouse/sql.ts';
import { observationTarget } from './observation-columns.ts';
import type { ObservationRow } from './observation.ts';
import { scoreTarget } from './score-columns.ts';
import type { ScoreRow } from './score.ts';

/** How a column of a type leaves the engine as JSON without loss, and what becomes of it. */
interface Reading {
  sql(column: string): string;
  parse(value: unknown): unknown;
}

const asIs: Reading = { sql: (column) => column, parse: (value) => value };
const orNull =
  (parse: Reading['parse']): Reading['parse'] =>
  (value) =>
    value === null ? null : parse(value);
const micros: Reading = { sql: (column) => `toUnixTimestamp64Micro(${column})`, parse: orNull(Number) };
const decimal: Reading = { sql: (column) => `toString(${column})`, parse: asIs.parse };
const flag: Reading = { sql: asIs.sql, parse: orNull((value) => value === 1) };
const textValues = (column: string): string => `mapApply((key, value) -> (key, toString(value)), ${column})`;

/** Keyed by the types of `stores/clickhouse/column.ts`. */
const readings: Record<string, Reading> = {
  String: asIs,
  Float64: asIs,
  'Array(String)': asIs,
  'Map(String, String)': asIs,
  UInt8: flag,
  'Nullable(UInt8)': flag,
  'Nullable(UInt32)': asIs,
  // 64-bit integers leave as text: JSON numbers lose digits past 2^53.
  UInt64: { sql: (column) => `toString(${column})`, parse: Number },
  'Map(String, UInt64)': {
    sql: textValues,
    parse: (value) =>
      Object.fromEntries(Object.entries(value as Record<string, string>).map(([k, v]) => [k, Number(v)])),
  },
  "DateTime64(6, 'UTC')": micros,
  "Nullable(DateTime64(6, 'UTC'))": micros,
  'Decimal(18, 12)': decimal,
  'Nullable(Decimal(18, 12))': decimal,
  'Map(String, Decimal(18, 12))': { sql: textValues, parse: asIs.parse },
};

/** Columns that follow from others when a row is written; the row itself does not carry them. */
const derived = new Set(['input_tokens', 'output_tokens', 'total_tokens', 'input_preview', 'output_preview']);

class RowReader<Row> {
  readonly #columns: readonly { column: string; field: string; reading: Reading }[];

  constructor({ columns }: InsertTarget) {
    this.#columns = columns
      .filter(({ name }) => !derived.has(name))
      .map(({ name, type }) => {
        const reading = readings[type];
        if (!reading) throw new Error(`Column ${name} has the type ${type}, for which there is no reading`);
        return {
          column: name,
          field: name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
          reading,
        };
      });
  }

  /** Names for an inner `SELECT`, which filters and sorts. */
  get names(): ClickHouseSql {
    return ClickHouseSql.trusted(this.#columns.map(({ column }) => column).join(', '));
  }

  /** `SELECT` of the answer; what it reads must not filter by these columns any more, for it gives them other types. */
  get select(): ClickHouseSql {
    return ClickHouseSql.trusted(
      this.#columns.map(({ column, reading }) => `${reading.sql(column)} AS ${column}`).join(', '),
    );
  }

  parse(answer: Readonly<Record<string, unknown>>): Row {
    return Object.fromEntries(
      this.#columns.map(({ column, field, reading }) => [field, reading.parse(answer[column])]),
    ) as Row;
  }
}

/** Reads whole rows of `observations` back as they were written. */
export const observationReader = new RowReader<ObservationRow>(observationTarget);
/** Reads whole rows of `scores` back as they were written. */
export const scoreReader = new RowReader<ScoreRow>(scoreTarget);

/** Whole rows of a table expression with the columns `names`. */
export const selectRows = <Row>(reader: RowReader<Row>, from: ClickHouseSql): ClickHouseSql =>
  clickhouse`SELECT ${reader.select} FROM (${from})`;

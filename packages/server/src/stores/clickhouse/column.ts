import type { RowBinaryWriter } from './row-binary.ts';
import { scaledDecimal } from './row-binary.ts';

type Write<Value> = (out: RowBinaryWriter, value: Value) => void;
/** A type of the engine, and how a value of it is written. */
export interface Kind<Value> {
  type: string;
  write: Write<Value>;
}

export const text: Kind<string> = { type: 'String', write: (out, value) => out.string(value) };
export const flag: Kind<boolean> = { type: 'UInt8', write: (out, value) => out.uint8(value ? 1 : 0) };
/** Thousands of counts, each of them exact, may add up to what is not: the largest exact number stands for it. */
export const count: Kind<number> = {
  type: 'UInt64',
  write: (out, value) => out.int64(Math.min(value, Number.MAX_SAFE_INTEGER)),
};
export const time: Kind<number> = { type: "DateTime64(6, 'UTC')", write: (out, value) => out.int64(value) };
/** Microseconds, of which whole milliseconds are kept. */
export const millis: Kind<number> = {
  type: "DateTime64(3, 'UTC')",
  write: (out, value) => out.int64(Math.floor(value / 1000)),
};
export const decimal: Kind<string> = {
  type: 'Decimal(18, 12)',
  write: (out, value) => out.bigint64(scaledDecimal(value)),
};
export const float: Kind<number> = { type: 'Float64', write: (out, value) => out.float64(value) };
export const uint32: Kind<number> = { type: 'UInt32', write: (out, value) => out.uint32(value) };

export const nullable = <Value>({ type, write }: Kind<Value>): Kind<Value | null> => ({
  type: `Nullable(${type})`,
  write(out, value) {
    out.uint8(value === null ? 1 : 0);
    if (value !== null) write(out, value);
  },
});

export const list = <Value>({ type, write }: Kind<Value>): Kind<readonly Value[]> => ({
  type: `Array(${type})`,
  write(out, values) {
    out.varuint(values.length);
    for (const value of values) write(out, value);
  },
});

export const map = <Value>({ type, write }: Kind<Value>): Kind<Readonly<Record<string, Value>>> => ({
  type: `Map(String, ${type})`,
  write(out, values) {
    const keys = Object.keys(values);
    out.varuint(keys.length);
    for (const key of keys) {
      out.string(key);
      write(out, values[key] as Value);
    }
  },
});

/** A column: its name, and where its value comes from. */
export interface Column<Row> {
  name: string;
  type: string;
  write(out: RowBinaryWriter, row: Row): void;
}

/** Binds the columns of one table to its row type. */
export const columnsOf =
  <Row>() =>
  <Value>(name: string, kind: Kind<Value>, from: (row: Row) => Value): Column<Row> => ({
    name,
    type: kind.type,
    write: (out, row) => kind.write(out, from(row)),
  });

import type { RowBinaryReader, RowBinaryWriter } from './row-binary.ts';

type Write<Value> = (out: RowBinaryWriter, value: Value) => void;
type Read<Value> = (from: RowBinaryReader) => Value;
/** A type of the engine, and how a value of it is written and read. */
export interface Kind<Value> {
  type: string;
  write: Write<Value>;
  read: Read<Value>;
}

export const text: Kind<string> = {
  type: 'String',
  write: (out, value) => out.string(value),
  read: (from) => from.string(),
};
export const flag: Kind<boolean> = {
  type: 'UInt8',
  write: (out, value) => out.uint8(value ? 1 : 0),
  read: (from) => from.uint8() !== 0,
};
/** Thousands of counts, each of them exact, may add up to what is not: the largest exact number stands for it. */
export const count: Kind<number> = {
  type: 'UInt64',
  write: (out, value) => out.int64(Math.min(value, Number.MAX_SAFE_INTEGER)),
  read: (from) => from.uint64(),
};
export const time: Kind<number> = {
  type: "DateTime64(6, 'UTC')",
  write: (out, value) => out.int64(value),
  read: (from) => from.int64(),
};
/** Microseconds, of which whole milliseconds are kept. */
export const millis: Kind<number> = {
  type: "DateTime64(3, 'UTC')",
  write: (out, value) => out.int64(Math.floor(value / 1000)),
  read: (from) => from.int64() * 1000,
};
export const decimal: Kind<string> = {
  type: 'Decimal(18, 12)',
  write: (out, value) => out.decimal(value),
  read: (from) => from.decimal(),
};
export const float: Kind<number> = {
  type: 'Float64',
  write: (out, value) => out.float64(value),
  read: (from) => from.float64(),
};
export const uint32: Kind<number> = {
  type: 'UInt32',
  write: (out, value) => out.uint32(value),
  read: (from) => from.uint32(),
};

export const nullable = <Value>({ type, write, read }: Kind<Value>): Kind<Value | null> => ({
  type: `Nullable(${type})`,
  write(out, value) {
    out.uint8(value === null ? 1 : 0);
    if (value !== null) write(out, value);
  },
  read: (from) => (from.uint8() === 1 ? null : read(from)),
});

export const list = <Value>({ type, write, read }: Kind<Value>): Kind<readonly Value[]> => ({
  type: `Array(${type})`,
  write(out, values) {
    out.varuint(values.length);
    for (const value of values) write(out, value);
  },
  read(from) {
    const values: Value[] = [];
    for (let left = from.varuint(); left > 0; left -= 1) values.push(read(from));
    return values;
  },
});

export function map<Value>({ type, write, read }: Kind<Value>): Kind<Readonly<Record<string, Value>>> {
  function readEntries(from: RowBinaryReader): Readonly<Record<string, Value>> {
    const values: Record<string, Value> = {};
    for (let left = from.varuint(); left > 0; left -= 1) {
      const key = from.string();
      const value = read(from);
      // Set like the others, this one would be the object's prototype.
      if (key === '__proto__') Object.defineProperty(values, key, { value, ...ownProperty });
      else values[key] = value;
    }
    return values;
  }
  return {
    type: `Map(String, ${type})`,
    write(out, values) {
      const keys = Object.keys(values);
      out.varuint(keys.length);
      for (const key of keys) {
        out.string(key);
        write(out, values[key] as Value);
      }
    },
    read: readEntries,
  };
}
const ownProperty = { enumerable: true, configurable: true, writable: true };

/** A column: its name, where its value comes from, and how it is read back. */
export interface Column<Row> {
  name: string;
  type: string;
  write(out: RowBinaryWriter, row: Row): void;
  read(from: RowBinaryReader): unknown;
}

/** Binds the columns of one table to its row type. */
export const columnsOf =
  <Row>() =>
  <Value>(name: string, kind: Kind<Value>, from: (row: Row) => Value): Column<Row> => ({
    name,
    type: kind.type,
    write: (out, row) => kind.write(out, from(row)),
    read: kind.read,
  });

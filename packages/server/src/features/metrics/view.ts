import type { Condition } from '@tracehouse/contract/filter';
import type { ClickHouseSql } from '../../stores/clickhouse/sql.ts';
import type { FilterColumns } from '../filters/column.ts';
import type { TimeRange } from '../filters/time.ts';

/** Where a value is read: of the view's own rows, or of what is joined to them when somebody asks for it. */
export type Source = 'row' | 'trace' | 'observation' | 'scores';

/** How a value of a dimension leaves: text is null where nothing was said, names are then `''`; a row counts for each of its items. */
export type Shown = 'text' | 'name' | 'number' | 'flag' | 'list' | 'items';

/** What can be grouped by. */
export interface Dimension {
  of: Source;
  value: ClickHouseSql;
  shows: Shown;
  /** Of the row itself, which goes before what is joined. */
  own?: ClickHouseSql;
  /** Has about as many values as there are rows: v2 shows its first ones alone. */
  isMany: boolean;
}

/** What can be counted. `distinct` is a number of different texts, however it is asked for. */
export interface Measure {
  of: Source;
  value: ClickHouseSql;
  is: 'number' | 'text' | 'distinct';
  /** The value where rows are grouped by this dimension, whose value stands before. */
  by?: { dimension: string; value: (dimension: ClickHouseSql) => ClickHouseSql };
}

/** Rows of a view as a table expression, and which of them count. */
export interface Rows {
  rows: ClickHouseSql;
  where: ClickHouseSql;
}

/** A table of rows with what can be asked of them. */
export interface View {
  dimensions: ReadonlyMap<string, Dimension>;
  measures: ReadonlyMap<string, Measure>;
  /** Those of the list of the same rows. */
  filters: FilterColumns;
  /** The time that ranges and buckets are of, its name on the wire and its column. */
  time: { name: string; value: ClickHouseSql };
  /** Those of the range that meet the conditions, which name columns of `filters`; `usedBy` is what is read of them. */
  from(conditions: readonly Condition[], usedBy: ClickHouseSql): Rows;
  /** `LEFT JOIN …` that has these values (with their names) beside each row. */
  join: Partial<Record<Exclude<Source, 'row'>, (values: ClickHouseSql) => ClickHouseSql>>;
}

/** The versions of the API; v2 knows more names. */
export type Version = 'v1' | 'v2';

/** What views are made for. */
export interface Asked {
  range: TimeRange;
  version: Version;
  /** Holds for the rows of the range that count, of those the engine keeps when it merges. */
  counting?: ClickHouseSql;
  /** The same of a week around a long range, of which traces are read so; of a short one they are read by their ids. */
  around?: ClickHouseSql;
}

import { ClickHouseSql } from '../../stores/clickhouse/sql.ts';
import type { FilterColumns } from '../filters/column.ts';
import type { Dimension, Measure, Source, Version } from './view.ts';

/** What a line of a table of names says; the rest is as most are. */
export interface Declared {
  /** Default: the row. */
  of?: Source;
  /** Of the list that filters by it, when it has another name there. */
  column?: string;
  /** Default: v1, which v2 knows too. */
  since?: Version;
}
export interface DeclaredDimension extends Declared, Partial<Pick<Dimension, 'shows' | 'isMany'>> {
  /** See `Dimension`, as SQL. */
  own?: string;
}
export interface DeclaredMeasure extends Declared, Partial<Pick<Measure, 'is' | 'by'>> {
  /** SQL over the rows, where no list filters by it. */
  value?: string;
}

/** Columns of lists by where they are read. */
export type Lists = Partial<Record<Source, FilterColumns>>;

/** What a name stands for is what the list of the same rows filters by under it. */
function valueOf(lists: Lists, name: string, { of = 'row', column = name }: Declared): ClickHouseSql {
  const value = lists[of]?.[column]?.value;
  if (!value) throw new Error(`Column ${column} of ${of} has no value to group by`);
  return value;
}

const known = <Line extends Declared>(table: Readonly<Record<string, Line>>, version: Version): [string, Line][] =>
  Object.entries(table).filter(([, { since = 'v1' }]) => since === 'v1' || version === 'v2');

export const dimensionsOf = (
  table: Readonly<Record<string, DeclaredDimension>>,
  lists: Lists,
  version: Version,
): ReadonlyMap<string, Dimension> =>
  new Map(
    known(table, version).map(([name, line]): [string, Dimension] => {
      const { of = 'row', shows = 'text', isMany = false, own } = line;
      const value = valueOf(lists, name, line);
      return [name, { of, shows, isMany, value, ...(own !== undefined && { own: ClickHouseSql.trusted(own) }) }];
    }),
  );

export const measuresOf = (
  table: Readonly<Record<string, DeclaredMeasure>>,
  lists: Lists,
  version: Version,
): ReadonlyMap<string, Measure> =>
  new Map(
    known(table, version).map(([name, line]): [string, Measure] => {
      const { of = 'row', is = 'number', by } = line;
      const value = line.value === undefined ? valueOf(lists, name, line) : ClickHouseSql.trusted(line.value);
      return [name, { of, is, value, ...(by && { by }) }];
    }),
  );

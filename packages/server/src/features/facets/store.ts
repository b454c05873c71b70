import type { RangeFacet, ValueFacet } from '@tracehouse/contract/x-facets';
import type { ClickHouse, QueryOptions } from '../../stores/clickhouse/clickhouse.ts';
import { clickhouse, type ClickHouseSql, float, join, pattern, uint } from '../../stores/clickhouse/sql.ts';

/**
 * A statement with a row for each thing that is counted: its `value` (`''` is none), its `list` of different values, or its `number`
 * (NULL is none).
 */
export interface FacetItems {
  is: 'value' | 'list' | 'number';
  sql: ClickHouseSql;
  /** The rows have `is_sure` and `trace_hash`: those that are not sure are not counted, but named. */
  mayBeUnsure?: boolean;
}

/** What the column of such a statement is called, by what the items are. */
export const itemColumns = { value: clickhouse`value`, list: clickhouse`list`, number: clickhouse`number` };

/** So many are named. */
export const MOST_UNSURE = 10_000;

/** A longer text is none that anybody chooses. */
const MAX_CHARACTERS = 1_000;

type Counted<One> = Omit<One, 'field' | 'countedFrom'>;

/** A facet, and the hashes of traces that are not counted, for nobody can be sure of them; at least one more than may be named. */
export interface Count<One> {
  facet: Counted<One>;
  unsure: string[];
}

const unsure = clickhouse`groupArrayIf(${uint(MOST_UNSURE + 1)})(toString(trace_hash), is_sure = 0) AS unsure`;

/** The statement with `is_sure` and `trace_hash`. */
const named = ({ is, sql, mayBeUnsure }: FacetItems): ClickHouseSql =>
  mayBeUnsure ? sql : clickhouse`SELECT ${itemColumns[is]}, 1 AS is_sure, 0 AS trace_hash FROM (${sql})`;

export async function countValues(
  db: ClickHouse,
  items: FacetItems,
  { typed = '', limit }: { typed?: string | undefined; limit: number },
  options?: QueryOptions,
): Promise<Count<ValueFacet>> {
  const chosen = clickhouse`(is_total = 0 AND items > 0 AND value != '' AND lengthUTF8(value) <= ${uint(MAX_CHARACTERS)}
    AND ${typed === '' ? clickhouse`true` : clickhouse`value ILIKE ${pattern(typed, 'contains')}`})`;
  const rank = typed === '' ? clickhouse`0` : clickhouse`value NOT ILIKE ${pattern(typed, 'starts with')}`;
  const [row] = await db.rows<{
    total: string;
    absent: string;
    is_more: 0 | 1;
    top: [rank: number, minusCount: number, value: string][];
    unsure: string[];
  }>(
    clickhouse`
      SELECT toString(sumIf(items, is_total = 1)) AS total, toString(sumIf(items, is_total = 0 AND value = '')) AS absent,
        countIf(${chosen}) > ${uint(limit)} OR countIf(items > 0 AND lengthUTF8(value) > ${uint(MAX_CHARACTERS)}) > 0 AS is_more,
        groupArraySortedIf(${uint(limit)})((toUInt8(${rank}), -toInt64(items), value), ${chosen}) AS top,
        groupArrayArrayIf(unsure, is_total = 1) AS unsure
      FROM (${items.is === 'list' ? countsOfLists(named(items)) : countsOfValues(named(items))})`,
    options,
  );
  return {
    unsure: row!.unsure,
    facet: {
      kind: 'values',
      total: Number(row!.total),
      absent: Number(row!.absent),
      more: row!.is_more === 1,
      values: row!.top.map(([, minusCount, value]) => ({ value, count: -minusCount })),
    },
  };
}

/** Rows `value`, `is_total`, `items`: how many have the value; one that has none counts as `''`. One row is the total. */
const countsOfLists = (items: ClickHouseSql): ClickHouseSql => clickhouse`
  SELECT tupleElement(pair, 1) AS is_total, tupleElement(pair, 2) AS value, countIf(is_sure) AS items, ${unsure}
  FROM (
    SELECT is_sure, trace_hash, arrayJoin(arrayConcat(
      [(1, '')],
      if(empty(list), [(0, '')], arrayMap(one -> (0, toString(one)), list)))) AS pair
    FROM (${items})
  )
  GROUP BY is_total, value`;

/** The same where there is one value at most. */
const countsOfValues = (items: ClickHouseSql): ClickHouseSql => clickhouse`
  SELECT grouping(value) AS is_total, toString(value) AS value, countIf(is_sure) AS items, ${unsure}
  FROM (${items})
  GROUP BY GROUPING SETS ((value), ())`;

/** 1, 2 and 5 times the powers of ten from a millionth to a billion. */
const bounds = Array.from({ length: 16 }, (_, i) => i - 6).flatMap((power) =>
  [1, 2, 5].map((digit) => Number(`${digit}e${power}`)),
);
const boundsSql = join([0, ...bounds].map(float), ', ');

export async function countRange(
  db: ClickHouse,
  items: FacetItems,
  options?: QueryOptions,
): Promise<Count<RangeFacet>> {
  const found = await db.rows<{
    is_absent: 0 | 1;
    bucket: number;
    items: string;
    least: number;
    most: number;
    unsure: string[];
  }>(
    clickhouse`
      SELECT isNull(number) AS is_absent, roundDown(ifNull(number, 0), [${boundsSql}]) AS bucket,
        toString(countIf(is_sure)) AS items, minIf(ifNull(number, 0), is_sure) AS least,
        maxIf(ifNull(number, 0), is_sure) AS most, ${unsure}
      FROM (SELECT toFloat64(number) AS number, is_sure, trace_hash FROM (${named(items)}))
      GROUP BY is_absent, bucket
      ORDER BY bucket`,
    options,
  );
  const rows = found.filter(({ items }) => items !== '0');
  const present = rows.filter(({ is_absent }) => is_absent === 0);
  const counts = new Map(present.map(({ bucket, items }) => [bucket, Number(items)]));
  const edges = [0, ...bounds, Infinity];
  const first = edges.indexOf(present[0]?.bucket ?? 0);
  const last = edges.indexOf(present.at(-1)?.bucket ?? -1);
  const sum = (some: typeof rows): number => some.reduce((total, { items }) => total + Number(items), 0);
  return {
    unsure: found.flatMap((row) => row.unsure),
    facet: {
      kind: 'range',
      total: sum(rows),
      absent: sum(rows) - sum(present),
      min: present.length === 0 ? null : Math.min(...present.map(({ least }) => least)),
      max: present.length === 0 ? null : Math.max(...present.map(({ most }) => most)),
      buckets: edges.slice(first, last + 1).map((from, i) => ({
        from,
        to: Number.isFinite(edges[first + i + 1]!) ? edges[first + i + 1]! : from * 10,
        count: counts.get(from) ?? 0,
      })),
    },
  };
}

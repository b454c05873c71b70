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
}

/** A longer text is none that anybody chooses. */
const MAX_CHARACTERS = 1_000;

type Counted<One> = Omit<One, 'field' | 'countedFrom'>;

export async function countValues(
  db: ClickHouse,
  { is, sql }: FacetItems,
  { typed = '', limit }: { typed?: string | undefined; limit: number },
  options?: QueryOptions,
): Promise<Counted<ValueFacet>> {
  const chosen = clickhouse`(is_total = 0 AND value != '' AND lengthUTF8(value) <= ${uint(MAX_CHARACTERS)}
    AND ${typed === '' ? clickhouse`true` : clickhouse`value ILIKE ${pattern(typed, 'contains')}`})`;
  const rank = typed === '' ? clickhouse`0` : clickhouse`value NOT ILIKE ${pattern(typed, 'starts with')}`;
  const [row] = await db.rows<{
    total: string;
    absent: string;
    is_more: 0 | 1;
    top: [rank: number, minusCount: number, value: string][];
  }>(
    clickhouse`
      SELECT toString(sumIf(items, is_total = 1)) AS total, toString(sumIf(items, is_total = 0 AND value = '')) AS absent,
        countIf(${chosen}) > ${uint(limit)} OR countIf(lengthUTF8(value) > ${uint(MAX_CHARACTERS)}) > 0 AS is_more,
        groupArraySortedIf(${uint(limit)})((toUInt8(${rank}), -toInt64(items), value), ${chosen}) AS top
      FROM (${is === 'list' ? countsOfLists(sql) : countsOfValues(sql)})`,
    options,
  );
  return {
    kind: 'values',
    total: Number(row!.total),
    absent: Number(row!.absent),
    more: row!.is_more === 1,
    values: row!.top.map(([, minusCount, value]) => ({ value, count: -minusCount })),
  };
}

/** Rows `value`, `is_total`, `items`: how many have the value; one that has none counts as `''`. One row is the total. */
const countsOfLists = (items: ClickHouseSql): ClickHouseSql => clickhouse`
  SELECT tupleElement(pair, 1) AS is_total, tupleElement(pair, 2) AS value, count() AS items
  FROM (
    SELECT arrayJoin(arrayConcat(
      [(1, '')],
      if(empty(list), [(0, '')], arrayMap(one -> (0, toString(one)), list)))) AS pair
    FROM (${items})
  )
  GROUP BY is_total, value`;

/** The same where there is one value at most. */
const countsOfValues = (items: ClickHouseSql): ClickHouseSql => clickhouse`
  SELECT grouping(value) AS is_total, toString(value) AS value, count() AS items
  FROM (${items})
  GROUP BY GROUPING SETS ((value), ())`;

/** 1, 2 and 5 times the powers of ten from a millionth to a billion. */
const bounds = Array.from({ length: 16 }, (_, i) => i - 6).flatMap((power) =>
  [1, 2, 5].map((digit) => Number(`${digit}e${power}`)),
);
const boundsSql = join([0, ...bounds].map(float), ', ');

export async function countRange(
  db: ClickHouse,
  items: ClickHouseSql,
  options?: QueryOptions,
): Promise<Counted<RangeFacet>> {
  const rows = await db.rows<{ is_absent: 0 | 1; bucket: number; items: string; least: number; most: number }>(
    clickhouse`
      SELECT isNull(number) AS is_absent, roundDown(ifNull(number, 0), [${boundsSql}]) AS bucket,
        toString(count()) AS items, min(ifNull(number, 0)) AS least, max(ifNull(number, 0)) AS most
      FROM (SELECT toFloat64(number) AS number FROM (${items}))
      GROUP BY is_absent, bucket
      ORDER BY bucket`,
    options,
  );
  const present = rows.filter(({ is_absent }) => is_absent === 0);
  const counts = new Map(present.map(({ bucket, items }) => [bucket, Number(items)]));
  const edges = [0, ...bounds, Infinity];
  const first = edges.indexOf(present[0]?.bucket ?? 0);
  const last = edges.indexOf(present.at(-1)?.bucket ?? -1);
  const sum = (some: typeof rows): number => some.reduce((total, { items }) => total + Number(items), 0);
  return {
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
  };
}

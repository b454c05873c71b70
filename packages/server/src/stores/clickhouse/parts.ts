import type { ClickHouse, QueryOptions } from './clickhouse.ts';
import { clickhouse } from './sql.ts';

/** One of the parts that rows of `observations` lie in. Its name is never used again, and stands for the same rows as long as it is there. */
export interface Part {
  name: string;
  rows: number;
  /** When its first row starts, and until when the last does (exclusive); microseconds, to the second. */
  start: number;
  end: number;
}

/** What the table of observations is made of now, of all projects. From memory: as little as a statement can cost. */
export const selectParts = (db: ClickHouse, options?: QueryOptions): Promise<Part[]> =>
  db.rows(
    clickhouse`
      SELECT name, toFloat64(rows) AS rows,
        toUnixTimestamp(min_time) * 1000000 AS start, (toUnixTimestamp(max_time) + 1) * 1000000 AS end
      FROM system.parts
      WHERE database = currentDatabase() AND table = 'observations' AND active`,
    options,
  );

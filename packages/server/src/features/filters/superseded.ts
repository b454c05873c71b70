import { readFor } from '../../stores/asker.ts';
import type { ClickHouse } from '../../stores/clickhouse/clickhouse.ts';
import { selectParts } from '../../stores/clickhouse/parts.ts';
import { clickhouse, type ClickHouseSql, join, string, uint64 } from '../../stores/clickhouse/sql.ts';
import type { ProjectScope } from '../../stores/scope.ts';
import { HOUR, startsIn, type TimeRange } from './time.ts';

const STAYS = new AbortController().signal;
/** So many ranges of projects are remembered. */
const MAX_KNOWN = 200;

/** Of an id that has rows in several hours, the newest; the others do not count. */
interface Newest {
  trace_id: string;
  id: string;
  row_version: string;
}

export type Superseded = ReturnType<typeof createSuperseded>;

/**
 * Whichever rows of a range the engine keeps when it merges do count, but for those of which another hour has a newer version. A
 * door that knows that a start has moved says so in the old hour; who sends a span again with another start, an hour away, says
 * nothing. That takes a trace with rows in several hours, of which there are few: the others are not compared. What was found
 * holds for as long as the table has the same parts, and for all who ask at the same time.
 */
export function createSuperseded({ clickhouse: db }: { clickhouse: ClickHouse }) {
  const known = new Map<string, { parts: string; found: Promise<Newest[]> }>();

  return {
    /** Holds for rows of which no other hour of the range has a newer version. */
    async newestIn(scope: ProjectScope, range: TimeRange): Promise<ClickHouseSql> {
      const parts = (await selectParts(db)).map(({ name }) => name).join(' ');
      const hours = wholeHours(range);
      const key = JSON.stringify([scope.projectId, hours.from, hours.to]);
      const last = known.get(key);
      // Others wait for the answer too: it is not ended when the first who asked leaves.
      const found = last?.parts === parts ? last.found : readFor(STAYS, () => select(db, scope, hours));
      known.delete(key);
      known.set(key, { parts, found });
      if (known.size > MAX_KNOWN) known.delete(known.keys().next().value!);
      // A question that failed is asked again.
      found.catch(() => known.get(key)?.found === found && known.delete(key));
      return onlyNewest(await found);
    },
  };
}

const wholeHours = ({ from, to }: TimeRange): TimeRange => ({
  from: from === null ? null : Math.floor(from / HOUR) * HOUR,
  to: to === null ? null : Math.ceil(to / HOUR) * HOUR,
});

const select = (db: ClickHouse, scope: ProjectScope, hours: TimeRange): Promise<Newest[]> =>
  db.rows(clickhouse`
    SELECT trace_id, id, toString(max(version)) AS row_version
    FROM (
      SELECT trace_id, id, max(row_version) AS version, argMax(is_deleted, row_version) AS gone
      FROM observations
      WHERE ${inHours(scope, hours)} AND trace_hash IN (
        SELECT trace_hash FROM observations
        WHERE ${inHours(scope, hours)}
        GROUP BY trace_hash
        HAVING min(toStartOfHour(start_time)) != max(toStartOfHour(start_time)))
      GROUP BY trace_id, id, toStartOfHour(start_time)
    )
    WHERE gone = 0
    GROUP BY trace_id, id
    HAVING count() > 1`);

const inHours = (scope: ProjectScope, hours: TimeRange): ClickHouseSql =>
  clickhouse`project_id = ${string(scope.projectId)} AND kind = 'observation' AND ${startsIn(hours)}`;

function onlyNewest(newest: readonly Newest[]): ClickHouseSql {
  if (newest.length === 0) return clickhouse`true`;
  const ids = newest.map(({ trace_id, id }) => clickhouse`(${string(trace_id)}, ${string(id)})`);
  const rows = newest.map(
    ({ trace_id, id, row_version }) => clickhouse`(${string(trace_id)}, ${string(id)}, ${uint64(row_version)})`,
  );
  return clickhouse`(kind = 'trace' OR (trace_id, id) NOT IN (${join(ids, ', ')}) OR (trace_id, id, row_version) IN (${join(rows, ', ')}))`;
}

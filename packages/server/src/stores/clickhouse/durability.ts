import type { ClickHouse } from './clickhouse.ts';
import { clickhouse, ClickHouseSql, string } from './sql.ts';

/** What an INSERT that returned survives: with these, the loss of power. */
const SYNCED = 'fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1';
const TABLES = ['observations', 'scores', 'score_times', 'score_targets', 'receipts', 'refused_bodies'] as const;

/** Tables of rows that machines send: whether an INSERT returns only when the disk has its rows. Changes nothing where it is so. */
export async function setInsertDurability(db: ClickHouse, { fsync }: { fsync: boolean }): Promise<void> {
  for (const table of TABLES) {
    const [row] = await db.rows<{ engine_full: string }>(clickhouse`
      SELECT engine_full FROM system.tables WHERE database = currentDatabase() AND name = ${string(table)}`);
    const isSynced = row?.engine_full.includes('fsync_after_insert = 1') ?? false;
    if (isSynced === fsync) continue;
    const change = fsync ? `MODIFY SETTING ${SYNCED}` : `RESET SETTING ${SYNCED.replaceAll(' = 1', '')}`;
    await db.run(ClickHouseSql.trusted(`ALTER TABLE ${table} ${change}`));
  }
}

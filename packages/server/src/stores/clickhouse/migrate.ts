import { readMigrations } from '../migrations.ts';
import type { ClickHouse } from './clickhouse.ts';
import { clickhouse, ClickHouseSql, string } from './sql.ts';

/**
 * Applies what is missing. Every statement of a migration is safe to run twice (`IF NOT EXISTS`), so several replicas may
 * start at once. Answers the names applied.
 */
export async function migrateClickHouse(db: ClickHouse): Promise<string[]> {
  await db.run(clickhouse`
    CREATE TABLE IF NOT EXISTS schema_migrations (name String, applied_at DateTime DEFAULT now())
    ENGINE = MergeTree ORDER BY name`);
  const done = new Set(
    (await db.rows<{ name: string }>(clickhouse`SELECT name FROM schema_migrations`)).map((r) => r.name),
  );
  const missing = (await readMigrations(new URL('migrations/', import.meta.url))).filter(({ name }) => !done.has(name));
  for (const { name, text } of missing) {
    for (const statement of singleNode(text)) await db.run(statement);
    await db.run(clickhouse`INSERT INTO schema_migrations (name) VALUES (${string(name)})`);
  }
  return missing.map(({ name }) => name);
}

/** The statements of a file, without what only a cluster understands. */
const singleNode = (text: string): ClickHouseSql[] =>
  text
    .replaceAll(/^\s*--.*$/gm, '')
    .replaceAll(" ON CLUSTER '{cluster}'", '')
    .split(/;\s*$/m)
    .filter((statement) => statement.trim() !== '')
    .map((statement) => ClickHouseSql.trusted(statement));

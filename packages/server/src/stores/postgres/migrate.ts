import { readMigrations } from '../migrations.ts';
import type { Postgres } from './postgres.ts';
import { sql } from './sql.ts';

const LOCK = 7_403_182_001; // any constant of ours: advisory locks are per database

/** Applies what is missing, one transaction each, safe from several replicas at once. Answers the names applied. */
export async function migratePostgres(postgres: Postgres): Promise<string[]> {
  const migrations = await readMigrations(new URL('migrations/', import.meta.url));
  return postgres.transaction(async (tx) => {
    await tx.rows(sql`SELECT pg_advisory_xact_lock(${LOCK})`);
    await tx.script(
      'CREATE TABLE IF NOT EXISTS schema_migrations (name text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())',
    );
    const done = new Set((await tx.rows<{ name: string }>(sql`SELECT name FROM schema_migrations`)).map((r) => r.name));
    const missing = migrations.filter(({ name }) => !done.has(name));
    for (const { name, text } of missing) {
      await tx.script(text);
      await tx.rows(sql`INSERT INTO schema_migrations (name) VALUES (${name})`);
    }
    return missing.map(({ name }) => name);
  });
}

import pino from 'pino';
import { createEpochs } from '../stores/epochs.ts';
import type { Postgres } from '../stores/postgres/postgres.ts';
import { json, sql } from '../stores/postgres/sql.ts';
import { createApiKeys } from './keys/api-keys.ts';

/** A clock that stands still until told. */
export function createClock(start = '2026-03-01T12:00:00.000Z') {
  let time = Date.parse(start);
  return {
    now: () => new Date(time),
    advance(ms: number): void {
      time += ms;
    },
  };
}

export const createIds = (prefix: string) => {
  let n = 0;
  return () => `${prefix}-${(n += 1)}`;
};

/** Log lines as objects, for tests that look at them. */
export function createTestLog() {
  const lines: Record<string, unknown>[] = [];
  const log = pino(
    { level: 'trace' },
    { write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>) },
  );
  return { log, lines };
}

/** For a file whose tests each begin with nothing: opening a database takes a third of a second. */
export const emptyTables = (postgres: Postgres): Promise<void> =>
  postgres.script('TRUNCATE organizations, users, rate_limits CASCADE');

/** Organizations `acme` with projects `prod` and `staging`, and `other` with project `theirs`. */
export async function seedTwoOrganizations(postgres: Postgres): Promise<void> {
  const at = new Date('2026-03-01T00:00:00Z');
  for (const [id, name] of [
    ['acme', 'Acme'],
    ['other', 'Other'],
  ]) {
    await postgres.rows(sql`
      INSERT INTO organizations (id, name, created_at, updated_at) VALUES (${id}, ${name}, ${at}, ${at})`);
  }
  for (const [id, organizationId, name] of [
    ['prod', 'acme', 'Production'],
    ['staging', 'acme', 'Staging'],
    ['theirs', 'other', 'Theirs'],
  ]) {
    await postgres.rows(sql`
      INSERT INTO projects (id, organization_id, name, metadata, created_at, updated_at)
      VALUES (${id}, ${organizationId}, ${name}, ${json({ tier: id })}, ${at}, ${at})`);
  }
}

/** API keys over `postgres`, on a clock of the test's. */
export function createTestKeys(postgres: Postgres, clock = createClock(), epochs = createEpochs()) {
  const { log, lines } = createTestLog();
  const keys = createApiKeys({
    postgres,
    salt: 'pepper',
    epochs,
    now: clock.now,
    newId: createIds('key'),
    log,
  });
  return { keys, clock, lines };
}

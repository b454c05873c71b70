import type { Postgres } from '../../stores/postgres/postgres.ts';
import { deleteExpiredCodes } from './login-codes-store.ts';
import { deleteExpiredCounts } from './rate-limits.ts';
import { deleteExpiredSessions } from '../sessions/sessions-store.ts';
import { deleteExpiredSsoRows } from '../sso/store.ts';

/** Removes rows that have no meaning any more. Safe to run at any time, in any process. */
export async function deleteExpired(postgres: Postgres, now: Date): Promise<void> {
  await deleteExpiredSessions(postgres, now);
  await deleteExpiredCodes(postgres, now);
  await deleteExpiredSsoRows(postgres, now);
  await deleteExpiredCounts(postgres, now);
}

import type { Postgres } from '../stores/postgres/postgres.ts';
import { sql } from '../stores/postgres/sql.ts';

export interface SessionRow {
  id: string;
  user_id: string;
  email: string;
  name: string | null;
  email_verified_at: Date | null;
  last_seen_at: Date;
}

/** Null when there is none, it has ended, or its user is disabled. */
export async function selectSession(db: Postgres, tokenHash: Buffer, now: Date): Promise<SessionRow | null> {
  const [row] = await db.rows<SessionRow>(sql`
    SELECT s.id, s.user_id, u.email, u.name, u.email_verified_at, s.last_seen_at
    FROM sessions s
    JOIN users u ON u.id = s.user_id
    WHERE s.token_hash = ${tokenHash} AND s.expires_at > ${now} AND u.disabled_at IS NULL`);
  return row ?? null;
}

export interface NewSessionRow {
  id: string;
  token_hash: Buffer;
  user_id: string;
  method: string;
  user_agent: string | null;
  ip: string;
  created_at: Date;
  expires_at: Date;
}

export async function insertSession(db: Postgres, row: NewSessionRow): Promise<void> {
  await db.rows(sql`
    INSERT INTO sessions (id, token_hash, user_id, method, user_agent, ip, created_at, last_seen_at, expires_at)
    VALUES (${row.id}, ${row.token_hash}, ${row.user_id}, ${row.method}, ${row.user_agent}, ${row.ip}, ${row.created_at},
      ${row.created_at}, ${row.expires_at})`);
}

export async function updateSessionSeen(db: Postgres, id: string, seenAt: Date, expiresAt: Date): Promise<void> {
  await db.rows(sql`UPDATE sessions SET last_seen_at = ${seenAt}, expires_at = ${expiresAt} WHERE id = ${id}`);
}

export async function deleteSession(db: Postgres, tokenHash: Buffer): Promise<void> {
  await db.rows(sql`DELETE FROM sessions WHERE token_hash = ${tokenHash}`);
}

export interface ListedSessionRow {
  id: string;
  method: string;
  user_agent: string | null;
  ip: string | null;
  created_at: Date;
  last_seen_at: Date;
  expires_at: Date;
}

/** A person's own, last used first. */
export const selectSessionsOf = (db: Postgres, userId: string, now: Date): Promise<ListedSessionRow[]> =>
  db.rows<ListedSessionRow>(sql`
    SELECT id, method, user_agent, ip, created_at, last_seen_at, expires_at
    FROM sessions
    WHERE user_id = ${userId} AND expires_at > ${now}
    ORDER BY last_seen_at DESC, id`);

/** False when the person has none with this id. */
export async function deleteSessionOf(db: Postgres, userId: string, id: string): Promise<boolean> {
  return (await db.rows(sql`DELETE FROM sessions WHERE user_id = ${userId} AND id = ${id} RETURNING id`)).length === 1;
}

/** All of a person's, but the one to keep; answers their ids. */
export async function deleteSessionsOf(db: Postgres, userId: string, keptId: string | null = null): Promise<string[]> {
  const rows = await db.rows<{ id: string }>(sql`
    DELETE FROM sessions
    WHERE user_id = ${userId} AND id IS DISTINCT FROM ${keptId}
    RETURNING id`);
  return rows.map(({ id }) => id);
}

export async function deleteExpiredSessions(db: Postgres, now: Date): Promise<void> {
  await db.rows(sql`DELETE FROM sessions WHERE expires_at <= ${now}`);
}

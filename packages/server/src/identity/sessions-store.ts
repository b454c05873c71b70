import type { Postgres } from '../stores/postgres/postgres.ts';
import { sql } from '../stores/postgres/sql.ts';

export interface SessionRow {
  id: string;
  user_id: string;
  email: string;
  name: string | null;
  last_seen_at: Date;
}

/** Null when there is none, it has ended, or its user is disabled. */
export async function selectSession(db: Postgres, tokenHash: Buffer, now: Date): Promise<SessionRow | null> {
  const [row] = await db.rows<SessionRow>(sql`
    SELECT s.id, s.user_id, u.email, u.name, s.last_seen_at
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

/** All of a person's. */
export async function deleteSessionsOf(db: Postgres, userId: string): Promise<void> {
  await db.rows(sql`DELETE FROM sessions WHERE user_id = ${userId}`);
}

export async function deleteExpiredSessions(db: Postgres, now: Date): Promise<void> {
  await db.rows(sql`DELETE FROM sessions WHERE expires_at <= ${now}`);
}

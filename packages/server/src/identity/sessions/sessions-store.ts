import type { Postgres } from '../../stores/postgres/postgres.ts';
import { sql } from '../../stores/postgres/sql.ts';

export interface SessionRow {
  id: string;
  user_id: string;
  email: string;
  name: string | null;
  email_verified_at: Date | null;
  last_seen_at: Date;
  /** `password`, or the id of a provider. */
  method: string;
  /** Sealed; null where the provider is not asked again. */
  refresh_token: string | null;
  provider_checked_at: Date | null;
}

/** Null when there is none, it has ended, or its user is disabled. */
export async function selectSession(db: Postgres, tokenHash: Buffer, now: Date): Promise<SessionRow | null> {
  const [row] = await db.rows<SessionRow>(sql`
    SELECT s.id, s.user_id, u.email, u.name, u.email_verified_at, s.last_seen_at, s.method, s.refresh_token,
      s.provider_checked_at
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
  /** Null for a session by password. */
  provider: ProviderSession | null;
}

/** What a session keeps of the provider that vouched for it. */
export interface ProviderSession {
  issuer: string;
  subject: string;
  /** The provider's own session (`sid`). */
  sid: string | null;
  /** Sealed, as the refresh token. */
  idToken: string | null;
  refreshToken: string | null;
}

/** A sign-in, which the person's row tells when the session is long gone. */
export async function insertSession(db: Postgres, row: NewSessionRow): Promise<void> {
  const { issuer = null, subject = null, sid = null, idToken = null, refreshToken = null } = row.provider ?? {};
  await db.rows(sql`
    INSERT INTO sessions (id, token_hash, user_id, method, issuer, subject, provider_session, id_token, refresh_token,
      provider_checked_at, user_agent, ip, created_at, last_seen_at, expires_at)
    VALUES (${row.id}, ${row.token_hash}, ${row.user_id}, ${row.method}, ${issuer}, ${subject}, ${sid}, ${idToken},
      ${refreshToken}, ${row.created_at}, ${row.user_agent}, ${row.ip}, ${row.created_at}, ${row.created_at},
      ${row.expires_at})`);
  await db.rows(sql`UPDATE users SET last_sign_in_at = ${row.created_at} WHERE id = ${row.user_id}`);
}

export async function updateSessionSeen(db: Postgres, id: string, seenAt: Date, expiresAt: Date): Promise<void> {
  await db.rows(sql`UPDATE sessions SET last_seen_at = ${seenAt}, expires_at = ${expiresAt} WHERE id = ${id}`);
}

/** False when somebody else is about to ask the provider, or has. */
export async function claimProviderCheck(
  db: Postgres,
  { id, provider_checked_at: before }: Pick<SessionRow, 'id' | 'provider_checked_at'>,
  at: Date,
): Promise<boolean> {
  const rows = await db.rows(sql`
    UPDATE sessions
    SET provider_checked_at = ${at}
    WHERE id = ${id} AND provider_checked_at IS NOT DISTINCT FROM ${before}
    RETURNING id`);
  return rows.length === 1;
}

export async function updateRefreshToken(db: Postgres, id: string, refreshToken: string): Promise<void> {
  await db.rows(sql`UPDATE sessions SET refresh_token = ${refreshToken} WHERE id = ${id}`);
}

export async function deleteSessionById(db: Postgres, id: string): Promise<void> {
  await db.rows(sql`DELETE FROM sessions WHERE id = ${id}`);
}

export interface EndedSessionRow {
  id: string;
  user_id: string;
  method: string;
  issuer: string | null;
  id_token: string | null;
}

/** What ended; null when there was none. */
export async function deleteSession(db: Postgres, tokenHash: Buffer): Promise<EndedSessionRow | null> {
  const [row] = await db.rows<EndedSessionRow>(sql`
    DELETE FROM sessions WHERE token_hash = ${tokenHash} RETURNING id, user_id, method, issuer, id_token`);
  return row ?? null;
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

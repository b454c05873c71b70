import type { Postgres } from '../../stores/postgres/postgres.ts';
import { json, sql } from '../../stores/postgres/sql.ts';
import type { ProviderIdentity } from './profile.ts';

/** An account as the rules of linking look at it. */
export interface AccountRow {
  id: string;
  email: string;
  name: string | null;
  password_hash: string | null;
  email_verified_at: Date | null;
  disabled_at: Date | null;
}

/** Whose identity it is; null when nobody's. Locked until the transaction ends. */
export async function selectAccountOfIdentity(
  tx: Postgres,
  { issuer, subject }: Pick<ProviderIdentity, 'issuer' | 'subject'>,
): Promise<AccountRow | null> {
  const [row] = await tx.rows<AccountRow>(sql`
    SELECT u.id, u.email, u.name, u.password_hash, u.email_verified_at, u.disabled_at
    FROM identities i
    JOIN users u ON u.id = i.user_id
    WHERE i.issuer = ${issuer} AND i.subject = ${subject}
    FOR UPDATE`);
  return row ?? null;
}

/** `email` in lower case. Locked until the transaction ends. */
export async function selectAccountByEmail(tx: Postgres, email: string): Promise<AccountRow | null> {
  const [row] = await tx.rows<AccountRow>(sql`
    SELECT id, email, name, password_hash, email_verified_at, disabled_at
    FROM users
    WHERE email = ${email}
    FOR UPDATE`);
  return row ?? null;
}

export async function selectAccount(db: Postgres, id: string, { lock = false } = {}): Promise<AccountRow | null> {
  const [row] = await db.rows<AccountRow>(sql`
    SELECT id, email, name, password_hash, email_verified_at, disabled_at
    FROM users
    WHERE id = ${id}
    ${lock ? sql`FOR UPDATE` : sql``}`);
  return row ?? null;
}

/** When a session began; null when there is none. */
export async function selectSessionStart(db: Postgres, sessionId: string): Promise<Date | null> {
  const [row] = await db.rows<{ created_at: Date }>(sql`SELECT created_at FROM sessions WHERE id = ${sessionId}`);
  return row?.created_at ?? null;
}

/** False when it is somebody's already. */
export async function insertIdentity(
  tx: Postgres,
  { issuer, subject, provider, email, emailVerified }: ProviderIdentity,
  userId: string,
  at: Date,
): Promise<boolean> {
  const rows = await tx.rows(sql`
    INSERT INTO identities (issuer, subject, user_id, provider, email, email_verified, created_at, last_login_at)
    VALUES (${issuer}, ${subject}, ${userId}, ${provider}, ${email}, ${emailVerified}, ${at}, ${at})
    ON CONFLICT (issuer, subject) DO NOTHING
    RETURNING subject`);
  return rows.length === 1;
}

export async function updateIdentitySeen(
  tx: Postgres,
  { issuer, subject, email, emailVerified }: ProviderIdentity,
  at: Date,
): Promise<void> {
  await tx.rows(sql`
    UPDATE identities
    SET email = ${email}, email_verified = ${emailVerified}, last_login_at = ${at}
    WHERE issuer = ${issuer} AND subject = ${subject}`);
}

/** Somebody may have been made to wait under an address that is not theirs. */
export async function deleteIdentitiesOf(tx: Postgres, userId: string): Promise<void> {
  await tx.rows(sql`DELETE FROM identities WHERE user_id = ${userId}`);
  await tx.rows(sql`DELETE FROM pending_links WHERE user_id = ${userId}`);
}

export async function isInvited(tx: Postgres, email: string, now: Date): Promise<boolean> {
  return (await tx.rows(sql`SELECT id FROM invitations WHERE email = ${email} AND expires_at > ${now}`)).length > 0;
}

export interface IdentityRow {
  issuer: string;
  subject: string;
  provider: string;
  email: string | null;
  created_at: Date;
  last_login_at: Date;
}

/** In the order they were linked. */
export const selectIdentities = (db: Postgres, userId: string): Promise<IdentityRow[]> =>
  db.rows<IdentityRow>(sql`
    SELECT issuer, subject, provider, email, created_at, last_login_at
    FROM identities
    WHERE user_id = ${userId}
    ORDER BY created_at, issuer, subject`);

/** With the sessions it opened; the one that is kept has nothing to do with it any more. */
export async function deleteIdentity(
  tx: Postgres,
  userId: string,
  { issuer, subject }: Pick<IdentityRow, 'issuer' | 'subject'>,
  keptSessionId: string,
): Promise<void> {
  await tx.rows(sql`
    DELETE FROM identities WHERE user_id = ${userId} AND issuer = ${issuer} AND subject = ${subject}`);
  await tx.rows(sql`
    UPDATE sessions
    SET issuer = NULL, subject = NULL, provider_session = NULL, id_token = NULL, refresh_token = NULL
    WHERE id = ${keptSessionId} AND user_id = ${userId} AND issuer = ${issuer} AND subject = ${subject}`);
  await tx.rows(sql`
    DELETE FROM sessions WHERE user_id = ${userId} AND issuer = ${issuer} AND subject = ${subject}`);
}

/** What waits for a proof. `sealed` is all that the sign-in brought: tokens, and where it was to go. */
export interface PendingLink {
  provider: string;
  sealed: string;
}

export async function insertPendingLink(
  tx: Postgres,
  row: { tokenHash: Buffer; userId: string; link: PendingLink; expiresAt: Date },
): Promise<void> {
  await tx.rows(sql`
    INSERT INTO pending_links (token_hash, user_id, identity, expires_at)
    VALUES (${row.tokenHash}, ${row.userId}, ${json(row.link)}, ${row.expiresAt})`);
}

interface PendingLinkRow {
  user_id: string;
  identity: PendingLink;
}

export async function selectPendingLink(db: Postgres, tokenHash: Buffer, now: Date): Promise<PendingLinkRow | null> {
  const [row] = await db.rows<PendingLinkRow>(sql`
    SELECT user_id, identity
    FROM pending_links
    WHERE token_hash = ${tokenHash} AND expires_at > ${now}`);
  return row ?? null;
}

/** Answers it once. */
export async function takePendingLink(tx: Postgres, tokenHash: Buffer, now: Date): Promise<PendingLinkRow | null> {
  const [row] = await tx.rows<PendingLinkRow>(sql`
    DELETE FROM pending_links
    WHERE token_hash = ${tokenHash} AND expires_at > ${now}
    RETURNING user_id, identity`);
  return row ?? null;
}

/** Waits for whoever opens or ends our sessions of this session of the provider; held until the transaction ends. */
export async function lockProviderSession(tx: Postgres, issuer: string, sid: string): Promise<void> {
  await tx.rows(sql`SELECT pg_advisory_xact_lock(hashtextextended(${`${issuer} ${sid}`}, 0))`);
}

/** False when it was told before. */
export async function insertLogoutToken(
  tx: Postgres,
  row: { issuer: string; jti: string; sid: string | null; expiresAt: Date },
): Promise<boolean> {
  const rows = await tx.rows(sql`
    INSERT INTO logout_tokens (issuer, jti, sid, expires_at)
    VALUES (${row.issuer}, ${row.jti}, ${row.sid}, ${row.expiresAt})
    ON CONFLICT (issuer, jti) DO NOTHING
    RETURNING jti`);
  return rows.length === 1;
}

/** Whether the provider has ended this session of its own. */
export async function wasLoggedOut(tx: Postgres, issuer: string, sid: string): Promise<boolean> {
  return (await tx.rows(sql`SELECT jti FROM logout_tokens WHERE issuer = ${issuer} AND sid = ${sid}`)).length > 0;
}

/** Of one session of the provider, or of all that the person has there; answers whose sessions ended. */
export async function deleteProviderSessions(
  tx: Postgres,
  { issuer, sid, subject }: { issuer: string; sid: string | null; subject: string | null },
): Promise<{ id: string; user_id: string }[]> {
  return sid === null
    ? tx.rows(sql`DELETE FROM sessions WHERE issuer = ${issuer} AND subject = ${subject} RETURNING id, user_id`)
    : tx.rows(sql`
        DELETE FROM sessions
        WHERE issuer = ${issuer} AND provider_session = ${sid} AND (${subject}::text IS NULL OR subject = ${subject})
        RETURNING id, user_id`);
}

export async function deleteExpiredSsoRows(db: Postgres, now: Date): Promise<void> {
  await db.rows(sql`DELETE FROM pending_links WHERE expires_at <= ${now}`);
  await db.rows(sql`DELETE FROM logout_tokens WHERE expires_at <= ${now}`);
}

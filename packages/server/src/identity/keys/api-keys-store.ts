import type { Postgres } from '../../stores/postgres/postgres.ts';
import { sql } from '../../stores/postgres/sql.ts';

/** Whose key it is. Identity decides who gets a ProjectScope, so it names projects plainly; a ProjectScope fits too. */
export type KeyOwner = { readonly projectId: string } | { readonly organizationId: string };

/** A key as the auth hook needs it; `organization_id` is that of its project where it has one. */
export interface KeyRow {
  id: string;
  project_id: string | null;
  organization_id: string;
  public_key: string;
  secret_hash: string;
  fast_hash: string | null;
  expires_at: Date | null;
  last_used_at: Date | null;
}

/** A key as listed: nothing in it opens anything. */
export interface ListedKeyRow {
  id: string;
  public_key: string;
  display_secret_key: string;
  note: string | null;
  created_at: Date;
  expires_at: Date | null;
  last_used_at: Date | null;
}

const keyColumns = sql`
  k.id, k.project_id, COALESCE(k.organization_id, p.organization_id) AS organization_id, k.public_key, k.secret_hash,
  k.fast_hash, k.expires_at, k.last_used_at`;
const listedColumns = sql`id, public_key, display_secret_key, note, created_at, expires_at, last_used_at`;

const ownedBy = (owner: KeyOwner) =>
  'projectId' in owner ? sql`project_id = ${owner.projectId}` : sql`organization_id = ${owner.organizationId}`;

export async function selectKeyByFastHash(db: Postgres, fastHash: string): Promise<KeyRow | null> {
  const [row] = await db.rows<KeyRow>(sql`
    SELECT ${keyColumns}
    FROM api_keys k
    LEFT JOIN projects p ON p.id = k.project_id
    WHERE k.fast_hash = ${fastHash}`);
  return row ?? null;
}

export async function selectKeyByPublicKey(db: Postgres, publicKey: string): Promise<KeyRow | null> {
  const [row] = await db.rows<KeyRow>(sql`
    SELECT ${keyColumns}
    FROM api_keys k
    LEFT JOIN projects p ON p.id = k.project_id
    WHERE k.public_key = ${publicKey}`);
  return row ?? null;
}

/** Oldest first. */
export const selectKeys = (db: Postgres, owner: KeyOwner): Promise<ListedKeyRow[]> =>
  db.rows<ListedKeyRow>(sql`
    SELECT ${listedColumns}
    FROM api_keys
    WHERE ${ownedBy(owner)}
    ORDER BY created_at, id`);

export interface NewKeyRow extends Omit<ListedKeyRow, 'last_used_at'> {
  secret_hash: string;
  fast_hash: string;
  created_by: string | null;
}

/** False when public or secret key are taken. */
export async function insertKey(db: Postgres, owner: KeyOwner, key: NewKeyRow): Promise<boolean> {
  const projectId = 'projectId' in owner ? owner.projectId : null;
  const organizationId = 'projectId' in owner ? null : owner.organizationId;
  const rows = await db.rows(sql`
    INSERT INTO api_keys (id, project_id, organization_id, public_key, secret_hash, fast_hash, display_secret_key, note,
      created_by, created_at, expires_at)
    VALUES (${key.id}, ${projectId}, ${organizationId}, ${key.public_key}, ${key.secret_hash}, ${key.fast_hash},
      ${key.display_secret_key}, ${key.note}, ${key.created_by}, ${key.created_at}, ${key.expires_at})
    ON CONFLICT DO NOTHING
    RETURNING id`);
  return rows.length === 1;
}

/** Null when the owner has no such key. */
export async function selectKey(db: Postgres, owner: KeyOwner, id: string): Promise<ListedKeyRow | null> {
  const [row] = await db.rows<ListedKeyRow>(sql`
    SELECT ${listedColumns} FROM api_keys WHERE ${ownedBy(owner)} AND id = ${id} FOR UPDATE`);
  return row ?? null;
}

export async function updateNote(db: Postgres, id: string, note: string | null): Promise<void> {
  await db.rows(sql`UPDATE api_keys SET note = ${note} WHERE id = ${id}`);
}

/** Null when the owner has no such key; else what it was. */
export async function deleteKey(db: Postgres, owner: KeyOwner, id: string): Promise<ListedKeyRow | null> {
  const [row] = await db.rows<ListedKeyRow>(sql`
    DELETE FROM api_keys WHERE ${ownedBy(owner)} AND id = ${id} RETURNING ${listedColumns}`);
  return row ?? null;
}

/** All of the owner's; answers their public keys. */
export const deleteKeysOf = async (db: Postgres, owner: KeyOwner): Promise<string[]> =>
  (await db.rows<{ public_key: string }>(sql`DELETE FROM api_keys WHERE ${ownedBy(owner)} RETURNING public_key`)).map(
    ({ public_key }) => public_key,
  );

/** For initialization alone: whose key it was does not matter there. */
export async function deleteKeyByPublicKey(db: Postgres, publicKey: string): Promise<void> {
  await db.rows(sql`DELETE FROM api_keys WHERE public_key = ${publicKey}`);
}

/** Every key of the owner but this one. */
export async function deleteOtherKeys(db: Postgres, owner: KeyOwner, publicKey: string): Promise<void> {
  await db.rows(sql`DELETE FROM api_keys WHERE ${ownedBy(owner)} AND public_key <> ${publicKey}`);
}

export async function updateFastHash(db: Postgres, id: string, fastHash: string): Promise<void> {
  await db.rows(sql`UPDATE api_keys SET fast_hash = ${fastHash} WHERE id = ${id}`);
}

export async function updateSecret(
  db: Postgres,
  id: string,
  secret: Pick<NewKeyRow, 'secret_hash' | 'fast_hash' | 'display_secret_key'>,
): Promise<void> {
  await db.rows(sql`
    UPDATE api_keys
    SET secret_hash = ${secret.secret_hash}, fast_hash = ${secret.fast_hash},
      display_secret_key = ${secret.display_secret_key}
    WHERE id = ${id}`);
}

export async function updateLastUsed(db: Postgres, id: string, usedAt: Date): Promise<void> {
  await db.rows(sql`
    UPDATE api_keys
    SET last_used_at = ${usedAt}
    WHERE id = ${id} AND (last_used_at IS NULL OR last_used_at < ${usedAt})`);
}

import { createHash, randomUUID } from 'node:crypto';
import * as bcrypt from '@node-rs/bcrypt';
import type { Logger } from 'pino';
import { ConflictError, NotFoundError } from '../../http/errors.ts';
import type { Epochs } from '../../stores/epochs.ts';
import type { Postgres } from '../../stores/postgres/postgres.ts';
import { type Actor, recordAudit, systemActor } from '../audit/audit.ts';
import {
  deleteKey,
  deleteKeyByPublicKey,
  insertKey,
  type KeyOwner,
  type KeyRow,
  type ListedKeyRow,
  selectKey,
  selectKeyByFastHash,
  selectKeyByPublicKey,
  selectKeys,
  updateFastHash,
  updateLastUsed,
  updateNote,
  updateSecret,
} from './api-keys-store.ts';
import { createKeyCache } from './key-cache.ts';
import { createSlots } from '../accounts/slots.ts';

/** What upstream hashes with, so that a database can move either way (S9.1). */
const BCRYPT_COST = 11;
const LAST_USED_EVERY_MS = 60_000;

/** A key that was proved; `projectId` is null for an organization key. */
export interface VerifiedKey {
  keyId: string;
  publicKey: string;
  organizationId: string;
  projectId: string | null;
}

export interface ApiKeyFields {
  id: string;
  publicKey: string;
  displaySecretKey: string;
  note: string | null;
  createdAt: Date;
  lastUsedAt: Date | null;
  expiresAt: Date | null;
}

export interface KeyWish {
  note?: string | null | undefined;
  /** The person who asked for it. */
  createdBy?: string | null;
  expiresAt?: Date | null;
  /** A pair made elsewhere; both or none. */
  pair?: { publicKey: string; secretKey: string };
}

export type ApiKeys = ReturnType<typeof createApiKeys>;

/** The keys of projects and organizations (S9.1). `salt` is SALT. */
export function createApiKeys({
  postgres,
  salt,
  epochs,
  now,
  newId,
  log,
}: {
  postgres: Postgres;
  salt: string;
  epochs: Epochs;
  now: () => Date;
  newId: () => string;
  log: Logger;
}) {
  const cache = createKeyCache({ epochs, now });
  const inBcryptSlot = createSlots({ running: 2, waiting: 100 });
  const saltHash = sha256(salt);
  const fastHashOf = (secretKey: string): string => sha256(secretKey + saltHash);
  const hashesOf = async (secretKey: string) => ({
    fast_hash: fastHashOf(secretKey),
    secret_hash: await inBcryptSlot(() => bcrypt.hash(secretKey, { cost: BCRYPT_COST })),
    display_secret_key: displayOf(secretKey),
  });
  const underWay = new Set<Promise<void>>();

  async function findPair(publicKey: string, secretKey: string, fastHash: string): Promise<KeyRow | null> {
    const byHash = await selectKeyByFastHash(postgres, fastHash);
    // A pair that does not belong together is a wrong configuration.
    if (byHash) return byHash.public_key === publicKey ? byHash : null;
    const byPublicKey = await selectKeyByPublicKey(postgres, publicKey);
    if (!byPublicKey || byPublicKey.fast_hash !== null) return null;
    const right = await inBcryptSlot(() => bcrypt.verify(secretKey, byPublicKey.secret_hash));
    if (!right) return null;
    await updateFastHash(postgres, byPublicKey.id, fastHash);
    return byPublicKey;
  }

  /** Not awaited: a key in the cache goes on working while Postgres does not. */
  function noteUse(row: KeyRow): void {
    const usedAt = now();
    if (row.last_used_at !== null && usedAt.getTime() - row.last_used_at.getTime() < LAST_USED_EVERY_MS) return;
    row.last_used_at = usedAt;
    const work: Promise<void> = updateLastUsed(postgres, row.id, usedAt)
      .catch((error: unknown) => log.warn({ err: error, keyId: row.id }, 'last use of an API key not recorded'))
      .finally(() => underWay.delete(work));
    underWay.add(work);
  }

  function use(row: KeyRow | null): VerifiedKey | null {
    if (!row || (row.expires_at !== null && row.expires_at <= now())) return null;
    noteUse(row);
    return { keyId: row.id, publicKey: row.public_key, organizationId: row.organization_id, projectId: row.project_id };
  }

  async function newRow({ note, createdBy = null, expiresAt = null, pair }: KeyWish) {
    const { publicKey, secretKey } = pair ?? { publicKey: `pk-lf-${randomUUID()}`, secretKey: `sk-lf-${randomUUID()}` };
    const row = {
      id: newId(),
      public_key: publicKey,
      ...(await hashesOf(secretKey)),
      note: note ?? null,
      created_by: createdBy,
      created_at: now(),
      expires_at: expiresAt,
      last_used_at: null,
    };
    return { row, secretKey };
  }

  /** The log names a key by its public half. */
  const audit = (
    tx: Postgres,
    owner: KeyOwner,
    { id, public_key, note }: Pick<ListedKeyRow, 'id' | 'public_key' | 'note'>,
    { actor, ...entry }: { actor: Actor; action: string; before?: object; after?: object },
  ): Promise<void> =>
    recordAudit(tx, actor, now(), {
      place: owner,
      objectType: 'apiKey',
      objectId: id,
      ...entry,
      ...(entry.before === undefined && entry.after === undefined && { before: { publicKey: public_key, note } }),
    });

  async function insert(
    tx: Postgres,
    owner: KeyOwner,
    row: Awaited<ReturnType<typeof newRow>>['row'],
    actor: Actor,
  ): Promise<void> {
    if (!(await insertKey(tx, owner, row))) throw new ConflictError('This API key already exists');
    const after = { publicKey: row.public_key, note: row.note };
    await audit(tx, owner, row, { actor, action: 'create', after });
  }

  return {
    /** The key of a Basic pair; null when there is none, it has expired, or the two do not belong together. */
    async verifyPair(publicKey: string, secretKey: string): Promise<VerifiedKey | null> {
      // Nobody was ever given one without: spares the look-up.
      if (publicKey === '' || secretKey === '') return null;
      const fastHash = fastHashOf(secretKey);
      return use(await cache.get(`${fastHash} ${sha256(publicKey)}`, () => findPair(publicKey, secretKey, fastHash)));
    },

    /** The key of a public key alone, as browsers send it. */
    async findPublic(publicKey: string): Promise<VerifiedKey | null> {
      if (publicKey === '') return null;
      return use(await cache.get(sha256(publicKey), () => selectKeyByPublicKey(postgres, publicKey)));
    },

    /** Whose public key it is, proved or not; null for one nobody has. No use of the key is recorded. */
    async ownerOf(publicKey: string): Promise<{ projectId: string | null; isExpired: boolean } | null> {
      if (publicKey === '') return null;
      const row = await cache.get(sha256(publicKey), () => selectKeyByPublicKey(postgres, publicKey));
      return row && { projectId: row.project_id, isExpired: row.expires_at !== null && row.expires_at <= now() };
    },

    /**
     * A new key; the only time its secret is seen.
     * @throws ConflictError when a pair made elsewhere is taken
     */
    async create(
      owner: KeyOwner,
      wish: KeyWish = {},
      actor: Actor = PROGRAM,
    ): Promise<ApiKeyFields & { secretKey: string }> {
      // Hashing takes its time: not while a transaction holds what others wait for.
      const { row, secretKey } = await newRow(wish);
      await postgres.transaction((tx) => insert(tx, owner, row, actor));
      // Somebody may have tried a predefined key before it was there.
      await cache.forget();
      return { ...toFields(row), secretKey };
    },

    /** @throws NotFoundError */
    async rename(owner: KeyOwner, id: string, note: string | null, actor: Actor): Promise<ApiKeyFields> {
      return postgres.transaction(async (tx) => {
        const row = await selectKey(tx, owner, id);
        if (!row) throw new NotFoundError('API key not found');
        if (row.note === note) return toFields(row);
        await updateNote(tx, id, note);
        await audit(tx, owner, row, { actor, action: 'update', before: { note: row.note }, after: { note } });
        return toFields({ ...row, note });
      });
    },

    /** Oldest first. */
    list: async (owner: KeyOwner): Promise<ApiKeyFields[]> => (await selectKeys(postgres, owner)).map(toFields),

    /** Once it answers, the next request with the key is refused, in every process. @throws NotFoundError */
    async revoke(owner: KeyOwner, id: string, actor: Actor = PROGRAM): Promise<void> {
      const removed = await postgres.transaction(async (tx) => {
        const row = await deleteKey(tx, owner, id);
        if (row) await audit(tx, owner, row, { actor, action: 'delete' });
        return row !== null;
      });
      await cache.forget();
      if (!removed) throw new NotFoundError('API key not found');
    },

    /**
     * Makes a predefined pair be the owner's, whatever it was: another owner's is taken away, another secret replaced
     * (S9.4). Answers what it did. Works inside the caller's transaction; `forget` belongs after its end.
     */
    async ensure(
      tx: Postgres,
      owner: KeyOwner,
      pair: { publicKey: string; secretKey: string },
      note: string,
      actor: Actor = PROGRAM,
    ): Promise<'kept' | 'created' | 'moved' | 'rotated'> {
      const row = await selectKeyByPublicKey(tx, pair.publicKey);
      if (row && isOwnedBy(row, owner)) {
        if (row.fast_hash === fastHashOf(pair.secretKey)) return 'kept';
        await updateSecret(tx, row.id, await hashesOf(pair.secretKey));
        await audit(tx, owner, { ...row, note }, { actor, action: 'rotate' });
        return 'rotated';
      }
      if (row) await deleteKeyByPublicKey(tx, pair.publicKey);
      await insert(tx, owner, (await newRow({ note, pair })).row, actor);
      return row ? 'moved' : 'created';
    },

    /** What caches hold is asked again, in every process. */
    forget: cache.forget,

    /** Waits for what is being written on the side; before Postgres is closed. */
    async settled(): Promise<void> {
      await Promise.all(underWay);
    },
  };
}

/** Keys that the environment names. */
const PROGRAM = systemActor('headless initialization');

const isOwnedBy = (row: KeyRow, owner: KeyOwner): boolean =>
  'projectId' in owner
    ? row.project_id === owner.projectId
    : row.project_id === null && row.organization_id === owner.organizationId;

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** First 6 and last 4 (S9.1); of one so short that this would be most of it, nothing. */
const displayOf = (secretKey: string): string =>
  secretKey.length < 14 ? '...' : `${secretKey.slice(0, 6)}...${secretKey.slice(-4)}`;

const toFields = (row: ListedKeyRow): ApiKeyFields => ({
  id: row.id,
  publicKey: row.public_key,
  displaySecretKey: row.display_secret_key,
  note: row.note,
  createdAt: row.created_at,
  lastUsedAt: row.last_used_at,
  expiresAt: row.expires_at,
});

/** As every route shows a key. */
export const keyToWire = ({
  id,
  publicKey,
  displaySecretKey,
  note,
  createdAt,
  lastUsedAt,
  expiresAt,
}: ApiKeyFields) => ({
  id,
  createdAt: createdAt.toISOString(),
  expiresAt: expiresAt?.toISOString() ?? null,
  lastUsedAt: lastUsedAt?.toISOString() ?? null,
  note,
  publicKey,
  displaySecretKey,
});

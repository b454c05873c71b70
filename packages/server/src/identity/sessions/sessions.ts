import { createHash, randomBytes } from 'node:crypto';
import type { Postgres } from '../../stores/postgres/postgres.ts';
import {
  claimProviderCheck,
  deleteSession,
  deleteSessionById,
  type EndedSessionRow,
  insertSession,
  type ProviderSession,
  selectSession,
  type SessionRow,
  updateSessionSeen,
} from './sessions-store.ts';

const SEEN_EVERY_MS = 60_000;
const MAX_USER_AGENT = 500;

/** Who is signed in, and by which session. */
export interface SignedInPerson {
  sessionId: string;
  userId: string;
  email: string;
  name: string | null;
  /** Whether the address is proved to be theirs. */
  isVerified: boolean;
}

export interface Recheck {
  everyMinutes: number;
  /** False when the provider says that the person may not go on. */
  stillStands(row: SessionRow): Promise<boolean>;
}

export type Sessions = ReturnType<typeof createSessions>;

/**
 * Sessions are rows: the cookie holds 32 random bytes, the row their SHA-256, so a copy of the table opens nothing. No
 * cache: deleted, expired or disabled is gone at the next request, in every process.
 */
export function createSessions({
  postgres,
  maxAgeMinutes,
  recheck,
  now,
  newId,
}: {
  postgres: Postgres;
  /** Since the last use. */
  maxAgeMinutes: number;
  /** How often a session's provider is asked whether it still stands; undefined: never. */
  recheck?: Recheck | undefined;
  now: () => Date;
  newId: () => string;
}) {
  const expiry = (from: Date): Date => new Date(from.getTime() + maxAgeMinutes * 60_000);

  /** One request in so many minutes waits for the provider, the others go on. */
  async function hasEnded(row: SessionRow, at: Date): Promise<boolean> {
    if (recheck === undefined || row.refresh_token === null) return false;
    if (at.getTime() - (row.provider_checked_at?.getTime() ?? 0) < recheck.everyMinutes * 60_000) return false;
    if (!(await claimProviderCheck(postgres, row, at)) || (await recheck.stillStands(row))) return false;
    await deleteSessionById(postgres, row.id);
    return true;
  }

  return {
    /**
     * A new session, always with a new token; answers the token. `replaces` is the token the browser came with; `tx` is the
     * transaction it belongs to.
     */
    async start(
      {
        id = newId(),
        userId,
        method,
        provider = null,
        userAgent,
        ip,
        replaces,
      }: {
        id?: string;
        userId: string;
        method: string;
        provider?: ProviderSession | null;
        userAgent: string | undefined;
        ip: string;
        replaces: string | undefined;
      },
      tx: Postgres = postgres,
    ): Promise<string> {
      const token = randomBytes(32).toString('base64url');
      const startedAt = now();
      await tx.transaction(async (tx) => {
        if (replaces !== undefined) await deleteSession(tx, hashToken(replaces));
        await insertSession(tx, {
          id,
          token_hash: hashToken(token),
          user_id: userId,
          method,
          user_agent: userAgent?.slice(0, MAX_USER_AGENT) ?? null,
          ip,
          created_at: startedAt,
          expires_at: expiry(startedAt),
          provider,
        });
      });
      return token;
    },

    /** Null when nobody is signed in with it. Each minute of use moves the end of the session. */
    async find(token: string | undefined): Promise<SignedInPerson | null> {
      // Anything else was not made by us, such as upstream's own cookie of the same name.
      if (token === undefined || !/^[\w-]{43}$/.test(token)) return null;
      const at = now();
      const row = await selectSession(postgres, hashToken(token), at);
      if (!row || (await hasEnded(row, at))) return null;
      if (at.getTime() - row.last_seen_at.getTime() >= SEEN_EVERY_MS)
        await updateSessionSeen(postgres, row.id, at, expiry(at));
      return {
        sessionId: row.id,
        userId: row.user_id,
        email: row.email,
        name: row.name,
        isVerified: row.email_verified_at !== null,
      };
    },

    /** What ended; null when there was none. */
    async end(token: string | undefined): Promise<EndedSessionRow | null> {
      return token === undefined ? null : deleteSession(postgres, hashToken(token));
    },
  };
}

const hashToken = (token: string): Buffer => createHash('sha256').update(token).digest();

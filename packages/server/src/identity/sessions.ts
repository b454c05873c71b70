import { createHash, randomBytes } from 'node:crypto';
import type { Postgres } from '../stores/postgres/postgres.ts';
import { deleteSession, insertSession, selectSession, updateSessionSeen } from './sessions-store.ts';

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

export type Sessions = ReturnType<typeof createSessions>;

/**
 * Sessions are rows: the cookie holds 32 random bytes, the row their SHA-256, so a copy of the table opens nothing. No
 * cache: deleted, expired or disabled is gone at the next request, in every process.
 */
export function createSessions({
  postgres,
  maxAgeMinutes,
  now,
  newId,
}: {
  postgres: Postgres;
  /** Since the last use. */
  maxAgeMinutes: number;
  now: () => Date;
  newId: () => string;
}) {
  const expiry = (from: Date): Date => new Date(from.getTime() + maxAgeMinutes * 60_000);
  return {
    /** A new session, always with a new token; answers the token. `replaces` is the token the browser came with. */
    async start({
      userId,
      method,
      userAgent,
      ip,
      replaces,
    }: {
      userId: string;
      method: string;
      userAgent: string | undefined;
      ip: string;
      replaces: string | undefined;
    }): Promise<string> {
      const token = randomBytes(32).toString('base64url');
      const startedAt = now();
      await postgres.transaction(async (tx) => {
        if (replaces !== undefined) await deleteSession(tx, hashToken(replaces));
        await insertSession(tx, {
          id: newId(),
          token_hash: hashToken(token),
          user_id: userId,
          method,
          user_agent: userAgent?.slice(0, MAX_USER_AGENT) ?? null,
          ip,
          created_at: startedAt,
          expires_at: expiry(startedAt),
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
      if (!row) return null;
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

    /** Does nothing when there is none. */
    async end(token: string | undefined): Promise<void> {
      if (token !== undefined) await deleteSession(postgres, hashToken(token));
    },
  };
}

const hashToken = (token: string): Buffer => createHash('sha256').update(token).digest();

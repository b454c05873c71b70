import { createHash } from 'node:crypto';
import { isIPv4, isIPv6 } from 'node:net';
import { RateLimiterPostgres, RateLimiterRes } from 'rate-limiter-flexible';
import { TooManyRequestsError } from '../http/errors.ts';
import type { Postgres } from '../stores/postgres/postgres.ts';
import { sql } from '../stores/postgres/sql.ts';

export interface SignInAttempt {
  email: string;
  /** The caller's network address. */
  ip: string;
}

interface Limit {
  prefix: string;
  points: number;
  durationS: number;
  key(attempt: SignInAttempt): string;
  /** A sign-in that succeeds shows that the tries before it were its owner's. */
  endsWithSuccess?: true;
}

const hashed = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Guessing one person's password is slow, also from many networks; another network is not locked out by it. */
// oxfmt-ignore
const limits: readonly Limit[] = [
  { prefix: 'signin-network', points: 30,  durationS: 60,   key: ({ ip }) => networkOf(ip) },
  { prefix: 'signin-pair',    points: 5,   durationS: 60,   key: ({ email, ip }) => hashed(`${email} ${networkOf(ip)}`), endsWithSuccess: true },
  { prefix: 'signin-email',   points: 100, durationS: 3600, key: ({ email }) => hashed(email) },
];

export type SignInLimits = ReturnType<typeof createSignInLimits>;

/** Counted in Postgres, so that processes share the count. */
export function createSignInLimits(postgres: Postgres) {
  const storeClient = {
    async query({ text, values = [] }: { text: string; values?: unknown[] }) {
      const rows = await postgres.rows({ text, values });
      return { rows, rowCount: rows.length };
    },
  };
  const limiters = limits.map(({ prefix, points, durationS, key, endsWithSuccess = false }) => ({
    key,
    endsWithSuccess,
    limiter: new RateLimiterPostgres({
      storeClient,
      storeType: 'client',
      tableName: 'rate_limits',
      tableCreated: true,
      clearExpiredByTimeout: false,
      keyPrefix: prefix,
      points,
      duration: durationS,
    }),
  }));
  return {
    /** Counts an attempt, before anything is hashed for it. @throws TooManyRequestsError */
    async count(attempt: SignInAttempt): Promise<void> {
      for (const { limiter, key } of limiters) {
        try {
          await limiter.consume(key(attempt));
        } catch (refused) {
          if (!(refused instanceof RateLimiterRes)) throw refused;
          const retryAfterS = Math.max(1, Math.ceil(refused.msBeforeNext / 1000));
          throw new TooManyRequestsError(`Too many tries. Try again in ${retryAfterS} s.`, retryAfterS);
        }
      }
    },

    /** To be called when the attempt was right. */
    async succeeded(attempt: SignInAttempt): Promise<void> {
      for (const { limiter, key, endsWithSuccess } of limiters) if (endsWithSuccess) await limiter.delete(key(attempt));
    },
  };
}

/** Counts whose time is over say nothing any more. */
export async function deleteExpiredCounts(postgres: Postgres, now: Date): Promise<void> {
  await postgres.rows(sql`DELETE FROM rate_limits WHERE expire < ${now.getTime()}`);
}

/** Whoever has an IPv6 address has 2^64 of them, so the first half counts; an IPv4 address by itself. */
export function networkOf(ip: string): string {
  const address = ip.replace(/%.*$/, '');
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined || isIPv4(address)) return mapped ?? address;
  if (!isIPv6(address)) return 'unknown';
  const [head = '', tail] = address.split('::');
  const groups = head === '' ? [] : head.split(':');
  const last = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - groups.length - last.length);
  const first = [...groups, ...Array<string>(zeros).fill('0'), ...last].slice(0, 4);
  return `${first.map((group) => Number.parseInt(group, 16).toString(16)).join(':')}::/64`;
}

import { createHash } from 'node:crypto';
import { isIPv4, isIPv6 } from 'node:net';
import { RateLimiterPostgres, RateLimiterRes } from 'rate-limiter-flexible';
import { TooManyRequestsError } from '../../http/errors.ts';
import type { Postgres } from '../../stores/postgres/postgres.ts';
import { sql } from '../../stores/postgres/sql.ts';

/** What is counted: something tried for an address, from somewhere. */
export interface Attempt {
  email: string;
  /** The caller's network address. */
  ip: string;
}

interface Limit {
  prefix: string;
  points: number;
  durationS: number;
  key(attempt: Attempt): string;
  /** A sign-in that succeeds shows that the tries before it were its owner's. */
  endsWithSuccess?: true;
}

const hashed = (text: string): string => createHash('sha256').update(text).digest('hex');

const network = ({ ip }: Attempt): string => networkOf(ip);
const pair = ({ email, ip }: Attempt): string => hashed(`${email} ${networkOf(ip)}`);
const address = ({ email }: Attempt): string => hashed(email);

/**
 * Guessing one person's password is slow, also from many networks; another network is not locked out by it. A code has
 * five tries of a million: 30 codes a day are all that one address is sent.
 */
// oxfmt-ignore
export const limits = {
  signIn: [
    { prefix: 'signin-network', points: 30,  durationS: 60,     key: network },
    { prefix: 'signin-pair',    points: 5,   durationS: 60,     key: pair, endsWithSuccess: true },
    { prefix: 'signin-email',   points: 100, durationS: 3600,   key: address },
  ],
  signUp: [
    { prefix: 'signup-network', points: 20,  durationS: 60,     key: network },
    { prefix: 'signup-hour',    points: 200, durationS: 3600,   key: network },
    { prefix: 'signup-email',   points: 10,  durationS: 60,     key: address },
  ],
  sendCode: [
    { prefix: 'code-network',   points: 20,  durationS: 60,     key: network },
    { prefix: 'code-pair',      points: 3,   durationS: 60,     key: pair },
    { prefix: 'code-email',     points: 10,  durationS: 3600,   key: address },
    { prefix: 'code-email-day', points: 30,  durationS: 86_400, key: address },
  ],
  tryCode: [
    { prefix: 'try-network',    points: 30,  durationS: 60,     key: network },
    { prefix: 'try-pair',       points: 10,  durationS: 60,     key: pair, endsWithSuccess: true },
  ],
} satisfies Record<string, Limit[]>;

/** Counts one kind of attempts. */
export type RateLimit = ReturnType<typeof createRateLimit>;
export type RateLimits = ReturnType<typeof createRateLimits>;

/** Counted in Postgres, so that processes share the count. */
export function createRateLimits(postgres: Postgres): Record<keyof typeof limits, RateLimit> {
  return {
    signIn: createRateLimit(postgres, limits.signIn),
    signUp: createRateLimit(postgres, limits.signUp),
    sendCode: createRateLimit(postgres, limits.sendCode),
    tryCode: createRateLimit(postgres, limits.tryCode),
  };
}

function createRateLimit(postgres: Postgres, kinds: readonly Limit[]) {
  const storeClient = {
    async query({ text, values = [] }: { text: string; values?: unknown[] }) {
      const rows = await postgres.rows({ text, values });
      return { rows, rowCount: rows.length };
    },
  };
  const limiters = kinds.map(({ prefix, points, durationS, key, endsWithSuccess = false }) => ({
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
    async count(attempt: Attempt): Promise<void> {
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
    async succeeded(attempt: Attempt): Promise<void> {
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

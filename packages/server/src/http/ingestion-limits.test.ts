import { expect, test } from 'vitest';
import { createClock } from '../identity/scenario.ts';
import type { Principal } from '../identity/principal.ts';
import { projectScope } from '../stores/scope.ts';
import type { TooManyRequestsError } from './errors.ts';
import { createIngestionLimits, type IngestionLimitSettings } from './ingestion-limits.ts';

const off: IngestionLimitSettings = { requestsPerMinute: null, browserRequestsPerMinute: null, itemsPerDay: null };
const key = (projectId: string, kind: 'projectKey' | 'browserKey' = 'projectKey'): Principal => ({
  kind,
  keyId: 'k',
  publicKey: 'pk',
  organizationId: 'o',
  scope: projectScope(projectId),
});

function limitsOf(settings: Partial<IngestionLimitSettings>) {
  const clock = createClock('2026-03-01T12:00:10.000Z');
  return { clock, limits: createIngestionLimits({ settings: { ...off, ...settings }, now: clock.now }) };
}

/** Null when it was admitted. */
function refusalOf(work: () => unknown): TooManyRequestsError | null {
  try {
    work();
    return null;
  } catch (error) {
    return error as TooManyRequestsError;
  }
}

test('without settings nothing is counted and nothing said', () => {
  const { limits } = limitsOf({});
  for (let i = 0; i < 1000; i += 1) expect(limits.admit(key('a'))).toEqual({});
});

test('the request over the limit of a minute is told when the next minute begins, in seconds since 1970', () => {
  const { limits, clock } = limitsOf({ requestsPerMinute: 2 });
  const reset = String(Date.parse('2026-03-01T12:01:00Z') / 1000);
  expect(limits.admit(key('a'))).toEqual({
    'x-ratelimit-limit': '2',
    'x-ratelimit-remaining': '1',
    'x-ratelimit-reset': reset,
  });
  limits.admit(key('a'));
  expect(refusalOf(() => limits.admit(key('a')))).toMatchObject({
    status: 429,
    retryAfterS: 50,
    headers: { 'x-ratelimit-limit': '2', 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': reset },
  });
  expect(refusalOf(() => limits.admit(key('b')))).toBeNull();
  clock.advance(50_000);
  expect(refusalOf(() => limits.admit(key('a')))).toBeNull();
});

test('browsers have a limit of their own, which leaves the servers of the project alone', () => {
  const { limits } = limitsOf({ browserRequestsPerMinute: 1, requestsPerMinute: 100 });
  limits.admit(key('a', 'browserKey'));
  expect(refusalOf(() => limits.admit(key('a', 'browserKey')))).not.toBeNull();
  expect(refusalOf(() => limits.admit(key('a')))).toBeNull();
});

test('a quota counts what was stored, and begins again at midnight UTC', () => {
  const { limits, clock } = limitsOf({ itemsPerDay: 100 });
  limits.count('a', 99);
  expect(limits.admit(key('a'))).toMatchObject({ 'x-ratelimit-limit': '100', 'x-ratelimit-remaining': '0' });
  limits.count('a', 50);
  expect(refusalOf(() => limits.admit(key('a')))).toMatchObject({ retryAfterS: 12 * 3600 - 10 });
  clock.advance(12 * 3_600_000);
  expect(refusalOf(() => limits.admit(key('a')))).toBeNull();
});

import * as fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import type { Postgres } from '../../stores/postgres/postgres.ts';
import { sql } from '../../stores/postgres/sql.ts';
import { createRateLimits, deleteExpiredCounts, networkOf } from './rate-limits.ts';
import { openTestPostgres } from '../../stores/test-stores.ts';

let postgres: Postgres;
beforeAll(async () => {
  postgres = await openTestPostgres();
});
afterAll(() => postgres.close());
beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: new Date('2026-03-01T12:00:00Z') });
  await postgres.rows(sql`DELETE FROM rate_limits`);
});
afterEach(() => vi.useRealTimers());

const signInLimits = () => createRateLimits(postgres).signIn;
const ada = { email: 'ada@acme.dev', ip: '203.0.113.5' };

test('the sixth try of a minute is refused and told when to come back', async () => {
  const limits = signInLimits();
  for (let i = 0; i < 5; i += 1) await limits.count(ada);
  await expect(limits.count(ada)).rejects.toMatchObject({
    status: 429,
    retryAfterS: 60,
    message: 'Too many tries. Try again in 60 s.',
  });
  vi.setSystemTime(Date.now() + 60_001);
  await limits.count(ada);
});

test('two processes share the count, also of tries at the same moment', async () => {
  const [here, there] = [signInLimits(), signInLimits()];
  const tries = await Promise.allSettled(Array.from({ length: 20 }, (_, i) => (i % 2 ? here : there).count(ada)));
  expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(5);
});

test('another network still gets in', async () => {
  const limits = signInLimits();
  for (let i = 0; i < 6; i += 1) await limits.count(ada).catch(() => undefined);
  await expect(limits.count({ ...ada, ip: '198.51.100.7' })).resolves.toBeUndefined();
});

test('one network cannot try many people', async () => {
  const limits = signInLimits();
  for (let i = 0; i < 30; i += 1) await limits.count({ ...ada, email: `${i}@acme.dev` });
  await expect(limits.count({ ...ada, email: 'another@acme.dev' })).rejects.toMatchObject({ status: 429 });
});

test('many networks cannot try one person', async () => {
  const limits = signInLimits();
  for (let i = 0; i < 100; i += 1) await limits.count({ ...ada, ip: `10.0.${i}.1` });
  await expect(limits.count({ ...ada, ip: '10.1.0.1' })).rejects.toMatchObject({ status: 429 });
});

test('a success forgives the tries before it', async () => {
  const limits = signInLimits();
  for (let i = 0; i < 5; i += 1) await limits.count(ada);
  await limits.succeeded(ada);
  await expect(limits.count(ada)).resolves.toBeUndefined();
});

test('addresses are not kept in the clear, and counts that are over are removed', async () => {
  await signInLimits().count(ada);
  const rows = await postgres.rows<{ key: string }>(sql`SELECT key FROM rate_limits`);
  expect(rows).toHaveLength(3);
  expect(JSON.stringify(rows)).not.toContain('ada');
  await deleteExpiredCounts(postgres, new Date(Date.now() + 61_000));
  expect(await postgres.rows(sql`SELECT key FROM rate_limits`)).toHaveLength(1);
});

test('a store that fails is not taken for a limit', async () => {
  const broken: Postgres = { ...postgres, rows: () => Promise.reject(new Error('away')) };
  await expect(createRateLimits(broken).signIn.count(ada)).rejects.toThrow('away');
});

test.each([
  ['203.0.113.5', '203.0.113.5'],
  ['::ffff:203.0.113.5', '203.0.113.5'],
  ['::1', '0:0:0:0::/64'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:0db8:0001:0002::9', '2001:db8:1:2::/64'],
  ['2001:db8::', '2001:db8:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['nonsense', 'unknown'],
])('%s belongs to the network %s', (ip, network) => {
  expect(networkOf(ip)).toBe(network);
});

test('IPv6 addresses with the same first half are one network, others are not', () => {
  const group = fc.integer({ min: 0, max: 0xffff }).map((n) => n.toString(16));
  const half = fc.tuple(group, group, group, group).map((groups) => groups.join(':'));
  fc.assert(
    fc.property(half, half, half, half, (network, other, a, b) => {
      expect(networkOf(`${network}:${a}`)).toBe(networkOf(`${network}:${b}`));
      expect(networkOf(`${network}:${a}`) === networkOf(`${other}:${a}`)).toBe(network === other);
    }),
  );
});

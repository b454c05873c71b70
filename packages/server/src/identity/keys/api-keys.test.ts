import { createHash } from 'node:crypto';
import * as bcrypt from '@node-rs/bcrypt';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createEpochs } from '../../stores/epochs.ts';
import type { Postgres } from '../../stores/postgres/postgres.ts';
import { sql } from '../../stores/postgres/sql.ts';
import { createApiKeys } from './api-keys.ts';
import { createClock, createIds, createTestKeys, createTestLog, seedTwoOrganizations } from '../scenario.ts';
import { openTestPostgres } from '../../stores/test-stores.ts';

let postgres: Postgres;
beforeAll(async () => {
  postgres = await openTestPostgres();
  await seedTwoOrganizations(postgres);
});
afterAll(() => postgres.close());

const prod = { projectId: 'prod' };
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

test('a new key has the form SDKs know and opens its project alone', async () => {
  const { keys } = createTestKeys(postgres);
  const key = await keys.create(prod, { note: 'backend' });
  expect(key.publicKey).toMatch(/^pk-lf-[0-9a-f-]{36}$/);
  expect(key.secretKey).toMatch(/^sk-lf-[0-9a-f-]{36}$/);
  expect(key.displaySecretKey).toBe(`sk-lf-...${key.secretKey.slice(-4)}`);
  expect(await keys.verifyPair(key.publicKey, key.secretKey)).toEqual({
    keyId: key.id,
    publicKey: key.publicKey,
    organizationId: 'acme',
    projectId: 'prod',
  });
  await keys.settled();
});

test('what is stored are hashes that upstream understands', async () => {
  const keys = createApiKeysFor('stored');
  const key = await keys.create(prod);
  const [row] = await postgres.rows<{ fast_hash: string; secret_hash: string }>(
    sql`SELECT fast_hash, secret_hash FROM api_keys WHERE id = ${key.id}`,
  );
  expect(row?.fast_hash).toBe(sha256(key.secretKey + sha256('pepper')));
  expect(row?.secret_hash).toMatch(/^\$2[aby]\$11\$/);
  expect(await bcrypt.verify(key.secretKey, row?.secret_hash ?? '')).toBe(true);
  expect(JSON.stringify(await postgres.rows(sql`SELECT to_jsonb(k) AS k FROM api_keys k`))).not.toContain(
    key.secretKey,
  );
  expect(await keys.verifyPair(key.publicKey, key.secretKey)).not.toBeNull();
  await keys.settled();
});

/** Keys over the same database, with ids of their own. */
function createApiKeysFor(prefix: string, { clock = createClock(), epochs = createEpochs() } = {}) {
  return createApiKeys({
    postgres,
    salt: 'pepper',
    epochs,
    now: clock.now,
    newId: createIds(prefix),
    log: createTestLog().log,
  });
}

test('two good keys mixed up are no pair', async () => {
  const keys = createApiKeysFor('mixed');
  const [first, second] = [await keys.create(prod), await keys.create({ projectId: 'theirs' })];
  expect(await keys.verifyPair(first.publicKey, second.secretKey)).toBeNull();
  expect(await keys.verifyPair(second.publicKey, first.secretKey)).toBeNull();
  expect(await keys.verifyPair(first.publicKey, first.secretKey)).toMatchObject({ projectId: 'prod' });
  expect(await keys.verifyPair('', first.secretKey)).toBeNull();
  expect(await keys.verifyPair(first.publicKey, '')).toBeNull();
  await keys.settled();
});

test('a key without fast hash is proved by bcrypt once and gets one', async () => {
  const keys = createApiKeysFor('slow');
  const key = await keys.create(prod);
  await postgres.rows(sql`UPDATE api_keys SET fast_hash = NULL WHERE id = ${key.id}`);
  expect(await keys.verifyPair(key.publicKey, 'sk-lf-wrong')).toBeNull();
  expect(await keys.verifyPair(key.publicKey, key.secretKey)).toMatchObject({ keyId: key.id });
  expect(await postgres.rows(sql`SELECT fast_hash FROM api_keys WHERE id = ${key.id}`)).toEqual([
    { fast_hash: sha256(key.secretKey + sha256('pepper')) },
  ]);
  await keys.settled();
});

test('a revoked key is refused at once, in every process that shares the epochs', async () => {
  const epochs = createEpochs();
  const here = createApiKeysFor('here', { epochs });
  const there = createApiKeysFor('there', { epochs });
  const key = await here.create(prod);
  expect(await there.verifyPair(key.publicKey, key.secretKey)).not.toBeNull();
  expect(await there.findPublic(key.publicKey)).not.toBeNull();
  await here.revoke(prod, key.id);
  expect(await there.verifyPair(key.publicKey, key.secretKey)).toBeNull();
  expect(await there.findPublic(key.publicKey)).toBeNull();
  await there.settled();
});

test('without shared epochs a revoked key is refused after a minute', async () => {
  const clock = createClock();
  const [here, there] = [createApiKeysFor('h'), createApiKeysFor('t', { clock })];
  const key = await here.create(prod);
  expect(await there.verifyPair(key.publicKey, key.secretKey)).not.toBeNull();
  await here.revoke(prod, key.id);
  clock.advance(60_000);
  expect(await there.verifyPair(key.publicKey, key.secretKey)).toBeNull();
  await there.settled();
});

test('an unknown pair works from the moment it is made', async () => {
  const keys = createApiKeysFor('late');
  const pair = { publicKey: 'pk-lf-late', secretKey: 'sk-lf-late' };
  expect(await keys.verifyPair(pair.publicKey, pair.secretKey)).toBeNull();
  await keys.create(prod, { pair });
  expect(await keys.verifyPair(pair.publicKey, pair.secretKey)).toMatchObject({ publicKey: 'pk-lf-late' });
  await keys.settled();
});

test('a repeated request, good or bad, asks the database once', async () => {
  let reads = 0;
  const counting: Postgres = { ...postgres, rows: (statement) => ((reads += 1), postgres.rows(statement)) };
  const { keys } = createTestKeys(counting);
  const key = await createApiKeysFor('counted').create(prod);
  await keys.verifyPair(key.publicKey, key.secretKey);
  await keys.verifyPair('pk-lf-nobody', 'sk-lf-nobody');
  await keys.settled();
  const before = reads;
  for (let i = 0; i < 5; i += 1) {
    await keys.verifyPair(key.publicKey, key.secretKey);
    await keys.verifyPair('pk-lf-nobody', 'sk-lf-nobody');
  }
  expect(reads).toBe(before);
});

test('an expired key is refused, also from the cache', async () => {
  const clock = createClock();
  const keys = createApiKeysFor('expiring', { clock });
  const key = await keys.create(prod, { expiresAt: new Date(clock.now().getTime() + 30_000) });
  expect(await keys.verifyPair(key.publicKey, key.secretKey)).not.toBeNull();
  clock.advance(30_000);
  expect(await keys.verifyPair(key.publicKey, key.secretKey)).toBeNull();
  await keys.settled();
});

test('the last use is written at most once a minute', async () => {
  const clock = createClock();
  const keys = createApiKeysFor('used', { clock });
  const key = await keys.create({ projectId: 'staging' });
  const lastUsed = async () => {
    await keys.settled();
    return (await keys.list({ projectId: 'staging' }))[0]?.lastUsedAt;
  };
  expect(await lastUsed()).toBeNull();
  const first = clock.now();
  await keys.verifyPair(key.publicKey, key.secretKey);
  expect(await lastUsed()).toEqual(first);
  clock.advance(59_000);
  await keys.verifyPair(key.publicKey, key.secretKey);
  expect(await lastUsed()).toEqual(first);
  clock.advance(1_000);
  await keys.verifyPair(key.publicKey, key.secretKey);
  expect(await lastUsed()).toEqual(clock.now());
});

test('a use that cannot be noted is logged, without the key, and does not stop it', async () => {
  const readOnly: Postgres = {
    ...postgres,
    rows: (statement) =>
      /^\s*UPDATE/.test(statement.text) ? Promise.reject(new Error('read-only')) : postgres.rows(statement),
  };
  const { keys, lines } = createTestKeys(readOnly);
  const key = await createApiKeysFor('unnoted').create(prod);
  expect(await keys.verifyPair(key.publicKey, key.secretKey)).not.toBeNull();
  await keys.settled();
  expect(lines).toMatchObject([{ keyId: key.id, msg: 'last use of an API key not recorded' }]);
  expect(JSON.stringify(lines)).not.toContain(key.secretKey);
});

test("a project's keys are listed and revoked by that project alone", async () => {
  const keys = createApiKeysFor('tenant');
  const key = await keys.create({ projectId: 'theirs' });
  expect((await keys.list(prod)).map(({ id }) => id)).not.toContain(key.id);
  await expect(keys.revoke(prod, key.id)).rejects.toMatchObject({ status: 404, message: 'API key not found' });
  await expect(keys.revoke({ organizationId: 'other' }, key.id)).rejects.toMatchObject({ status: 404 });
  expect(await keys.verifyPair(key.publicKey, key.secretKey)).toMatchObject({ projectId: 'theirs' });
  await keys.settled();
});

test('a key of an organization has no project', async () => {
  const keys = createApiKeysFor('organization');
  const key = await keys.create({ organizationId: 'acme' });
  expect(await keys.verifyPair(key.publicKey, key.secretKey)).toMatchObject({
    projectId: null,
    organizationId: 'acme',
  });
  await keys.settled();
});

test('a pair that is taken answers 409 and changes nothing', async () => {
  const keys = createApiKeysFor('taken');
  const first = await keys.create(prod);
  const pair = { publicKey: first.publicKey, secretKey: 'sk-lf-another' };
  await expect(keys.create({ projectId: 'theirs' }, { pair })).rejects.toMatchObject({ status: 409 });
  expect(await keys.verifyPair(first.publicKey, first.secretKey)).toMatchObject({ projectId: 'prod' });
  await keys.settled();
});

test('a predefined pair is made, kept, rotated and moved as the environment says', async () => {
  const keys = createApiKeysFor('ensured');
  const pair = { publicKey: 'my-public', secretKey: 'my-secret' };
  expect(await keys.ensure(postgres, prod, pair, 'n')).toBe('created');
  expect(await keys.ensure(postgres, prod, pair, 'n')).toBe('kept');
  expect(await keys.ensure(postgres, prod, { ...pair, secretKey: 'changed' }, 'n')).toBe('rotated');
  await keys.forget();
  expect(await keys.verifyPair('my-public', 'my-secret')).toBeNull();
  expect(await keys.verifyPair('my-public', 'changed')).toMatchObject({ projectId: 'prod' });
  expect(await keys.ensure(postgres, { projectId: 'staging' }, { ...pair, secretKey: 'changed' }, 'n')).toBe('moved');
  await keys.forget();
  expect(await keys.verifyPair('my-public', 'changed')).toMatchObject({ projectId: 'staging' });
  expect(await keys.ensure(postgres, { organizationId: 'acme' }, { ...pair, secretKey: 'changed' }, 'n')).toBe('moved');
  await keys.forget();
  expect(await keys.verifyPair('my-public', 'changed')).toMatchObject({ projectId: null });
  await keys.settled();
});

test('a short secret is not shown in its own abbreviation', async () => {
  const key = await createApiKeysFor('short').create(prod, {
    pair: { publicKey: 'pk-short', secretKey: 'sk-short-1' },
  });
  expect(key.displaySecretKey).toBe('...');
});

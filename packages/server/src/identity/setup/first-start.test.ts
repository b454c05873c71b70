import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { openDataDirectory, type DataDirectory } from '../../config/data-directory.ts';
import { readSettings } from '../../config/settings.ts';
import type { Postgres } from '../../stores/postgres/postgres.ts';
import { sql } from '../../stores/postgres/sql.ts';
import { createFirstLogin, showFirstLogin } from './first-start.ts';
import { createNewUsers } from '../accounts/new-user.ts';
import { createPasswords } from '../accounts/passwords.ts';
import { createClock, createIds, createTestKeys, emptyTables } from '../scenario.ts';
import { openTestPostgres } from '../../stores/test-stores.ts';
import { selectUserByEmail } from '../accounts/users-store.ts';

let postgres: Postgres;
let directory: DataDirectory;
let root: string;
beforeAll(async () => {
  postgres = await openTestPostgres();
});
afterAll(() => postgres.close());
beforeEach(async () => {
  await emptyTables(postgres);
  root = await mkdtemp(join(tmpdir(), 'tracehouse-first-'));
  directory = await openDataDirectory(join(root, 'data'));
});
afterEach(async () => {
  await directory.close();
  await rm(root, { recursive: true });
});

const passwords = createPasswords();
const newId = createIds('id');
const create = (db = postgres) =>
  createFirstLogin({
    postgres: db,
    directory,
    apiKeys: createTestKeys(db).keys,
    passwords,
    newUsers: createNewUsers({ settings: readSettings({ role: 'all', env: {} }), now: createClock().now, newId }),
    url: 'http://localhost:3000',
    now: createClock().now,
    newId,
  });

async function show(isTerminal: boolean): Promise<string> {
  const lines: string[] = [];
  await showFirstLogin({ directory, isTerminal, print: (line) => void lines.push(line) });
  return lines.join('\n');
}
const field = (text: string, pattern: RegExp): string => pattern.exec(text)?.[1] ?? '';

test('on a terminal the login is shown once and kept nowhere', async () => {
  await create();
  const shown = await show(true);
  expect(shown).toContain('http://localhost:3000');
  const user = await selectUserByEmail(postgres, field(shown, /E-mail +(\S+)/));
  expect(await passwords.verify(user?.password_hash ?? null, field(shown, /Password +(\S+)/))).toMatchObject({
    right: true,
  });
  const { keys } = createTestKeys(postgres);
  const key = await keys.verifyPair(
    field(shown, /^LANGFUSE_PUBLIC_KEY=(.+)$/m),
    field(shown, /^LANGFUSE_SECRET_KEY=(.+)$/m),
  );
  expect(await postgres.rows(sql`SELECT id FROM projects`)).toEqual([{ id: key?.projectId }]);
  await keys.settled();
  await expect(readFile(directory.inside('first-login.txt'))).rejects.toMatchObject({ code: 'ENOENT' });
  await create();
  expect(await show(true)).toBe('');
});

test('the audit log says that the first start made the owner and the key', async () => {
  await postgres.rows(sql`DELETE FROM audit_log`);
  await create();
  const lines = await postgres.rows<{ actor_name: string; object_type: string }>(sql`
    SELECT actor_name, object_type FROM audit_log ORDER BY object_type`);
  expect(lines.map(({ object_type: type }) => type)).toContain('apiKey');
  expect(new Set(lines.map(({ actor_name: name }) => name))).toEqual(new Set(['first start']));
});

test('elsewhere only the path of a file for this user alone is printed', async () => {
  await create();
  const printed = await show(false);
  expect(printed).toContain(directory.inside('first-login.txt'));
  const text = await readFile(directory.inside('first-login.txt'), 'utf8');
  expect(printed).not.toContain(field(text, /Password +(\S+)/));
  expect((await stat(directory.inside('first-login.txt'))).mode & 0o777).toBe(0o600);
});

test('a second start makes nothing new', async () => {
  await create();
  const text = await readFile(directory.inside('first-login.txt'), 'utf8');
  await create();
  expect(await readFile(directory.inside('first-login.txt'), 'utf8')).toBe(text);
  expect(await postgres.rows(sql`SELECT id FROM users`)).toHaveLength(1);
});

test('a start that fails half-way is made good by the next one', async () => {
  const failing: Postgres = {
    ...postgres,
    transaction: (work) =>
      postgres.transaction(async (tx) => {
        await work(tx);
        throw new Error('killed');
      }),
  };
  await expect(create(failing)).rejects.toThrow('killed');
  await create();
  const shown = await show(true);
  const { keys } = createTestKeys(postgres);
  expect(
    await keys.verifyPair(field(shown, /^LANGFUSE_PUBLIC_KEY=(.+)$/m), field(shown, /^LANGFUSE_SECRET_KEY=(.+)$/m)),
  ).not.toBeNull();
  await keys.settled();
  const user = await selectUserByEmail(postgres, 'owner@tracehouse.local');
  expect(await passwords.verify(user?.password_hash ?? null, field(shown, /Password +(\S+)/))).toMatchObject({
    right: true,
  });
});

test('whoever has deleted the last organization finds the own account, and nothing that was made behind their back', async () => {
  await create();
  await show(true);
  await postgres.rows(sql`DELETE FROM organizations`);
  await create();
  expect(await show(true)).toBe('');
  expect(await postgres.rows(sql`SELECT id FROM organizations`)).toEqual([]);
  expect(await selectUserByEmail(postgres, 'owner@tracehouse.local')).not.toBeNull();
});

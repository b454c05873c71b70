import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DirectoryInUseError, openDataDirectory } from './data-directory.ts';
import { loadSecrets } from './secrets.ts';
import { readSettings } from './settings.ts';

let path: string;
const children: ChildProcess[] = [];

beforeEach(async () => {
  path = join(await mkdtemp(join(tmpdir(), 'tracehouse-')), 'data');
});
afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  await rm(join(path, '..'), { recursive: true });
});

/** Another process that opens the directory; answers what became of it and stays when it got it. */
async function openElsewhere(): Promise<{ child: ChildProcess; said: string }> {
  const module = new URL('data-directory.ts', import.meta.url).href;
  const script = `
    const { openDataDirectory } = await import(${JSON.stringify(module)});
    try {
      await openDataDirectory(${JSON.stringify(path)});
      console.log('opened');
      setInterval(() => {}, 1000);
    } catch (error) {
      console.log(error.message);
    }`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  const [chunk] = (await once(child.stdout, 'data')) as [Buffer];
  return { child, said: chunk.toString().trim() };
}

test('a second process is told directory and process id', async () => {
  const directory = await openDataDirectory(path);
  const { said } = await openElsewhere();
  expect(said).toContain(path);
  expect(said).toContain(`process ${process.pid}`);
  await directory.close();
});

test('the same process cannot open it twice', async () => {
  const directory = await openDataDirectory(path);
  await expect(openDataDirectory(path)).rejects.toThrow(DirectoryInUseError);
  await directory.close();
});

test('a killed process leaves the directory free, also when its process id lives on', async () => {
  const { child, said } = await openElsewhere();
  expect(said).toBe('opened');
  await expect(openDataDirectory(path)).rejects.toThrow(`process ${child.pid}`);
  child.kill('SIGKILL');
  await once(child, 'exit');
  await writeFile(join(path, 'tracehouse.pid'), `${process.ppid}\n`);
  const directory = await openDataDirectory(path);
  expect(await readFile(join(path, 'tracehouse.pid'), 'utf8')).toBe(`${process.pid}\n`);
  await directory.close();
});

test('of five that start together one gets it', async () => {
  const said = (await Promise.all(Array.from({ length: 5 }, openElsewhere))).map((one) => one.said);
  expect(said.filter((line) => line === 'opened')).toHaveLength(1);
  expect(said.filter((line) => line.includes('is in use'))).toHaveLength(4);
});

test('closing leaves it to the next', async () => {
  await (await openDataDirectory(path)).close();
  const again = await openDataDirectory(path);
  expect((await readdir(path)).toSorted()).toEqual(['tracehouse.lock', 'tracehouse.pid']);
  await again.close();
});

test('generated secrets are kept, for this user alone, and those of the environment win', async () => {
  const directory = await openDataDirectory(path);
  const first = await loadSecrets(readSettings({ role: 'all', env: {} }), directory);
  expect(first.encryptionKey).toMatch(/^[0-9a-f]{64}$/);
  expect((await stat(join(path, 'secrets.json'))).mode & 0o777).toBe(0o600);
  expect((await stat(path)).mode & 0o777).toBe(0o700);
  expect(await loadSecrets(readSettings({ role: 'all', env: { SALT: 'given' } }), directory)).toEqual({
    ...first,
    salt: 'given',
  });
  await directory.close();
});

test('damaged secrets are never replaced', async () => {
  const directory = await openDataDirectory(path);
  await writeFile(join(path, 'secrets.json'), '{"salt"');
  await expect(loadSecrets(readSettings({ role: 'all', env: {} }), directory)).rejects.toThrow('damaged');
  expect(await readFile(join(path, 'secrets.json'), 'utf8')).toBe('{"salt"');
  await directory.close();
});

import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { readMigrations } from './migrations.ts';
import { openPglite } from './postgres/pglite.ts';
import type { Postgres } from './postgres/postgres.ts';

/*
 * For tests. New stores take three seconds of CPU until their tables are there, and a hundred files of tests want some: they are
 * made once for each state of the migrations, and copied in 50 ms.
 */

/** Puts `postgres` and `clickhouse` into a directory that has neither, as a program leaves them that has only been started. */
export async function plantStores(directory: string, stores = ['postgres', 'clickhouse']): Promise<void> {
  const made = await (template ??= makeOnce());
  await mkdir(directory, { recursive: true });
  // The engine's links are relative; resolved they would lead into what all copy from.
  const asItIs = { recursive: true, verbatimSymlinks: true };
  await Promise.all(stores.map((store) => cp(join(made, store), join(directory, store), asItIs)));
}

/** An empty database with our tables, in a directory that goes when it is closed. */
export async function openTestPostgres(): Promise<Postgres> {
  const directory = await mkdtemp(join(tmpdir(), 'tracehouse-postgres-'));
  await plantStores(directory, ['postgres']);
  const postgres = await openPglite(join(directory, 'postgres'));
  return {
    ...postgres,
    async close() {
      await postgres.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

let template: Promise<string> | undefined;
const cache = fileURLToPath(new URL('../../../../node_modules/.cache/', import.meta.url));

async function makeOnce(): Promise<string> {
  const name = `test-stores-${await currentState()}`;
  const made = join(cache, name);
  await mkdir(cache, { recursive: true });
  if ((await readdir(cache)).includes(name)) return made;
  const directory = await mkdtemp(`${made}.`);
  const script = fileURLToPath(new URL('make-test-stores.ts', import.meta.url));
  try {
    await promisify(execFile)(process.execPath, [script, directory]);
    await rename(directory, made);
  } catch (error) {
    await rm(directory, { recursive: true, force: true });
    // Else another process was first.
    if (!(await readdir(cache)).includes(name)) throw error;
  }
  return made;
}

/** Names what the stores are made of: our migrations, and the engines. */
async function currentState(): Promise<string> {
  const hash = createHash('sha256');
  for (const store of ['postgres', 'clickhouse']) {
    for (const { name, text } of await readMigrations(new URL(`${store}/migrations/`, import.meta.url))) {
      hash.update(`${name}\0${text}\0`);
    }
  }
  // It names the versions of the engines.
  hash.update(await readFile(new URL('../../package.json', import.meta.url)));
  return hash.digest('hex').slice(0, 16);
}

import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { flushDirectory } from './pglite-files.ts';

/**
 * WebAssembly stays as V8's baseline compiler leaves it. The optimizing one takes 600 MB for one function of Postgres (the
 * interpreter of expressions) and up to a second of CPU at every start. Without it look-ups and inserts cost the same, joins and
 * scans of thousands of rows half as much again (docs/performance.md). Flags of V8, which looks at them when it compiles a module.
 */
export const BASELINE_WASM = ['--no-wasm-tier-up', '--no-wasm-dynamic-tiering'];

/**
 * Makes a database in `directory`, which is not there or empty. In a process of its own, for it takes 600 MB that this one would
 * keep until a garbage collection; and beside, to be moved when it is whole: a start that is interrupted leaves nothing half made.
 */
export async function makeDatabase(directory: string, { flushes }: { flushes: boolean }): Promise<void> {
  const parent = dirname(directory);
  const unfinished = `${basename(directory)}.new-`;
  for (const name of await readdir(parent))
    if (name.startsWith(unfinished)) await rm(join(parent, name), { recursive: true, force: true });
  const made = await mkdtemp(join(parent, unfinished));
  const script = fileURLToPath(new URL('initdb.ts', import.meta.url));
  await promisify(execFile)(process.execPath, [...BASELINE_WASM, script, made]);
  // What makes a new database does not flush.
  if (flushes) await flushDirectory(made);
  await rename(made, directory);
}

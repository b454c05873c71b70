import { closeSync, fsyncSync, openSync } from 'node:fs';
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { PGlite } from '@electric-sql/pglite';
import { NodeFS } from '@electric-sql/pglite/nodefs';

type Options = Parameters<NodeFS['init']>[1];

/** What of Emscripten is used here, which its types leave out. */
interface Emscripten {
  FS: { quit(): void };
  NODEFS: {
    realPath(node: unknown): string;
    stream_ops: { fsync?: (stream: { nfd?: number; node: unknown }) => number };
  };
}

/**
 * PGlite's files on the disk, with two things PGlite lacks: `fsync` that reaches the disk (its own is a stub, whatever Postgres is
 * told), and letting go of the files of a Postgres that has ended. Relies on what Emscripten calls `NODEFS` and `FS`, so a test
 * counts flushes.
 */
export class OwnNodeFs extends NodeFS {
  readonly #flushes: boolean;
  #module: Emscripten | undefined;

  constructor(directory: string, { flushes }: { flushes: boolean }) {
    super(directory);
    this.#flushes = flushes;
  }

  override async init(pg: PGlite, options: Options): Promise<{ emscriptenOpts: Options }> {
    const { emscriptenOpts } = await super.init(pg, options);
    const keep = (given: unknown): void => {
      const module = given as Emscripten;
      this.#module = module;
      if (this.#flushes) module.NODEFS.stream_ops.fsync = flushThrough(module);
    };
    return { emscriptenOpts: { ...emscriptenOpts, preRun: [...(emscriptenOpts.preRun ?? []), keep] } };
  }

  /** Closes the files without writing to them. Nothing may run on it any more. */
  letGo(): void {
    const module = this.#module;
    this.#module = undefined;
    try {
      module?.FS.quit();
    } catch {
      // Closed already.
    }
  }
}

/** Directories too: a new file of the log must be found after a loss of power. */
const flushThrough =
  ({ NODEFS }: Emscripten) =>
  ({ nfd, node }: { nfd?: number; node: unknown }): number => {
    const file = nfd ?? openSync(NODEFS.realPath(node), 'r');
    try {
      fsyncSync(file);
    } finally {
      if (nfd === undefined) closeSync(file);
    }
    return 0;
  };

/** Everything below, and the directory itself. */
export async function flushDirectory(path: string): Promise<void> {
  for (const entry of await readdir(path, { withFileTypes: true })) {
    if (entry.isDirectory()) await flushDirectory(join(path, entry.name));
    else if (entry.isFile()) await flush(join(path, entry.name));
  }
  await flush(path);
}

async function flush(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

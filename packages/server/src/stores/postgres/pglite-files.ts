import { closeSync, fsyncSync, openSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { PGlite } from '@electric-sql/pglite';
import { NodeFS } from '@electric-sql/pglite/nodefs';
import { syncPath } from '../sync-path.ts';

type Options = Parameters<NodeFS['init']>[1];

interface Stream {
  nfd?: number;
  node: unknown;
}
type StreamOperation = (stream: Stream, ...rest: unknown[]) => number;

/** The log of Postgres could not be written. A server dies of that, and what was committed is found in the log when it starts. */
export class LogFailure extends Error {
  constructor(cause: unknown) {
    super(`The log of Postgres cannot be written: ${(cause as { code?: string }).code ?? String(cause)}`, { cause });
    this.name = 'LogFailure';
  }
}

/** What of Emscripten is used here, which its types leave out. */
interface Emscripten {
  FS: { quit(): void };
  NODEFS: {
    realPath(node: unknown): string;
    stream_ops: { write: StreamOperation; fsync?: StreamOperation };
  };
}

/**
 * PGlite's files on the disk, with three things PGlite lacks: `fsync` that reaches the disk (its own does nothing, whatever
 * Postgres is told); letting go of the files of a Postgres that has ended; and ending it when its log cannot be written, where PGlite
 * may go round for ever. Relies on what Emscripten calls `NODEFS` and `FS`, so tests count flushes and fail writes.
 */
export class OwnNodeFs extends NodeFS {
  readonly #flushes: boolean;
  #module: Emscripten | undefined;
  #failure: LogFailure | undefined;

  constructor(directory: string, { flushes }: { flushes: boolean }) {
    super(directory);
    this.#flushes = flushes;
  }

  override async init(pg: PGlite, options: Options): Promise<{ emscriptenOpts: Options }> {
    const { emscriptenOpts } = await super.init(pg, options);
    const keep = (given: unknown): void => {
      const module = given as Emscripten;
      this.#module = module;
      const { stream_ops: operations } = module.NODEFS;
      operations.write = this.#ending(module, operations.write);
      if (this.#flushes) operations.fsync = this.#ending(module, flushThrough(module));
    };
    return { emscriptenOpts: { ...emscriptenOpts, preRun: [...(emscriptenOpts.preRun ?? []), keep] } };
  }

  /** Throws through Postgres, not to it; and from then on always, so that what is left of it changes nothing more. */
  #ending({ NODEFS }: Emscripten, operation: StreamOperation): StreamOperation {
    return (stream, ...rest) => {
      if (this.#failure) throw this.#failure;
      try {
        return operation(stream, ...rest);
      } catch (error) {
        if (!NODEFS.realPath(stream.node).includes('/pg_wal/')) throw error;
        throw (this.#failure = new LogFailure(error));
      }
    };
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
  ({ nfd, node }: Stream): number => {
    const file = nfd ?? openSync(NODEFS.realPath(node), 'r');
    try {
      fsyncSync(file);
    } finally {
      if (nfd === undefined) closeSync(file);
    }
    return 0;
  };

/** At once; a disk that flushes for one flushes for all that wait: a new database of 970 files 3.4 s one by one, 0.6 so. */
const FLUSHES = 16;

/** Everything below, and the directory itself. */
export async function flushDirectory(path: string): Promise<void> {
  const entries = await readdir(path, { withFileTypes: true, recursive: true });
  const paths = entries
    .filter((entry) => entry.isFile() || entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name));
  const next = [...paths, path].values();
  const flushAll = async (): Promise<void> => {
    for (const one of next) await syncPath(one);
  };
  await Promise.all(Array.from({ length: FLUSHES }, flushAll));
}

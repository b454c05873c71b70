import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** Another process works in the directory. */
export class DirectoryInUseError extends Error {
  constructor(directory: string, pid: number | undefined) {
    super(
      `The data directory ${directory} is in use by ${pid === undefined ? 'another process' : `process ${pid}`}. ` +
        'Stop that process, or set TRACEHOUSE_DATA_DIR to another directory.',
    );
    this.name = 'DirectoryInUseError';
  }
}

/** What one process has to itself until it closes it or dies. */
export interface DataDirectory {
  /** Absolute. */
  readonly path: string;
  /** Absolute path of something inside. */
  inside(...parts: string[]): string;
  /** Lets the next process in; only after the stores inside are closed. */
  close(): Promise<void>;
}

/**
 * Makes the directory if need be and takes its lock: neither PGlite nor a generated secret would survive two processes.
 * @throws DirectoryInUseError
 */
export async function openDataDirectory(path: string): Promise<DataDirectory> {
  const directory = resolve(path);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const pidFile = join(directory, 'tracehouse.pid');
  const lock = takeLock(join(directory, 'tracehouse.lock'));
  if (!lock) throw new DirectoryInUseError(directory, await readPid(pidFile));
  await writePrivateFile(pidFile, `${process.pid}\n`);
  return {
    path: directory,
    inside: (...parts) => join(directory, ...parts),
    async close() {
      // While the lock is still ours: afterwards the file may be the next process's.
      await rm(pidFile, { force: true });
      lock.close();
    },
  };
}

/**
 * The lock is SQLite's own on an empty database, because that is the one way Node has to a lock of the operating system,
 * on Linux and macOS alike: it ends with the process however that dies, knows no process ids that are given out again,
 * and of two that start together exactly one gets it. The file itself says nothing and may stay.
 */
function takeLock(file: string): { close(): void } | undefined {
  const database = new DatabaseSync(file, { timeout: LOCK_WAIT_MS });
  try {
    // Without this an empty journal would lie beside the file after a kill.
    database.exec('PRAGMA journal_mode = MEMORY');
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if ((error as { errcode?: number }).errcode === SQLITE_BUSY) return undefined;
    throw new Error(`The data directory cannot be locked: ${file}`, { cause: error });
  }
  return database;
}

const SQLITE_BUSY = 5;
// Of two that start at the same moment each may see the other on its way; the one that steps back needs a second look.
const LOCK_WAIT_MS = 300;

/** Undefined in the moment between the lock and the file. */
async function readPid(file: string): Promise<number | undefined> {
  const text = await readTextFile(file);
  return text !== undefined && /^\d+\n$/.test(text) ? Number(text) : undefined;
}

/** Undefined when there is no such file. */
export async function readTextFile(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Whole or not at all, on the disk before it answers, readable by this user alone. */
export async function writePrivateFile(file: string, text: string): Promise<void> {
  const unfinished = `${file}.new`;
  // One left by a crash may have been made with other rights.
  await rm(unfinished, { force: true });
  const handle = await open(unfinished, 'wx', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(unfinished, file);
}

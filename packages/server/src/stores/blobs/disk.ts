import { randomUUID } from 'node:crypto';
import { mkdir, open, opendir, rename, rm, rmdir, stat } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { syncPath } from '../sync-path.ts';
import { type BlobStat, type Blobs, checkBlobName } from './blobs.ts';

/** Begins with a dot, which no name of a blob does. */
const UNFINISHED = '.unfinished';

/** Blobs as files below a directory. `fsync` off: they survive the end of the process alone, not the loss of power. */
export async function openDiskBlobs(directory: string, { fsync }: { fsync: boolean }): Promise<Blobs> {
  const unfinished = join(directory, UNFINISHED);
  // What an earlier process did not finish was never acknowledged.
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { recursive: true, mode: 0o700 });

  const pathOf = (name: string): string => {
    checkBlobName(name);
    return join(directory, name);
  };

  async function write(path: string, content: Parameters<Blobs['put']>[1]): Promise<void> {
    const file = await open(path, 'wx', 0o600);
    try {
      await file.writeFile(content);
      if (fsync) await file.sync();
    } finally {
      await file.close();
    }
  }

  /** The folder may be taken away between its making and the move, by the deletion of the last file in it. */
  async function move(from: string, to: string, attempts = 5): Promise<void> {
    let made: string | undefined;
    try {
      made = await mkdir(dirname(to), { recursive: true, mode: 0o700 });
      await rename(from, to);
    } catch (error) {
      if (!isMissing(error) || attempts === 1) throw error;
      return move(from, to, attempts - 1);
    }
    if (fsync) await syncDirectories(dirname(to), made === undefined ? dirname(to) : dirname(made));
  }

  return {
    async put(name, content) {
      const path = pathOf(name);
      const temporary = join(unfinished, randomUUID());
      try {
        await write(temporary, content);
        await move(temporary, path);
      } catch (error) {
        await rm(temporary, { force: true });
        throw error;
      }
    },

    async get(name, range) {
      const path = pathOf(name);
      const file = await orNull(open(path, 'r'));
      return file?.createReadStream(range && { start: range.first, end: range.last }) ?? null;
    },

    async stat(name) {
      const found = await orNull(stat(pathOf(name)));
      return found && found.isFile() ? { name, sizeBytes: found.size, storedAt: found.mtime } : null;
    },

    async delete(names) {
      for (const name of names) {
        const path = pathOf(name);
        await rm(path, { force: true });
        await removeEmpty(dirname(path), directory);
      }
    },

    async *list(prefix) {
      if (prefix !== '') checkBlobName(prefix.slice(0, -1));
      yield* filesBelow(join(directory, prefix), directory);
    },
  };
}

/** From the lower one up to the upper one: a new name is only safe when every folder on the way to it is. */
async function syncDirectories(lower: string, upper: string): Promise<void> {
  for (let path = lower; ; path = dirname(path)) {
    await syncPath(path);
    if (path === upper || path === dirname(path)) return;
  }
}

/** Folders that hold nothing any more, up to the root. */
async function removeEmpty(path: string, root: string): Promise<void> {
  for (let folder = path; folder !== root; folder = dirname(folder)) {
    const isGone = await rmdir(folder).then(
      () => true,
      () => false,
    );
    if (!isGone) return;
  }
}

async function* filesBelow(path: string, root: string): AsyncIterable<BlobStat> {
  const folder = await orNull(opendir(path));
  if (folder === null) return;
  for await (const entry of folder) {
    const inside = join(path, entry.name);
    if (entry.name.startsWith('.')) continue;
    if (entry.isDirectory()) yield* filesBelow(inside, root);
    const found = entry.isFile() ? await orNull(stat(inside)) : null;
    if (found) {
      yield { name: relative(root, inside).split(sep).join('/'), sizeBytes: found.size, storedAt: found.mtime };
    }
  }
}

const isMissing = (error: unknown): boolean => {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ENOTDIR';
};

const orNull = <Found>(work: Promise<Found>): Promise<Found | null> =>
  work.catch((error: unknown) => {
    if (isMissing(error)) return null;
    throw error;
  });

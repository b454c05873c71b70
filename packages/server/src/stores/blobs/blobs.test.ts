import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { describeBlobs } from './blobs.contract.ts';
import { openDiskBlobs } from './disk.ts';

const directories: string[] = [];
const newDirectory = async (): Promise<string> => {
  directories.push(await mkdtemp(join(tmpdir(), 'tracehouse-blobs-')));
  return directories.at(-1)!;
};
afterAll(() => Promise.all(directories.map((directory) => rm(directory, { recursive: true }))));

describeBlobs('disk', { open: async () => openDiskBlobs(await newDirectory(), { fsync: false }) });
describeBlobs('disk, flushed', { open: async () => openDiskBlobs(await newDirectory(), { fsync: true }) });

test('what a process left unfinished is gone with the next start; what it stored is there', async () => {
  const directory = await newDirectory();
  const first = await openDiskBlobs(directory, { fsync: true });
  await first.put('kept/x', Buffer.from('kept'));
  const writing = Promise.withResolvers<void>();
  void first
    .put(
      'kept/y',
      (async function* () {
        yield Buffer.from('half');
        writing.resolve();
        await new Promise(() => undefined);
      })(),
    )
    .catch(() => undefined);
  await writing.promise;
  const second = await openDiskBlobs(directory, { fsync: true });
  expect(await readdir(join(directory, '.unfinished'))).toEqual([]);
  expect((await Array.fromAsync(second.list(''))).map(({ name }) => name)).toEqual(['kept/x']);
});

test('folders go with the last file in them', async () => {
  const directory = await newDirectory();
  const blobs = await openDiskBlobs(directory, { fsync: false });
  await blobs.put('a/b/c', Buffer.from('x'));
  await blobs.delete(['a/b/c']);
  expect(await readdir(directory)).toEqual(['.unfinished']);
});

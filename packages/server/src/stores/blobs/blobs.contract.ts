import { buffer } from 'node:stream/consumers';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Blobs } from './blobs.ts';

const text = async (blobs: Blobs, name: string, range?: { first: number; last: number }): Promise<string | null> => {
  const stream = await blobs.get(name, range);
  return stream === null ? null : (await buffer(stream)).toString();
};

const namesIn = async (blobs: Blobs, prefix: '' | `${string}/`): Promise<string[]> =>
  (await Array.fromAsync(blobs.list(prefix))).map(({ name }) => name).toSorted();

/** What every driver of blobs does. */
export function describeBlobs(driver: string, { open }: { open(): Promise<Blobs> }): void {
  describe(driver, () => {
    let blobs: Blobs;
    beforeAll(async () => {
      blobs = await open();
    });

    test('what was put is read back, whole and in part, from bytes and from a stream', async () => {
      await blobs.put('read/a', Buffer.from('0123456789'));
      await blobs.put(
        'read/b',
        (async function* () {
          yield Buffer.from('first ');
          yield Buffer.from('second');
        })(),
      );
      expect(await text(blobs, 'read/a')).toBe('0123456789');
      expect(await text(blobs, 'read/a', { first: 2, last: 4 })).toBe('234');
      expect(await text(blobs, 'read/b')).toBe('first second');
      expect(await blobs.stat('read/b')).toMatchObject({ name: 'read/b', sizeBytes: 12, storedAt: expect.any(Date) });
    });

    test('what is not there is null, and may be deleted', async () => {
      expect(await blobs.get('nothing/here')).toBeNull();
      expect(await blobs.stat('nothing/here')).toBeNull();
      expect(await blobs.stat('nothing')).toBeNull();
      await blobs.delete(['nothing/here']);
      expect(await namesIn(blobs, 'nothing/')).toEqual([]);
    });

    test('another one of the same name replaces it', async () => {
      await blobs.put('again/x', Buffer.from('a longer text'));
      await blobs.put('again/x', Buffer.from('short'));
      expect(await text(blobs, 'again/x')).toBe('short');
    });

    test('a stream that fails half-way leaves nothing behind, and what was there stays', async () => {
      await blobs.put('half/there', Buffer.from('kept'));
      const failing = async function* () {
        yield Buffer.alloc(100_000);
        throw new Error('the sender went');
      };
      await expect(blobs.put('half/there', failing())).rejects.toThrow('the sender went');
      await expect(blobs.put('half/new', failing())).rejects.toThrow('the sender went');
      expect(await text(blobs, 'half/there')).toBe('kept');
      expect(await namesIn(blobs, 'half/')).toEqual(['half/there']);
    });

    test('lists are by whole segments', async () => {
      for (const name of ['list/ab/1', 'list/ab/2', 'list/abc/3', 'list/b']) await blobs.put(name, Buffer.from(name));
      expect(await namesIn(blobs, 'list/ab/')).toEqual(['list/ab/1', 'list/ab/2']);
      expect(await namesIn(blobs, 'list/')).toEqual(['list/ab/1', 'list/ab/2', 'list/abc/3', 'list/b']);
      await blobs.delete(['list/ab/1', 'list/abc/3']);
      expect(await namesIn(blobs, 'list/')).toEqual(['list/ab/2', 'list/b']);
      expect(await namesIn(blobs, '')).toEqual(expect.arrayContaining(['list/ab/2', 'list/b']));
    });

    test('putting and deleting at once in one place loses nothing that was put last', async () => {
      for (let round = 0; round < 20; round += 1) {
        await blobs.put('race/old', Buffer.from('old'));
        await Promise.all([blobs.delete(['race/old']), blobs.put('race/new', Buffer.from('new'))]);
        expect(await text(blobs, 'race/new')).toBe('new');
        await blobs.delete(['race/new']);
      }
    });

    test.each(['', '/etc/passwd', '../up', 'a/../b', 'a//b', 'a/', '.hidden', 'a\0b', 'a\\b', 'a b'])(
      'no blob is called %j',
      async (name) => {
        await expect(blobs.put(name, Buffer.from('x'))).rejects.toThrow('Not a name of a blob');
        await expect(blobs.get(name)).rejects.toThrow('Not a name of a blob');
        await expect(blobs.delete([name])).rejects.toThrow('Not a name of a blob');
      },
    );
  });
}

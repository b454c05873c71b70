import { expect, test } from 'vitest';
import { createSharedWork } from './shared-work.ts';

/** Work that ends when it is told to, or is ended. */
function pieceOfWork() {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let begun = 0;
  let ended = false;
  return {
    finish: resolve,
    fail: reject,
    begun: () => begun,
    isEnded: () => ended,
    work(signal: AbortSignal): Promise<string> {
      begun += 1;
      signal.addEventListener('abort', () => {
        ended = true;
        reject(new Error('ended'));
      });
      return promise;
    },
  };
}
const forEver = () => new AbortController().signal;

test('all who ask for the same have one piece of work done, and whoever comes later has what it gave', async () => {
  const shared = createSharedWork<string>({ maxKept: 10 });
  const piece = pieceOfWork();
  const asked = [shared.get('a', forEver(), piece.work), shared.get('a', forEver(), piece.work)];
  piece.finish('done');
  expect(await Promise.all(asked)).toEqual(['done', 'done']);
  expect(await shared.get('a', forEver(), piece.work)).toBe('done');
  expect(piece.begun()).toBe(1);
});

test('it goes on while somebody waits, and ends when the last has left', async () => {
  const shared = createSharedWork<string>({ maxKept: 10 });
  const piece = pieceOfWork();
  const [one, other] = [new AbortController(), new AbortController()];
  const asked = [one, other].map(({ signal }) => shared.get('a', signal, piece.work).catch(String));
  await Promise.resolve();
  one.abort();
  expect(piece.isEnded()).toBe(false);
  other.abort();
  expect(await Promise.all(asked)).toEqual(['Error: ended', 'Error: ended']);
  const next = pieceOfWork();
  next.finish('done');
  expect(await shared.get('a', forEver(), next.work)).toBe('done');
});

test('what failed is done again for the next who asks', async () => {
  const shared = createSharedWork<string>({ maxKept: 10 });
  const [piece, next] = [pieceOfWork(), pieceOfWork()];
  piece.fail(new Error('too heavy'));
  await expect(shared.get('a', forEver(), piece.work)).rejects.toThrow('too heavy');
  next.finish('done');
  expect(await shared.get('a', forEver(), next.work)).toBe('done');
});

test('different pieces are done one after the other, and the oldest make room', async () => {
  const shared = createSharedWork<string>({ maxKept: 2 });
  const [first, second, third] = [pieceOfWork(), pieceOfWork(), pieceOfWork()];
  const asked = [shared.get('a', forEver(), first.work), shared.get('b', forEver(), second.work)];
  await Promise.resolve();
  expect([first.begun(), second.begun()]).toEqual([1, 0]);
  first.finish('a');
  await asked[0];
  second.finish('b');
  expect(await asked[1]).toBe('b');
  third.finish('c');
  expect(await shared.get('c', forEver(), third.work)).toBe('c');
  const again = pieceOfWork();
  again.finish('a again');
  expect(await shared.get('a', forEver(), again.work)).toBe('a again');
});

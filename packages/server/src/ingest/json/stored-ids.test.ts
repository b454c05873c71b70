import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  createEngineDouble,
  createStoreOn,
  type GivenEvent,
  journalOver,
  p1,
  receipt,
  state,
} from './engine-double.ts';
import type { ObservationKey } from './kinds.ts';
import { createStoredIds, noteIds, type ReadIds } from './stored-ids.ts';

const DAY = 86_400_000_000;
const observation = (id: string): ObservationKey => ({ kind: 'observation', id });

function create({
  stored = [],
  read,
  maxIds,
}: {
  stored?: { key: ObservationKey; at: number }[];
  read?: ReadIds;
  maxIds?: number;
} = {}) {
  let nowMicros = receipt;
  let questions = 0;
  const ids = createStoredIds({
    readIds: async (scope, range) => {
      questions += 1;
      if (read) return read(scope, range);
      return stored.filter(({ at }) => at >= range.from && at < (range.to ?? Infinity)).map(({ key }) => key);
    },
    settled: async () => undefined,
    now: () => nowMicros,
    ...(maxIds !== undefined && { maxIds }),
  });
  const isNew = (key: ObservationKey, at = receipt): boolean => ids.isNew(p1, key, [at]);
  return {
    ids,
    isNew,
    questions: () => questions,
    wait: (micros: number) => (nowMicros += micros),
    /** Asks for the first time, and waits until the ids are read. */
    async begin() {
      isNew(observation('first'));
      await new Promise((resolve) => setTimeout(resolve, 0));
    },
  };
}

test('nothing is known to be new until the ids of the last two days are read', async () => {
  const { isNew, begin } = create({ stored: [{ key: observation('old'), at: receipt - DAY }] });
  expect(isNew(observation('new'))).toBe(false);
  await begin();
  expect(isNew(observation('new'))).toBe(true);
  expect(isNew(observation('old'))).toBe(false);
  expect(isNew({ kind: 'trace', id: 'old' })).toBe(true);
});

test('what was stored since is not new, in its project', async () => {
  const { ids, isNew, begin } = create();
  await begin();
  ids.add('p1', [observation('a')]);
  ids.add('p2', [observation('b')]);
  expect([isNew(observation('a')), isNew(observation('b'))]).toEqual([false, true]);
});

test('of a time that was not read it is not known', async () => {
  const { isNew, begin } = create();
  await begin();
  expect(isNew(observation('a'), receipt - 1.5 * DAY)).toBe(false);
  expect(isNew(observation('a'), receipt + DAY)).toBe(true);
});

test('no id that was stored or added is ever new', async () => {
  const text = fc.oneof(fc.string({ unit: 'binary' }), fc.uuid());
  await fc.assert(
    fc.asyncProperty(fc.array(text), fc.array(text), async (before, since) => {
      const { ids, isNew, begin } = create({ stored: before.map((id) => ({ key: observation(id), at: receipt })) });
      await begin();
      ids.add('p1', since.map(observation));
      expect([...before, ...since].filter((id) => isNew(observation(id)))).toEqual([]);
    }),
  );
});

test('of ten thousand others hardly one is taken for a stored one', async () => {
  const { ids, isNew, begin } = create({ maxIds: 10_000 });
  await begin();
  ids.add(
    'p1',
    Array.from({ length: 10_000 }, (_, i) => observation(`stored-${i}`)),
  );
  const mistaken = Array.from({ length: 10_000 }, (_, i) => `new-${i}`).filter((id) => !isNew(observation(id)));
  expect(mistaken.length).toBeLessThan(30);
});

test('when it is full, or the ids cannot be read, nothing is known for ten minutes; then it begins again', async () => {
  const full = create({ maxIds: 2 });
  await full.begin();
  full.ids.add('p1', ['a', 'b', 'c', 'd'].map(observation));
  let fails = true;
  const failing = create({
    read: async () => {
      if (fails) throw new Error('the engine is away');
      return [];
    },
  });
  await failing.begin();
  fails = false;
  for (const { isNew, begin, wait, questions } of [full, failing]) {
    const asked = questions();
    await begin();
    expect([isNew(observation('e')), questions()]).toEqual([false, asked]);
    wait(601_000_000);
    await begin();
    expect(isNew(observation('e'))).toBe(true);
  }
});

const event = (id: string, type: string, body: Record<string, unknown>): GivenEvent => ({
  id,
  type,
  timestamp: '2026-11-20T11:59:00Z',
  body,
});

test('a create of a new id asks the engine nothing; of a stored one it does, and changes it', async () => {
  const engine = createEngineDouble();
  const { ids, begin } = create();
  await begin();
  const journal = noteIds(
    journalOver(async (block) => engine.insert(block)),
    ids,
  );
  const store = createStoreOn(engine, { journal, storedIds: ids, maxCacheBytes: 0 });
  const send = (...events: GivenEvent[]) => store.store(p1, { events: state(events) }, receipt);
  await send(event('1', 'span-create', { id: 's', traceId: 't', name: 'n' }), event('2', 'trace-create', { id: 't' }));
  expect(engine.reads()).toBe(0);
  // Until the rows are applied the entities are in memory.
  await setImmediate();
  await send(event('3', 'span-create', { id: 's', traceId: 't', output: 'o' }));
  expect(engine.reads()).toBe(1);
  expect(engine.observations()).toMatchObject([{ name: 'n', output: 'o' }, { id: 't' }]);
});

test('rows that were encoded elsewhere are noted too', async () => {
  const { ids, isNew, begin } = create();
  await begin();
  const journal = noteIds(
    journalOver(async () => undefined),
    ids,
  );
  const keys = [{ ...observation('large'), traceId: 't', startTime: receipt }];
  const encoded = { bytes: new Uint8Array(1), rows: 1, traces: new Set(['t']), keys, unwritable: [], large: [] };
  await journal.append({ projectId: p1.projectId, observations: [], encoded, scores: [] });
  expect(isNew(observation('large'))).toBe(false);
  expect(isNew(observation('another'))).toBe(true);
});

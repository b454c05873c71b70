import { describe, expect, test } from 'vitest';
import { projectScope } from '../../stores/scope.ts';
import type { RowBlock } from '../journal.ts';
import type { LedgerEntry } from '../ledger/receipt.ts';
import { emptyRow, type ObservationRow } from '../observation.ts';
import {
  createEngineDouble,
  journalOver,
  createStoreOn,
  type GivenEvent,
  p1,
  receipt,
  state,
} from './engine-double.ts';
import type { StatementStoreNeeds } from './statement-store.ts';
import { toMicros } from './time.ts';

let nextId = 0;
const event = (type: string, timestamp: string, body: Record<string, unknown>): GivenEvent => ({
  id: `event-${(nextId += 1)}`,
  type,
  timestamp,
  body,
});

/** Requests one after the other; each forgets, so that the next reads the engine. */
function createDoor(needs: Partial<StatementStoreNeeds> = {}) {
  const engine = createEngineDouble();
  const store = createStoreOn(engine, { maxCacheBytes: 0, ...needs });
  return {
    engine,
    store,
    async send(...events: GivenEvent[]) {
      return store.store(p1, { events: state(events) }, receipt);
    },
    async only(): Promise<ObservationRow> {
      const rows = engine.observations();
      expect(rows).toHaveLength(1);
      return rows[0]!;
    },
  };
}

describe('finding what an event is about', () => {
  test('an update that comes months after its create lands on it', async () => {
    const { send, only } = createDoor();
    await send(event('span-create', '2026-06-01T10:00:00Z', { id: 's', traceId: 't', name: 'work' }));
    await send(event('span-update', '2026-11-01T10:00:00Z', { id: 's', traceId: 't', output: 'late' }));
    expect(await only()).toMatchObject({
      name: 'work',
      output: 'late',
      startTime: toMicros('2026-06-01T10:00:00Z'),
    });
  });

  test('a create that says a start months ago is found again by either time', async () => {
    const { send, only } = createDoor();
    const create = event('span-create', '2026-11-01T10:00:00Z', {
      id: 's',
      traceId: 't',
      startTime: '2026-03-01T00:00:00Z',
    });
    await send(event('span-update', '2026-11-01T10:00:05Z', { id: 's', output: 'first' }));
    await send(create);
    await send(create);
    await send(event('generation-create', '2026-11-01T10:00:01Z', { id: 's', traceId: 't', model: 'm' }));
    expect(await only()).toMatchObject({
      traceId: 't',
      type: 'GENERATION',
      output: 'first',
      model: 'm',
      startTime: toMicros('2026-03-01T00:00:00Z'),
    });
  });

  test('a create looks nearby only, an update that finds nothing there looks everywhere', async () => {
    const { engine, send } = createDoor();
    await send(event('span-create', '2026-11-01T10:00:00Z', { id: 'new' }));
    expect(engine.reads()).toBe(1);
    await send(event('span-update', '2026-11-01T10:00:00Z', { id: 'unknown' }));
    expect(engine.reads()).toBe(3);
    await send(event('trace-create', '2026-11-01T10:00:00Z', { id: 'trace' }));
    expect(engine.reads()).toBe(5); // at its place first
  });

  test('an update that names the trace of its observation finds it at its place, with one question', async () => {
    const { engine, send, only } = createDoor();
    await send(event('span-create', '2026-11-01T10:00:00Z', { id: 's', traceId: 't', name: 'work' }));
    const before = engine.reads();
    await send(event('span-update', '2026-11-01T10:20:00Z', { id: 's', traceId: 't', output: 'done' }));
    expect(engine.reads()).toBe(before + 1);
    expect(await only()).toMatchObject({ name: 'work', output: 'done' });
  });

  test('an update that names another trace than the one its observation was stored in lands on it', async () => {
    const { send, only } = createDoor();
    await send(event('span-create', '2026-11-01T10:00:00Z', { id: 's', name: 'work' }));
    await send(event('span-update', '2026-11-01T10:00:01Z', { id: 's', traceId: 't', output: 'done' }));
    expect(await only()).toMatchObject({ traceId: 't', name: 'work', output: 'done' });
    await send(event('span-update', '2026-11-01T10:00:02Z', { id: 's', traceId: 'other', level: 'ERROR' }));
    expect(await only()).toMatchObject({ traceId: 't', name: 'work', output: 'done', level: 'ERROR' });
  });

  test('an observation that moved to another trace is not found where it was', async () => {
    const { send, only } = createDoor();
    await send(event('span-create', '2026-11-01T10:00:05Z', { id: 's', traceId: 'late', name: 'work' }));
    await send(event('span-create', '2026-11-01T10:00:01Z', { id: 's', traceId: 'first', input: 'asked' }));
    expect(await only()).toMatchObject({ traceId: 'first' });
    await send(event('span-update', '2026-11-01T10:00:09Z', { id: 's', traceId: 'late', output: 'done' }));
    expect(await only()).toMatchObject({ traceId: 'first', name: 'work', input: 'asked', output: 'done' });
  });

  test('a request with its times close together asks once for all', async () => {
    const { engine, send } = createDoor();
    await send(
      ...Array.from({ length: 20 }, (_, index) => event('span-create', '2026-11-01T10:00:00Z', { id: `s${index}` })),
    );
    expect(engine.reads()).toBe(1);
    expect(engine.observations()).toHaveLength(20);
  });

  test('an entity in memory is not read again', async () => {
    const { engine, send, only } = createDoor({ maxCacheBytes: 1_000_000 });
    await send(event('span-create', '2026-11-01T10:00:00Z', { id: 's', traceId: 't' }));
    await send(event('span-update', '2026-11-01T10:00:01Z', { id: 's', output: 'x' }));
    expect(engine.reads()).toBe(1);
    expect((await only()).output).toBe('x');
  });
});

describe('rows that move', () => {
  test('a start in another hour leaves one row, one version above what removes the old one', async () => {
    const blocks: ObservationRow[] = [];
    const { send } = createDoor({
      journal: journalOver(async ({ observations }) => blocks.push(...observations)),
      maxCacheBytes: 1_000_000,
    });
    await send(event('span-update', '2026-11-01T10:59:59Z', { id: 's', traceId: 't' }));
    await send(
      event('span-create', '2026-11-01T10:59:59Z', { id: 's', traceId: 't', startTime: '2026-11-01T11:00:00Z' }),
    );
    const [first, moved, removed] = blocks;
    expect(blocks).toHaveLength(3);
    expect(removed).toMatchObject({ id: 's', isDeleted: true, startTime: first!.startTime, traceId: 't' });
    expect(removed!.rowVersion).toBe(moved!.rowVersion - 1);
    expect(removed!.rowVersion).toBeGreaterThan(first!.rowVersion);
  });

  test('an observation that learns its trace leaves the one it had of its own', async () => {
    const { send, only } = createDoor();
    await send(event('generation-update', '2026-11-01T10:00:02Z', { id: 'g', output: 'x' }));
    expect((await only()).traceId).toBe('g');
    await send(event('generation-create', '2026-11-01T10:00:01Z', { id: 'g', traceId: 't', input: 'y' }));
    expect(await only()).toMatchObject({ traceId: 't', input: 'y', output: 'x' });
  });
});

describe('rows of the OTLP door', () => {
  const span: ObservationRow = {
    ...emptyRow({
      projectId: 'p1',
      kind: 'observation',
      id: 's',
      traceId: 't',
      startTime: toMicros('2026-11-01T10:00:00.000001Z'),
      source: 'otlp',
    }),
    type: 'AGENT',
    name: 'from OTLP',
    environment: 'staging',
    output: 'old',
    endTime: toMicros('2026-11-01T10:00:09Z'),
    metadata: { kept: '{"a": 1}', shared: '{"x":1}' },
    attributes: { 'http.method': 'GET' },
    tags: ['a'],
    createdAt: receipt - 5,
    rowVersion: receipt - 5,
  };

  test('an event merges over them: what it says counts, everything else stays', async () => {
    const { engine, send, only } = createDoor();
    engine.insert({ projectId: 'p1', observations: [span], scores: [] });
    await send(
      event('span-update', '2026-11-01T10:00:10Z', {
        id: 's',
        traceId: 'other',
        startTime: '2026-11-01T09:00:00Z',
        environment: 'production',
        output: 'new',
        metadata: { shared: { y: 2 } },
      }),
    );
    expect(await only()).toMatchObject({
      ...span,
      output: 'new',
      metadata: { kept: '{"a": 1}', shared: '{"x":1,"y":2}' },
      eventTime: toMicros('2026-11-01T10:00:10Z'),
      clocks: expect.stringContaining('output') as string,
      sizeBytes: expect.any(Number) as number,
      updatedAt: receipt,
      rowVersion: receipt,
    });
  });

  test('a later event and an earlier one merge over what is left of them', async () => {
    const { engine, send, only } = createDoor();
    engine.insert({ projectId: 'p1', observations: [span], scores: [] });
    await send(event('span-update', '2026-11-01T10:00:10Z', { id: 's', output: 'new' }));
    await send(event('span-update', '2026-11-01T10:00:05Z', { id: 's', output: 'older', statusMessage: 'm' }));
    expect(await only()).toMatchObject({ output: 'new', statusMessage: 'm', type: 'AGENT', name: 'from OTLP' });
  });
});

describe('deleted traces', () => {
  test('events for them are dropped, and their last state is forgotten', async () => {
    const deleted = new Set<string>();
    const { engine, send, only } = createDoor({ maxCacheBytes: 1_000_000, deletedTraces: async () => deleted });
    await send(event('span-create', '2026-11-01T10:00:00Z', { id: 's', traceId: 't', name: 'secret' }));
    engine.deleteTrace('t');
    deleted.add('t');
    // This one does not say its trace; what is known of the span does.
    await send(event('span-update', '2026-11-01T10:00:01Z', { id: 's', output: 'x' }));
    expect(engine.observations()).toEqual([]);

    deleted.clear();
    await send(event('span-update', '2026-11-01T10:00:02Z', { id: 's', output: 'y' }));
    expect(await only()).toMatchObject({ name: '', output: 'y', traceId: 's' });
  });

  test('forgetTraces takes them out of memory at once', async () => {
    const { engine, store, send, only } = createDoor({ maxCacheBytes: 1_000_000 });
    await send(event('span-create', '2026-11-01T10:00:00Z', { id: 's', traceId: 't', name: 'secret' }));
    engine.deleteTrace('t');
    store.forgetTraces(p1, new Set(['t']));
    await send(event('span-update', '2026-11-01T10:00:01Z', { id: 's', traceId: 't', output: 'x' }));
    expect((await only()).name).toBe('');
  });
});

test('what another door stored meanwhile is read again before the next event is merged', async () => {
  const { engine, store, send, only } = createDoor({ maxCacheBytes: 1_000_000 });
  await send(event('span-create', '2026-11-01T10:00:00Z', { id: 's', traceId: 't', name: 'from an event' }));
  const [known] = engine.observations();
  const span = { ...known!, name: 'from a span', clocks: '', rowVersion: known!.rowVersion + 1 };
  engine.insert({ projectId: 'p1', observations: [span], scores: [] });
  store.overwritten(p1, [span]);
  await send(event('span-update', '2026-11-01T10:00:01Z', { id: 's', output: 'x' }));
  expect(await only()).toMatchObject({ name: 'from a span', output: 'x' });
});

test('the same ids in two projects are two entities', async () => {
  const { engine, store } = createDoor({ maxCacheBytes: 1_000_000 });
  const p2 = projectScope('p2');
  const create = (name: string) => event('span-create', '2026-11-01T10:00:00Z', { id: 's', traceId: 't', name });
  await store.store(p1, { events: state([create('one')]) }, receipt);
  await store.store(p2, { events: state([create('two')], { projectId: 'p2' }) }, receipt);
  const update = event('span-update', '2026-11-01T10:00:01Z', { id: 's', output: 'x' });
  await store.store(p1, { events: state([update]) }, receipt);
  expect(engine.observations('p1')).toMatchObject([{ name: 'one', output: 'x' }]);
  expect(engine.observations('p2')).toMatchObject([{ name: 'two', output: '' }]);
});

test('what is about many entities is stored in parts, the ledger with the last; sent again after one failed, it is there once', async () => {
  const engine = createEngineDouble();
  const blocks: RowBlock[] = [];
  let failing = 2;
  const journal = journalOver(async (block) => {
    failing -= 1;
    if (failing === 0) throw new Error('of the test');
    blocks.push(block);
    engine.insert(block);
  });
  const store = createStoreOn(engine, { journal, maxCacheBytes: 10_000_000 });
  const events = (type: string, second: number, says: object): GivenEvent[] =>
    Array.from({ length: 450 }, (_, i) =>
      event(type, `2026-11-01T10:00:0${second}Z`, { id: `s${i}`, traceId: `t${i}`, ...says }),
    );
  const ledger = { receipt: { id: 'r' }, refusedBody: null } as unknown as LedgerEntry;
  const told: number[] = [];
  const send = (those: GivenEvent[]) =>
    store.store(p1, { events: state(those) }, receipt, ({ traceIds }) => {
      told.push(traceIds.length);
      return ledger;
    });

  await expect(send(events('span-create', 0, { name: 'work' }))).rejects.toThrow('of the test');
  expect(told).toEqual([]);
  await send(events('span-create', 0, { name: 'work' }));
  await send(events('span-update', 1, { output: 'done' }));
  expect(told).toEqual([450, 450]);
  const rows = engine.observations();
  expect(rows).toHaveLength(450);
  for (const row of rows) expect(row).toMatchObject({ name: 'work', output: 'done' });
  expect(blocks.filter((block) => block.ledger === ledger)).toEqual([blocks.at(-4), blocks.at(-1)]);
});

import { describe, expect, test } from 'vitest';
import { OverloadedError, ValidationError } from '../../http/errors.ts';
import { createRefusedBodies } from '../ledger/refused-items.ts';
import { arrived, createEngineDouble, journalOver, createStoreOn, p1, receipt } from './engine-double.ts';
import { createJsonDoor, type IngestionAccess } from './ingest.ts';
import type { StatementStoreNeeds } from './statement-store.ts';

const T = '2026-11-20T10:00:00Z';

function createDoor(needs: Partial<StatementStoreNeeds> = {}) {
  const engine = createEngineDouble();
  const logged: object[] = [];
  const door = createJsonDoor({
    store: createStoreOn(engine, needs),
    findConfigs: async () => new Map(),
    refusedBodies: createRefusedBodies(() => new Date(T)),
    onReceipt: () => undefined,
    log: { info: (fields: object) => void logged.push(fields) },
    now: () => receipt,
  });
  return {
    engine,
    logged,
    ingest: (batch: unknown, access: IngestionAccess = 'project') => door.ingest(p1, access, { batch }, arrived),
    door,
  };
}

const event = (id: string, type: string, body: Record<string, unknown>, timestamp = T) => ({
  id,
  type,
  timestamp,
  body,
});

describe('the answer', () => {
  test('an empty batch is two empty lists', async () => {
    expect(await createDoor().ingest([])).toEqual({ successes: [], errors: [] });
  });

  test('successes are creates by time, then updates by time; logs are in neither list', async () => {
    const { ingest, logged } = createDoor();
    const result = await ingest([
      event('1', 'span-update', { id: 's', output: 'x' }, '2026-11-20T10:00:01Z'),
      event('2', 'sdk-log', { log: { secret: 1 } }),
      event('3', 'span-create', { id: 's' }, '2026-11-20T10:00:05Z'),
      event('4', 'trace-create', { id: 't' }, '2026-11-20T10:00:02Z'),
      event('5', 'score-create', { traceId: 't', name: 'n', value: 1 }, '2026-11-20T10:00:03Z'),
    ]);
    expect(result.successes).toEqual(['4', '5', '3', '1'].map((id) => ({ id, status: 201 })));
    expect(result.errors).toEqual([]);
    expect(logged).toEqual([{ projectId: 'p1', sdkName: 'python', sdkVersion: '2.60.10' }]);
  });

  test('a bad event is refused by itself, under its id or `unknown`, and the others are stored', async () => {
    const { ingest, engine } = createDoor();
    const { successes, errors } = await ingest([
      event('ok', 'trace-create', { id: 't' }),
      event('bad', 'span-create', { id: 's', level: 'FATAL' }),
      { type: 'trace-create' },
      7,
      event('runs', 'dataset-run-item-create', {}),
    ]);
    expect(successes).toEqual([{ id: 'ok', status: 201 }]);
    expect(errors.map(({ id, status, message }) => [id, status, message])).toEqual([
      ['bad', 400, 'Invalid request data'],
      ['unknown', 400, 'Invalid request data'],
      ['unknown', 400, 'Invalid request data'],
      ['runs', 400, 'Invalid request data'],
    ]);
    expect(engine.observations()).toHaveLength(1);
  });

  test('an event nested deeper than 100 levels is refused, one at a hundred is stored', async () => {
    const nest = (levels: number): unknown => (levels === 0 ? 1 : [nest(levels - 1)]);
    const { successes, errors } = await createDoor().ingest([
      event('deep', 'trace-create', { id: 't', input: nest(100) }),
      event('fine', 'trace-create', { id: 't', input: nest(98) }),
    ]);
    expect(successes).toEqual([{ id: 'fine', status: 201 }]);
    expect(errors).toMatchObject([{ id: 'deep', status: 400 }]);
  });

  test('an event without body.id is acknowledged and not stored', async () => {
    const { ingest, engine } = createDoor();
    expect((await ingest([event('1', 'trace-create', { name: 'n' })])).successes).toEqual([{ id: '1', status: 201 }]);
    expect(engine.observations()).toEqual([]);
  });

  test.each([
    [{}, 'Invalid input: expected array, received undefined'],
    [{ batch: {} }, 'Invalid input: expected array, received object'],
    ['hello', 'Invalid input: expected object, received string'],
  ])('%j is no batch', async (body, message) => {
    const answer = createDoor().door.ingest(p1, 'project', body, arrived);
    await expect(answer).rejects.toThrow(ValidationError);
    await expect(answer).rejects.toMatchObject({ issues: [{ message }] });
  });

  test('rows that could not be stored are no success', async () => {
    const { ingest } = createDoor({ journal: journalOver(() => Promise.reject(new OverloadedError('full'))) });
    await expect(ingest([event('1', 'trace-create', { id: 't' })])).rejects.toThrow(OverloadedError);
  });
});

describe('a key that may only send scores', () => {
  test('its scores are stored, everything else is refused', async () => {
    const { ingest, engine } = createDoor();
    const result = await ingest(
      [event('1', 'trace-create', { id: 't' }), event('2', 'score-create', { traceId: 't', name: 'n', value: 1 })],
      'scores',
    );
    expect(result).toEqual({
      successes: [{ id: '2', status: 201 }],
      errors: [{ id: '1', status: 401, message: 'Authentication error', error: 'Access Scope Denied' }],
    });
    expect(engine.observations()).toEqual([]);
    expect(engine.scores()).toHaveLength(1);
  });
});

test('a batch sent again changes nothing', async () => {
  const { ingest, engine } = createDoor();
  const batch = [
    event('1', 'trace-create', { id: 't', tags: ['a'], metadata: { a: 1 } }),
    event('2', 'generation-create', { id: 'g', traceId: 't', usageDetails: { input: 1 } }),
    event('3', 'score-create', { traceId: 't', name: 'n', value: 1 }),
  ];
  await ingest(batch);
  const shape = () =>
    [engine.observations(), engine.scores()].map((rows) => rows.map(({ rowVersion: _version, ...row }) => row));
  const before = shape();
  await ingest(batch);
  expect(shape()).toEqual(before);
});

test('events of a deleted trace are acknowledged, not stored, and said to be so', async () => {
  const { ingest, engine } = createDoor({ deletedTraces: async () => new Set(['gone']) });
  const { successes } = await ingest([
    event('1', 'trace-create', { id: 'gone' }),
    event('2', 'span-create', { id: 's', traceId: 'gone' }),
    event('3', 'score-create', { traceId: 'gone', name: 'n', value: 1 }),
    event('4', 'span-create', { id: 'other', traceId: 't' }),
  ]);
  expect(successes).toHaveLength(4);
  expect(engine.observations()).toMatchObject([{ id: 'other' }]);
  expect(engine.scores()).toEqual([]);
  expect(engine.receipts()).toMatchObject([
    { door: 'JSON', status: 207, received: 4, stored: 1, acknowledgedOnly: 3, codes: ['deleted_trace'] },
  ]);
});

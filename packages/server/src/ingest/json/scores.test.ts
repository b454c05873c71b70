import type { ScoreConfig } from '@tracehouse/contract/score-configs';
import { describe, expect, test } from 'vitest';
import { ValidationError } from '../../http/errors.ts';
import { createRefusedBodies } from '../ledger/refused-items.ts';
import type { ScoreRow } from '../score.ts';
import { arrived, createEngineDouble, createStoreOn, p1, receipt } from './engine-double.ts';
import { checkScore } from './score-rules.ts';
import { createScores, readScoreEvent } from './scores.ts';
import { toMicros } from './time.ts';

const config = (id: string, about: Pick<ScoreConfig, 'name' | 'dataType'> & Partial<ScoreConfig>): ScoreConfig => ({
  id,
  projectId: 'p1',
  isArchived: false,
  description: null,
  minValue: null,
  maxValue: null,
  categories: null,
  createdAt: '2026-11-01T00:00:00.000Z',
  updatedAt: '2026-11-01T00:00:00.000Z',
  ...about,
});

const configs = new Map(
  [
    config('accuracy', { name: 'accuracy', dataType: 'NUMERIC', minValue: 0, maxValue: 1 }),
    config('quality', {
      name: 'quality',
      dataType: 'CATEGORICAL',
      categories: [
        { label: 'bad', value: -1 },
        { label: 'good', value: 3 },
      ],
    }),
    config('ok', { name: 'ok', dataType: 'BOOLEAN' }),
    config('note', { name: 'note', dataType: 'TEXT' }),
    config('old', { name: 'old', dataType: 'NUMERIC', isArchived: true }),
  ].map((each) => [each.id, each]),
);

function createFeature() {
  const engine = createEngineDouble();
  let time = receipt;
  let ids = 0;
  const store = createStoreOn(engine);
  const scores = createScores({
    store,
    findConfigs: async () => configs,
    refusedBodies: createRefusedBodies(() => new Date()),
    onReceipt: () => undefined,
    now: () => (time += 1000),
    newId: () => `new-${(ids += 1)}`,
  });
  return { engine, store, create: (body: unknown) => scores.create(p1, body, arrived) };
}

describe('one score', () => {
  test('it answers the id it was given, or a new one', async () => {
    const { create } = createFeature();
    expect(await create({ id: 's', traceId: 't', name: 'n', value: 1 })).toEqual({ status: 200, body: { id: 's' } });
    expect(await create({ traceId: 't', name: 'n', value: 1 })).toEqual({ status: 200, body: { id: 'new-1' } });
  });

  test.each<[body: Record<string, unknown>, row: Partial<ScoreRow>]>([
    [{ value: 0.5 }, { dataType: 'NUMERIC', value: 0.5, stringValue: '' }],
    [{ value: 'good' }, { dataType: 'CATEGORICAL', value: 0, stringValue: 'good' }],
    [
      { value: 0, dataType: 'BOOLEAN' },
      { dataType: 'BOOLEAN', value: 0, stringValue: 'False' },
    ],
    [
      { value: 1, dataType: 'BOOLEAN' },
      { dataType: 'BOOLEAN', value: 1, stringValue: 'True' },
    ],
    [
      { value: 'words', dataType: 'TEXT' },
      { dataType: 'TEXT', value: 0, stringValue: '', longStringValue: 'words' },
    ],
    [
      { value: '{}', dataType: 'CORRECTION' },
      { name: 'output', dataType: 'CORRECTION', longStringValue: '{}' },
    ],
    [{ value: 1, environment: 'Langfuse-Prod' }, { environment: 'prod' }],
    [{ value: 1, metadata: 'note' }, { metadata: { metadata: 'note' } }],
    [
      { value: 1, source: 'ANNOTATION', configId: 'accuracy', queueId: 'q' },
      { source: 'ANNOTATION', configId: 'accuracy', queueId: 'q' },
    ],
    [{ value: true }, { dataType: 'BOOLEAN', value: 1, stringValue: 'True' }],
    [
      { value: false, dataType: 'BOOLEAN' },
      { dataType: 'BOOLEAN', value: 0, stringValue: 'False' },
    ],
    [
      { value: 'good', configId: 'quality' },
      { name: 'quality', dataType: 'CATEGORICAL', value: 3, stringValue: 'good' },
    ],
    [
      { value: 1, configId: 'ok' },
      { name: 'ok', dataType: 'BOOLEAN', value: 1, stringValue: 'True' },
    ],
    [
      { value: 'words', configId: 'note' },
      { name: 'note', dataType: 'TEXT', stringValue: '', longStringValue: 'words' },
    ],
    [
      { value: 1, configId: '' },
      { name: 'n', dataType: 'NUMERIC', configId: '' },
    ],
    [
      { value: 1, observationId: 'o', comment: null },
      { traceId: 't', observationId: 'o', comment: '' },
    ],
    [{ value: 1, timestamp: '2026-11-01T10:00:00Z' }, { timestamp: toMicros('2026-11-01T10:00:00Z') }],
    [{ value: 1 }, { timestamp: receipt + 1000, source: 'API', environment: 'default' }],
  ])('%j is kept as %j', async (body, row) => {
    const { create, engine } = createFeature();
    await create({ traceId: 't', name: 'n', ...body });
    expect(engine.scores()).toMatchObject([row]);
  });

  test('a second score of the same id changes what it says, and keeps its time and the rest', async () => {
    const { create, engine } = createFeature();
    const first = {
      id: 's',
      traceId: 't',
      name: 'n',
      value: 0.9,
      comment: 'a',
      metadata: { a: 1 },
      environment: 'staging',
    };
    await create(first);
    const { timestamp, createdAt } = engine.scores()[0]!;
    await create({ id: 's', traceId: 't', name: 'n', value: 0.95, comment: 'b', metadata: { b: 2 } });
    expect(engine.scores()).toMatchObject([
      { value: 0.95, comment: 'b', metadata: { a: '1', b: '2' }, environment: 'staging', timestamp, createdAt },
    ]);
    await create({ id: 's', traceId: 't', name: 'n', value: 'now a label' });
    expect(engine.scores()).toMatchObject([{ dataType: 'CATEGORICAL', value: 0, stringValue: 'now a label' }]);
  });

  test.each<[body: object, path: string, message: string]>([
    [{ value: 1, configId: 'nope' }, 'configId', "There is no score config 'nope' in this project"],
    [{ value: 1, configId: 'old' }, 'configId', "The score config 'old' is archived and takes no more scores"],
    [{ value: 9, configId: 'accuracy' }, 'value', "9 is above 1, the maximum of the score config 'accuracy'"],
    [{ value: -1, configId: 'accuracy' }, 'value', "-1 is below 0, the minimum of the score config 'accuracy'"],
    [
      { value: 'so', configId: 'quality' },
      'value',
      "'so' is no category of the score config 'quality', such as 'bad', 'good'",
    ],
    [{ value: 3, configId: 'quality' }, 'value', 'Invalid input: expected string, received number'],
    [
      { value: 1, configId: 'ok', dataType: 'NUMERIC' },
      'dataType',
      "The score config 'ok' takes scores of type BOOLEAN, not NUMERIC",
    ],
    [{ value: 2, configId: 'ok' }, 'value', 'Value must be a number equal to either 0 or 1 for data type BOOLEAN'],
    [{ value: true, dataType: 'NUMERIC' }, 'value', 'Invalid input'],
  ])('%j is refused for its %s: %s', async (body, field, message) => {
    const { create, engine } = createFeature();
    await expect(create({ traceId: 't', name: 'n', ...body })).rejects.toMatchObject({
      issues: [{ path: [field], message }],
    });
    expect(engine.scores()).toEqual([]);
  });

  test('a score that breaks a rule is refused with the issues', async () => {
    const { create, engine } = createFeature();
    await expect(create({ traceId: 't', sessionId: 's', name: 'n', value: 1 })).rejects.toThrow(ValidationError);
    expect(engine.scores()).toEqual([]);
  });
});

describe('a list of scores', () => {
  const score = (id: string) => ({ id, traceId: 't', name: 'n', value: 1 });

  test('all stored is 202', async () => {
    const { create, engine } = createFeature();
    expect(await create([score('a'), score('b')])).toEqual({ status: 202, body: { message: 'Accepted' } });
    expect(engine.scores()).toHaveLength(2);
  });

  test('some refused is 207 with their number and reasons, and the others are stored', async () => {
    const { create, engine } = createFeature();
    expect(await create([score('a'), { ...score('b'), dataType: 'BOOLEAN', value: 7 }])).toEqual({
      status: 207,
      body: {
        accepted: 1,
        rejected: 1,
        errors: [{ index: 1, message: 'value: Value must be a number equal to either 0 or 1 for data type BOOLEAN' }],
      },
    });
    expect(engine.scores()).toHaveLength(1);
  });

  test('an empty list is accepted', async () => {
    expect(await createFeature().create([])).toEqual({ status: 202, body: { message: 'Accepted' } });
  });
});

test('score events of one id give the same score in either order', async () => {
  const read = (id: string, timestamp: string, said: { value: number; comment?: string }) => {
    const checked = checkScore({ id: 's', traceId: 't', name: 'n', ...said }, new Map());
    if (!('score' in checked)) throw new Error('it was refused');
    return readScoreEvent({ id, timestamp, body: checked.score }, { projectId: 'p1', receivedAt: receipt });
  };
  const first = read('e1', '2026-11-01T10:00:00Z', { value: 1, comment: 'c' });
  const second = read('e2', '2026-11-01T11:00:00Z', { value: 2 });
  for (const order of [
    [first, second],
    [second, first],
  ]) {
    const { engine, store } = createFeature();
    for (const entity of order) await store.store(p1, { scores: [entity] }, receipt);
    expect(engine.scores()).toMatchObject([{ value: 2, comment: 'c', timestamp: toMicros('2026-11-01T10:00:00Z') }]);
  }
});

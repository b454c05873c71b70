import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Harness, openHarness, type Project } from '../harness.ts';

let harness: Harness;
let project: Project;
/** Name of a config → its id. */
const configs: Record<string, string> = {};

beforeAll(async () => {
  harness = await openHarness();
  harness.setNow(new Date()); // receipts are kept for some days
  project = await harness.project('scored');
  const given = [
    { name: 'accuracy', dataType: 'NUMERIC', minValue: 0, maxValue: 1 },
    { name: 'ok', dataType: 'BOOLEAN' },
    { name: 'note', dataType: 'TEXT' },
    {
      name: 'quality',
      dataType: 'CATEGORICAL',
      categories: [
        { label: 'bad', value: 0 },
        { label: 'good', value: 5 },
      ],
    },
  ];
  for (const config of given) configs[config.name] = (await project.post('/score-configs', config)).body.id;
});
afterAll(() => harness.close());

const event = (id: string, body: object) => ({
  id,
  type: 'score-create',
  timestamp: '2026-11-20T10:20:00.000Z',
  body: { traceId: 'events', name: 'n', ...body },
});

async function scoresOf(traceId: string) {
  await project.store([{ id: `root of ${traceId}`, traceId }]);
  return (await project.get(`/traces/${traceId}`)).body.scores;
}

test('a score takes the name and the type of its config, and the number of its category', async () => {
  const sent: [string, unknown][] = [
    ['accuracy', 0.5],
    ['ok', 1],
    ['note', 'in words'],
    ['quality', 'good'],
  ];
  for (const [name, value] of sent) {
    const score = { traceId: 'named', name: 'another', value, configId: configs[name] };
    expect((await project.post('/scores', score)).status).toBe(200);
  }
  const scores = await scoresOf('named');
  expect(scores).toHaveLength(4);
  expect(scores).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ name: 'accuracy', dataType: 'NUMERIC', value: 0.5 }),
      expect.objectContaining({ name: 'ok', dataType: 'BOOLEAN', value: 1, stringValue: 'True' }),
      expect.objectContaining({ name: 'note', dataType: 'TEXT', stringValue: 'in words' }),
      expect.objectContaining({ name: 'quality', dataType: 'CATEGORICAL', value: 5, stringValue: 'good' }),
    ]),
  );
});

test('what a config does not allow is 400 alone, counted in a list, and an error of its event in a batch', async () => {
  const bad = { traceId: 'refused', name: 'n', value: 7, configId: configs['accuracy'] };
  const message = "7 is above 1, the maximum of the score config 'accuracy'";
  const alone = await project.post('/scores', bad);
  expect(alone).toMatchObject({ status: 400, body: { error: [{ path: ['value'], message }] } });
  const good = { ...bad, value: 1 };
  const listed = await project.post('/scores', [good, bad]);
  expect(listed).toMatchObject({
    status: 207,
    body: { accepted: 1, rejected: 1, errors: [{ index: 1, message: `value: ${message}` }] },
  });
  const batch = await project.post('/ingestion', { batch: [event('e1', bad), event('e2', { ...good, id: 'kept' })] });
  expect(batch).toMatchObject({
    status: 207,
    body: {
      successes: [{ id: 'e2', status: 201 }],
      errors: [{ id: 'e1', status: 400, message: 'Invalid request data' }],
    },
  });
  expect(JSON.parse(batch.body.errors[0].error)).toMatchObject([{ path: ['body', 'value'], message }]);
  expect(await scoresOf('refused')).toHaveLength(2);

  const receipts = await Promise.all(
    [alone, listed, batch].map(async ({ headers }) => {
      return (await project.get(`/x/receipts/${String(headers['x-tracehouse-receipt'])}`)).body;
    }),
  );
  expect(receipts).toMatchObject([
    { door: 'scores', outcome: 'rejected', status: 400, rejected: 1, problems: [{ message: `value: ${message}` }] },
    { door: 'scores', outcome: 'partly', stored: 1, rejected: 1, problems: [{ message: `value: ${message}` }] },
    { door: 'JSON', outcome: 'partly', stored: 1, rejected: 1, problems: [{ code: 'bad_value', itemId: 'e1' }] },
  ]);
});

test('a config of another project is not there', async () => {
  const other = await harness.project('other');
  const score = { traceId: 't', name: 'n', value: 1, configId: configs['accuracy'] };
  expect(await other.post('/scores', score)).toMatchObject({ status: 400, body: { error: [{ path: ['configId'] }] } });
});

test('a change of a config counts from the next score on', async () => {
  const { id } = (await project.post('/score-configs', { name: 'moving', dataType: 'NUMERIC', maxValue: 1 })).body;
  const send = async (value: number) =>
    (await project.post('/scores', { traceId: 'moving', name: 'n', value, configId: id })).status;
  expect(await send(2)).toBe(400);
  await project.patch(`/score-configs/${id}`, { maxValue: 2 });
  expect(await send(2)).toBe(200);
  await project.patch(`/score-configs/${id}`, { isArchived: true });
  expect(await send(2)).toBe(400);
});

describe('a boolean as JSON has it', () => {
  test('is a BOOLEAN score through both doors', async () => {
    expect((await project.post('/scores', { id: 's1', traceId: 'bool', name: 'a', value: true })).status).toBe(200);
    const batch = [event('b1', { id: 's2', traceId: 'bool', value: false, dataType: 'BOOLEAN' })];
    expect((await project.post('/ingestion', { batch })).body.errors).toEqual([]);
    expect(await scoresOf('bool')).toMatchObject([
      { id: 's1', dataType: 'BOOLEAN', value: 1, stringValue: 'True' },
      { id: 's2', dataType: 'BOOLEAN', value: 0, stringValue: 'False' },
    ]);
  });

  test('is not taken for a number or a label', async () => {
    for (const dataType of ['NUMERIC', 'CATEGORICAL', 'TEXT']) {
      expect((await project.post('/scores', { traceId: 't', name: 'a', value: true, dataType })).status).toBe(400);
    }
  });
});

import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { at, type Harness, openHarness, type Project } from '../../features/harness.ts';
import { string } from '../../stores/clickhouse/sql.ts';
import { LARGE_BYTES } from './door.ts';

let harness: Harness;
beforeAll(async () => {
  harness = await openHarness();
  // The engine drops receipts of more than 7 days ago by its own clock.
  harness.setNow(new Date());
});
afterAll(() => harness.close());

const hex = (number: number, length: number): string => (number + 1).toString(16).padStart(length, '0');
const TEXT = 'What the model was asked, and what it said: naïve, 日本語, 🙂. '.repeat(30);

const span = (i: number, more: object = {}) => ({
  traceId: hex(Math.floor(i / 10), 32),
  spanId: hex(i, 16),
  name: `span ${i}`,
  startTimeUnixNano: String((at(0) + i) * 1000),
  endTimeUnixNano: String((at(1) + i) * 1000),
  attributes: [
    { key: 'gen_ai.request.model', value: { stringValue: 'gpt-4o' } },
    { key: 'gen_ai.usage.input_tokens', value: { intValue: '1200' } },
    { key: 'langfuse.observation.input', value: { stringValue: `${i} ${TEXT}` } },
  ],
  ...more,
});
const exported = (spans: object[]): string =>
  JSON.stringify({ resourceSpans: [{ scopeSpans: [{ scope: { name: 'large' }, spans }] }] });
const send = (project: Project, body: string) =>
  project.send('/otel/v1/traces', gzipSync(body), { 'content-encoding': 'gzip' });

const COUNT = 600;
const spans = Array.from({ length: COUNT }, (_, i) => span(i));
/** Every column of every row, the project apart. */
const rowsOf = async ({ id }: Project): Promise<unknown[]> => {
  const { sql, clickhouse } = harness;
  return clickhouse.rows(
    sql`SELECT * EXCEPT (project_id) FROM observations WHERE project_id = ${string(id)} ORDER BY id`,
  );
};

test('a large export is stored as many small ones are', async () => {
  const [small, large] = [await harness.project('in-small-ones'), await harness.project('in-one')];
  expect(exported(spans).length).toBeGreaterThan(LARGE_BYTES);
  for (let i = 0; i < COUNT; i += 100) await send(small, exported(spans.slice(i, i + 100)));
  expect(await send(large, exported(spans))).toMatchObject({ status: 200, body: {} });

  await Promise.all([small, large].map((project) => project.get(`/traces/${hex(0, 32)}`)));
  const rows = await rowsOf(large);
  expect(rows).toHaveLength(COUNT);
  expect(rows).toEqual(await rowsOf(small));
});

test('of a large export spans of a deleted trace are acknowledged and not stored, refused ones are told, the others are stored', async () => {
  const project = await harness.project('in-part');
  await send(project, exported([span(0)]));
  await project.delete(`/traces/${hex(0, 32)}`);
  const bad = { ...span(COUNT), spanId: '' };
  const answer = await send(project, exported([...spans, bad]));
  expect(answer).toMatchObject({ status: 200, body: { partialSuccess: { rejectedSpans: '1' } } });

  expect((await project.get(`/traces/${hex(0, 32)}`)).status).toBe(404);
  expect((await project.get(`/traces/${hex(1, 32)}`)).body.observations).toHaveLength(10);
  expect(await rowsOf(project)).toHaveLength(COUNT - 10);
  const receipt = (await project.get(`/x/receipts/${answer.headers['x-tracehouse-receipt']}`)).body;
  expect(receipt).toMatchObject({ stored: COUNT - 10, rejected: 1, acknowledgedOnly: 10 });
  expect([...receipt.codes].toSorted()).toEqual(['bad_id', 'deleted_trace']);
});

test('a span that came in a large export can be changed by an event of the JSON door', async () => {
  const project = await harness.project('then-changed');
  const update = (name: string) => ({
    batch: [
      {
        id: name,
        type: 'span-update',
        timestamp: harness.now().toISOString(),
        body: { id: hex(1, 16), traceId: hex(0, 32), startTime: new Date(at(0) / 1000).toISOString(), name },
      },
    ],
  });
  await project.post('/ingestion', update('before it came'));
  harness.wait(1);
  await send(project, exported(spans));
  harness.wait(1);
  await project.post('/ingestion', update('after it came'));
  const { body } = await project.get(`/observations/${hex(1, 16)}`);
  expect(body).toMatchObject({ name: 'after it came', model: 'gpt-4o' });
});

test('a large body that is no export is 400', async () => {
  const project = await harness.project('malformed');
  const answer = await send(project, `${exported(spans)}}`);
  expect(answer).toMatchObject({ status: 400, body: { error: expect.stringContaining('JSON') } });
});

test('200 bodies of 0.1 MB that inflate to 10 each: what the room for bodies does not hold is told when to come again', async () => {
  const project = await harness.project('bombed');
  const bomb = gzipSync(Buffer.alloc(10 * 1024 * 1024, '[{"a":1}], '));
  const large = Buffer.concat([bomb, Buffer.alloc(110_000)]);
  const before = process.memoryUsage.rss();
  let most = before;
  const watch = setInterval(() => (most = Math.max(most, process.memoryUsage.rss())), 20);
  const answers = await Promise.all(
    Array.from({ length: 200 }, () => project.send('/otel/v1/traces', large, { 'content-encoding': 'gzip' })),
  );
  clearInterval(watch);
  const refused = answers.filter(({ status }) => status === 503);
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([400, 503]));
  expect(refused.length).toBeGreaterThan(100);
  for (const { headers } of refused) expect(headers['retry-after']).toBe('1');
  // As sent they are 24 MB, inflated 2,000.
  expect((most - before) / 1024 / 1024).toBeLessThan(900);
});

import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { clickhouse, string } from '../../stores/clickhouse/sql.ts';
import { type Harness, openHarness, type Project } from '../../features/harness.ts';
import { fromObservationRow, toObservationRow } from '../json/rows.ts';
import { packRow, unpackRow } from '../json/stated-columns.ts';
import { decodeLogsJson } from './log-json.ts';
import { decodeLogsProtobuf } from './log-protobuf.ts';
import { readLog } from './log-statements.ts';
import { decodeProtobuf } from './protobuf.ts';
import { OtlpParseError } from './span.ts';

let harness: Harness;
beforeAll(async () => {
  harness = await openHarness();
  harness.setNow(new Date('2026-11-30T12:00:00Z'));
});
afterAll(() => harness.close());

let projects = 0;
const newProject = (): Promise<Project> => harness.project(`logs-${(projects += 1)}`);

interface Recorded {
  signal?: 'logs';
  headers: Record<string, string>;
  body: { base64: string };
}
const recorded = (name: string): Recorded[] =>
  (
    JSON.parse(readFileSync(new URL(`../../../../../fixtures/${name}.json`, import.meta.url), 'utf8')) as {
      requests: Recorded[];
    }
  ).requests;

const bytesOf = ({ body }: Recorded): Buffer => Buffer.from(body.base64, 'base64');

async function send(project: Project, request: Recorded): Promise<void> {
  const path = `/otel/v1/${request.signal ?? 'traces'}`;
  const answer = await project.send(path, bytesOf(request), { 'content-type': 'application/x-protobuf' });
  expect(answer.status).toBe(200);
}

/** Span and trace ids in the order they were called. */
const spansOf = (requests: readonly Recorded[]) =>
  requests
    .filter(({ signal }) => signal === undefined)
    .flatMap((request) => decodeProtobuf(bytesOf(request)).resources)
    .flatMap(({ scopes }) => scopes.flatMap(({ spans }) => spans))
    .toSorted((a, b) => a.startTime! - b.startTime!);

async function observationsOf(project: Project) {
  const { body } = await project.get('/observations?limit=100');
  return body.data
    .map(({ createdAt: _created, updatedAt: _updated, ...rest }: Record<string, unknown>) => rest)
    .toSorted((a: { startTime: string }, b: { startTime: string }) => (a.startTime < b.startTime ? -1 : 1));
}

const question = 'What is the capital of France?';
const answered = 'The capital of France is Paris.';

const clients = [
  {
    name: 'openai-v2-logs',
    input: [
      { role: 'system', content: 'be brief' },
      { role: 'user', content: question },
    ],
    output: { index: 0, finish_reason: 'stop', message: { role: 'assistant', content: answered } },
  },
  {
    name: 'openai-v2-logs-latest',
    input: [
      { role: 'system', parts: [{ type: 'text', content: 'be brief' }] },
      { role: 'user', parts: [{ type: 'text', content: question }] },
    ],
    output: [{ role: 'assistant', parts: [{ type: 'text', content: answered }], finish_reason: 'stop' }],
  },
] as const;

describe.each(clients)('what the OpenAI instrumentation sends as log records ($name)', ({ name, input, output }) => {
  const requests = recorded(name);

  test('becomes input and output of the observation of its span', async () => {
    const project = await newProject();
    for (const request of requests) await send(project, request);
    const [first, tool, afterTool, streamed] = await observationsOf(project);
    expect(first).toMatchObject({ name: 'chat gpt-4o-mini', type: 'GENERATION', model: 'gpt-4o-mini', input, output });
    expect(first.usageDetails).toEqual({ input: 120, output: 48, total: 168 });
    expect(JSON.stringify(tool.output)).toContain('get_weather');
    expect(JSON.stringify(afterTool.input)).toContain('20 degrees');
    expect(JSON.stringify(streamed.output)).toContain(answered);
    const calls = await harness.clickhouse.rows(clickhouse`
      SELECT tool_call_names AS names FROM observations FINAL
      WHERE project_id = ${string(project.id)} AND id = ${string(tool.id)}`);
    expect(calls).toEqual([{ names: ['get_weather'] }]);
  });

  test('whichever of the two comes first, split and sent again as often as one likes', async () => {
    const inOrder = await newProject();
    for (const request of requests) await send(inOrder, request);
    const expected = await observationsOf(inOrder);
    expect(expected).toHaveLength(4);
    await fc.assert(
      fc.asyncProperty(
        fc.shuffledSubarray(requests, { minLength: requests.length }),
        fc.array(fc.constantFrom(...requests), { maxLength: 3 }),
        fc.boolean(),
        async (order, again, atOnce) => {
          const project = await newProject();
          if (atOnce) await Promise.all(order.map((request) => send(project, request)));
          else for (const request of order) await send(project, request);
          for (const request of again) {
            harness.wait(1);
            await send(project, request);
          }
          const found = await observationsOf(project);
          expect(found.map(withoutProject)).toEqual(expected.map(withoutProject));
        },
      ),
      { numRuns: 8 },
    );
  }, 60_000);

  test('is an observation of its own while its span does not come', async () => {
    const project = await newProject();
    for (const request of requests.filter(({ signal }) => signal === 'logs')) await send(project, request);
    const [first] = await observationsOf(project);
    expect(first).toMatchObject({ id: spansOf(requests)[0]!.spanId, type: 'GENERATION', input, output });
    expect(first.environment).toBe('staging');
  });
});

const withoutProject = ({ projectId: _project, ...rest }: Record<string, unknown>): object => rest;

const T = '0af7651916cd43dd8448eb211c80319c';
const text = (key: string, stringValue: string) => ({ key, value: { stringValue } });
const record = (eventName: string, more: object = {}) => ({
  timeUnixNano: '1796022860906796890',
  eventName,
  traceId: T,
  spanId: 'b7ad6b7169203331',
  body: { kvlistValue: { values: [text('content', 'hello')] } },
  ...more,
});
const logs = (...logRecords: object[]) => ({ resourceLogs: [{ scopeLogs: [{ logRecords }] }] });
const receiptOf = async (project: Project, { headers }: { headers: Record<string, unknown> }) =>
  (await project.get(`/x/receipts/${String(headers['x-tracehouse-receipt'])}`)).body;

test('other log records are accepted, and the ledger says how many were not kept', async () => {
  const project = await newProject();
  const other = { ...record(''), body: { stringValue: 'started' } };
  const mixed = await project.post('/otel/v1/logs', logs(record('gen_ai.user.message'), other, record('my.event')));
  expect(mixed).toMatchObject({ status: 200, body: {} });
  expect(await receiptOf(project, mixed)).toMatchObject({
    outcome: 'partly',
    stored: 1,
    acknowledgedOnly: 2,
    codes: ['not_kept'],
    problems: [{ code: 'not_kept', count: 2 }],
    traceIds: [T],
  });
  const none = await project.post('/otel/v1/logs', logs(other));
  expect(none).toMatchObject({ status: 200, body: {} });
  expect(await receiptOf(project, none)).toMatchObject({ stored: 0, codes: ['not_kept'] });
  expect(await observationsOf(project)).toMatchObject([{ input: [{ role: 'user', content: 'hello' }] }]);
});

test('a GenAI event that names no span is refused, and that is said in the answer', async () => {
  const project = await newProject();
  const named = record('', { attributes: [text('event.name', 'gen_ai.user.message')] });
  const answer = await project.post('/otel/v1/logs', logs(named, record('gen_ai.choice', { spanId: '' })));
  expect(answer.body).toEqual({ partialSuccess: { rejectedLogRecords: '1', errorMessage: 'spanId:absent (1)' } });
  expect(await receiptOf(project, answer)).toMatchObject({ stored: 1, rejected: 1, codes: ['bad_id'] });
});

test('a log record of a trace deleted within a day is acknowledged and not stored', async () => {
  const project = await newProject();
  await project.post('/otel/v1/logs', logs(record('gen_ai.user.message')));
  await project.delete(`/traces/${T}`);
  const late = await project.post('/otel/v1/logs', logs(record('gen_ai.choice')));
  expect(late.status).toBe(200);
  expect(await receiptOf(project, late)).toMatchObject({ acknowledgedOnly: 1, codes: ['deleted_trace'] });
  expect(await observationsOf(project)).toEqual([]);
});

test.each([
  [{ resourceLogs: 5 }, 'resourceLogs'],
  [{ resourceLogs: [{ scopeLogs: {} }] }, 'scopeLogs'],
  [{ resourceLogs: [{ scopeLogs: [{ logRecords: 'x' }] }] }, 'logRecords'],
])('%j is answered with what is no list', async (body, field) => {
  const answer = await (await newProject()).post('/otel/v1/logs', body);
  expect(answer).toMatchObject({
    status: 200,
    body: { partialSuccess: { rejectedLogRecords: '1', errorMessage: `${field}:not an array (1)` } },
  });
});

test('a large export of spans is merged with what log records said, too', async () => {
  const project = await newProject();
  await project.post('/otel/v1/logs', logs(record('gen_ai.user.message')));
  const span = (spanId: string) => ({
    traceId: T,
    spanId,
    name: 'chat',
    startTimeUnixNano: '1796022860000000000',
    endTimeUnixNano: '1796022861000000000',
    attributes: [text('gen_ai.operation.name', 'chat'), text('padding', 'x'.repeat(300_000))],
  });
  const spans = { resourceSpans: [{ scopeSpans: [{ spans: [span('b7ad6b7169203332'), span('b7ad6b7169203331')] }] }] };
  expect((await project.post('/otel/v1/traces', spans)).status).toBe(200);
  const found = await observationsOf(project);
  expect(found).toHaveLength(2);
  expect(found.find(({ id }: { id: string }) => id === 'b7ad6b7169203331')).toMatchObject({
    name: 'chat',
    input: [{ role: 'user', content: 'hello' }],
    startTime: '2026-11-30T07:14:20.000Z',
  });
});

test('whatever is sent as log records, reading it ends with records or says that it cannot be read', () => {
  const good = recorded('openai-v2-logs').flatMap((request) => (request.signal === 'logs' ? [bytesOf(request)] : []));
  const isRead = (read: () => unknown): boolean => {
    try {
      read();
      return true;
    } catch (error) {
      return error instanceof OtlpParseError;
    }
  };
  fc.assert(
    fc.property(
      fc.constantFrom(...good),
      fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 4 }),
      fc.nat(),
      (bytes, changes, end) => {
        const spoilt = Buffer.from(bytes.subarray(0, bytes.length - (end % 5 === 0 ? end % bytes.length : 0)));
        for (const [at, byte] of changes) if (spoilt.length > 0) spoilt[at % spoilt.length] = byte;
        expect(isRead(() => decodeLogsProtobuf(spoilt))).toBe(true);
      },
    ),
    { numRuns: 2000 },
  );
  const part = fc.oneof(fc.constant(logs(record('gen_ai.choice'))['resourceLogs']), fc.jsonValue());
  fc.assert(
    fc.property(part, part, (a, b) => {
      const body = {
        resourceLogs: [
          a,
          {
            resource: b,
            scopeLogs: [
              { scope: a, logRecords: [record('gen_ai.choice', { body: b, attributes: a, traceId: b }), a] },
              b,
            ],
          },
        ],
      };
      expect(isRead(() => decodeLogsJson(Buffer.from(JSON.stringify(body))))).toBe(true);
    }),
    { numRuns: 2000 },
  );
});

test('what log records said is still there when the row was packed, or read again', () => {
  const sender = { projectId: 'p', publicKey: '', sdkName: '', sdkVersion: '', receivedAt: 1_796_040_000_000_000 };
  const { logs: decoded } = decodeLogsJson(Buffer.from(JSON.stringify(logs(record('gen_ai.user.message')))));
  const { entity } = readLog(decoded[0]!, sender);
  const row = toObservationRow(entity, 'observation', sender.receivedAt);
  expect(entity.logs).toHaveLength(1);
  expect(fromObservationRow(unpackRow('p', packRow(row))).logs).toEqual(entity.logs);
});

test('what the span says itself stands over what a log record says, whichever comes first', async () => {
  const span = {
    traceId: T,
    spanId: 'b7ad6b7169203331',
    name: 'chat',
    startTimeUnixNano: '1796022860000000000',
    endTimeUnixNano: '1796022861000000000',
    attributes: [text('gen_ai.operation.name', 'chat'), text('gen_ai.input.messages', '[{"role":"user"}]')],
  };
  const sends = [
    ['/otel/v1/traces', { resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] }],
    ['/otel/v1/logs', logs(record('gen_ai.user.message'))],
    ['/otel/v1/logs', logs(record('gen_ai.choice'))],
  ] as const;
  for (const order of [sends, sends.toReversed(), [sends[1], sends[0], sends[2]]]) {
    const project = await newProject();
    for (const [path, body] of order) await project.post(path, body);
    expect(await observationsOf(project)).toMatchObject([{ input: [{ role: 'user' }], output: { content: 'hello' } }]);
    expect((await observationsOf(project))[0].input[0]).toEqual({ role: 'user' });
  }
});

test('an event of the JSON door stands over what a log record said, however late that comes', async () => {
  const project = await newProject();
  const update = {
    id: 'e',
    type: 'generation-update',
    timestamp: '2026-11-30T08:00:00Z',
    body: { id: 'b7ad6b7169203331', traceId: T, input: 'by hand' },
  };
  await project.post('/ingestion', { batch: [update] });
  await project.post('/otel/v1/logs', logs(record('gen_ai.user.message'), record('gen_ai.choice')));
  expect(await observationsOf(project)).toMatchObject([{ input: 'by hand', output: { content: 'hello' } }]);
});

test.each(['application/json', 'application/x-protobuf'])('a body that is no %s is answered 400', async (type) => {
  const project = await newProject();
  const answer = await project.send('/otel/v1/logs', Buffer.from('{{'), { 'content-type': type });
  expect(answer.status).toBe(400);
});

import { describe, expect, test } from 'vitest';
import { exampleExport, mapExample, receivedAt, startedAt } from './example-span.ts';
import { mapExport } from './map.ts';
import { reject } from './span.ts';

const second = 1_000_000;
const day = 86_400 * second;

describe('times', () => {
  test('a span keeps its own', () => {
    expect(mapExample({})).toMatchObject({
      startTime: startedAt,
      endTime: startedAt + 2 * second,
      eventTime: startedAt + 2 * second,
      createdAt: receivedAt,
      updatedAt: receivedAt,
      timeAdjusted: false,
    });
  });

  test.each([
    ['a missing end is the start', { endTime: null }, startedAt, startedAt],
    ['a missing start is the end', { startTime: null, endTime: startedAt }, startedAt, startedAt],
    ['with neither both are receipt', { startTime: null, endTime: null }, receivedAt, receivedAt],
    ['an end before the start is the start', { endTime: startedAt - second }, startedAt, startedAt],
  ])('%s', (_rule, span, startTime, endTime) => {
    expect(mapExample({ span })).toMatchObject({ startTime, endTime, timeAdjusted: false });
  });

  test.each([
    ['five years and a day ago', receivedAt - 5 * 365.25 * day - day],
    ['the day after tomorrow', receivedAt + 2 * day],
    ['1970', second],
  ])('a span of %s is stored at receipt, as long as it was, and marked', (_when, startTime) => {
    expect(mapExample({ span: { startTime, endTime: startTime + 3 * second } })).toMatchObject({
      startTime: receivedAt,
      endTime: receivedAt + 3 * second,
      timeAdjusted: true,
    });
  });

  test('a first token moves with its span', () => {
    const row = mapExample({
      span: { startTime: second, endTime: 3 * second },
      attributes: { 'gen_ai.response.time_to_first_chunk': 0.5 },
    });
    expect(row.completionStartTime).toBe(receivedAt + second / 2);
  });
});

describe('the same id again', () => {
  test('an ended span outranks an unfinished one received later', () => {
    const ended = mapExample({}).rowVersion;
    const unfinished = mapExample({ span: { endTime: null } }).rowVersion;
    expect(unfinished + 365 * day).toBeLessThan(ended);
    expect(unfinished).toBeGreaterThan(0);
  });

  test('of two ended ones the later received wins', () => {
    const options = { projectId: 'p', publicKey: '', sdkName: '', sdkVersion: '' };
    const [first, second_] = [0, 1].map(
      (later) => mapExport(exampleExport({}), { ...options, now: receivedAt + later }).rows[0]!,
    );
    expect(second_!.rowVersion).toBeGreaterThan(first!.rowVersion);
  });
});

describe('level and status message', () => {
  const failed = { statusCode: 2 };
  const exception = [
    { name: 'exception', attributes: { 'exception.type': 'ValueError', 'exception.message': 'from the event' } },
  ];

  test.each([
    ['nothing said', {}, 'DEFAULT', ''],
    ['a failed span', { span: { ...failed, statusMessage: 'boom' } }, 'ERROR', 'boom'],
    [
      'a level of its own before the status',
      { span: failed, attributes: { 'langfuse.observation.level': 'warning' } },
      'WARNING',
      '',
    ],
    ['a level nobody knows', { attributes: { 'langfuse.observation.level': 'loud' } }, 'DEFAULT', ''],
    [
      'a message of its own before the status',
      { span: { ...failed, statusMessage: 'boom' }, attributes: { 'langfuse.observation.status_message': 'own' } },
      'ERROR',
      'own',
    ],
    [
      'error.message before the exception event',
      { span: failed, attributes: { 'error.message': 'from the attribute' }, events: exception },
      'ERROR',
      'from the attribute',
    ],
    ['the exception event at last', { span: failed, events: exception }, 'ERROR', 'from the event'],
    ['an exception that was handled', { events: exception }, 'DEFAULT', ''],
  ])('%s', (_case, example, level, statusMessage) => {
    expect(mapExample(example)).toMatchObject({ level, statusMessage });
  });
});

describe('what no rule turned into payload or metadata', () => {
  test('stays under its own key, other values than text as JSON text', () => {
    expect(
      mapExample({
        attributes: {
          'http.request.method': 'GET',
          'http.response.status_code': 200,
          'session.id': 's',
          'input.value': 'x',
          list: [1, true],
        },
      }).attributes,
    ).toEqual({
      'http.request.method': 'GET',
      'http.response.status_code': '200',
      'session.id': 's',
      list: '[1,true]',
    });
  });

  test('is not kept for spans of the Langfuse SDK', () => {
    expect(
      mapExample({ scope: { name: 'langfuse-sdk' }, attributes: { 'langfuse.observation.type': 'agent', x: 1 } })
        .attributes,
    ).toEqual({});
  });

  test('survives a key `__proto__`', () => {
    const attributes = JSON.parse('{"__proto__": "a", "constructor": "b"}') as Record<string, string>;
    const row = mapExample({ attributes, resource: attributes });
    expect(Object.entries(row.attributes)).toEqual([
      ['__proto__', 'a'],
      ['constructor', 'b'],
    ]);
    expect(Object.entries(row.resourceAttributes)).toEqual([
      ['__proto__', 'a'],
      ['constructor', 'b'],
    ]);
  });
});

test('resource, scope and events are kept beside it', () => {
  const row = mapExample({
    resource: { 'service.name': 'svc', 'service.version': '1.2', 'process.pid': 7 },
    scope: { name: 'my.tracer', version: '3', attributes: { public_key: 'pk' } },
    events: [{ name: 'retry', attributes: { attempt: 2 } }],
  });
  expect(row).toMatchObject({
    serviceName: 'svc',
    serviceVersion: '1.2',
    version: '1.2',
    resourceAttributes: { 'service.name': 'svc', 'service.version': '1.2', 'process.pid': '7' },
    scopeName: 'my.tracer',
    scopeVersion: '3',
    scopeAttributes: '{"public_key":"pk"}',
    events: '[{"name":"retry","timestamp":"2026-03-02T09:59:00.000Z","attributes":{"attempt":2}}]',
  });
});

test('the size counts the bytes of input, output and metadata', () => {
  const attributes = {
    'langfuse.observation.input': 'äb',
    'langfuse.observation.output': 'c',
    'langfuse.observation.metadata.k': 'vv',
  };
  expect(mapExample({ attributes }).sizeBytes).toBe(3 + 1 + 3);
});

test('spans refused by the decoder are answered with their reason', () => {
  const decoded = exampleExport({});
  reject(decoded, ['traceId:absent'], 'scope');
  const { rows, rejected } = mapExport(decoded, {
    projectId: 'p',
    publicKey: '',
    sdkName: '',
    sdkVersion: '',
    now: receivedAt,
  });
  expect(rows).toHaveLength(1);
  expect(rejected).toMatchObject({
    count: 1,
    message: expect.stringContaining('1 of 2 span(s) cannot be processed (traceId:absent)'),
  });
});

import { describe, expect, test } from 'vitest';
import type { ObservationRow } from '../observation.ts';
import { createEngineDouble, createStoreOn, type GivenEvent, p1, receipt, state } from './engine-double.ts';
import { toMicros } from './time.ts';

const T = '2026-11-01T10:00:00Z';

/** Bodies said one after the other, a second apart; the row they give. */
async function rowOf(...given: [type: string, body: Record<string, unknown>][]): Promise<ObservationRow> {
  const events = given.map(([type, body], index): GivenEvent => ({
    id: `e${index}`,
    type,
    timestamp: `2026-11-01T10:00:0${index}Z`,
    body: { id: 'x', ...body },
  }));
  const engine = createEngineDouble();
  await createStoreOn(engine).store(p1, { events: state(events) }, receipt);
  return engine.observations()[0]!;
}

describe('types', () => {
  test.each([
    ['span-create', 'SPAN'],
    ['span-update', 'SPAN'],
    ['generation-create', 'GENERATION'],
    ['generation-update', 'GENERATION'],
    ['event-create', 'EVENT'],
    ['agent-create', 'AGENT'],
    ['tool-create', 'TOOL'],
    ['chain-create', 'CHAIN'],
    ['retriever-create', 'RETRIEVER'],
    ['evaluator-create', 'EVALUATOR'],
    ['embedding-create', 'EMBEDDING'],
    ['guardrail-create', 'GUARDRAIL'],
  ])('%s makes a %s', async (type, expected) => {
    expect((await rowOf([type, {}])).type).toBe(expected);
  });

  test('the event of the first SDKs names its type', async () => {
    expect((await rowOf(['observation-create', { type: 'GENERATION' }])).type).toBe('GENERATION');
  });

  test("an update's generic type does not replace that of a create, wherever it stands in time", async () => {
    expect((await rowOf(['agent-create', {}], ['span-update', {}])).type).toBe('AGENT');
    expect((await rowOf(['generation-update', {}], ['tool-create', {}])).type).toBe('TOOL');
  });
});

describe('what an observation says', () => {
  test.each<{ rule: string; said: Record<string, unknown>[]; row: Partial<ObservationRow> }>([
    { rule: 'a default start is the time of the event', said: [{}], row: { startTime: toMicros(T) } },
    {
      rule: 'a stated start outranks a default one, older or not',
      said: [{}, { startTime: '2026-11-01T10:30:00Z' }],
      row: { startTime: toMicros('2026-11-01T10:30:00Z') },
    },
    {
      rule: 'of two starts the first said stays',
      said: [{ startTime: '2026-11-01T10:30:00Z' }, { startTime: '2026-11-01T09:00:00Z' }],
      row: { startTime: toMicros('2026-11-01T10:30:00Z') },
    },
    {
      rule: 'microseconds are kept',
      said: [{ startTime: '2026-11-01T12:00:00.123456789+02:00' }],
      row: { startTime: toMicros(T) + 123_456 },
    },
    {
      rule: 'an environment cannot change',
      said: [{ environment: 'Staging' }, { environment: 'production' }],
      row: { environment: 'staging' },
    },
    {
      rule: 'an environment said later replaces only the default',
      said: [{}, { environment: 'staging' }],
      row: { environment: 'staging' },
    },
    { rule: 'a bad environment is the default', said: [{ environment: 'BAD ENV' }], row: { environment: 'default' } },
    {
      rule: 'null clears',
      said: [
        { name: 'n', output: 'o', endTime: T, level: 'ERROR' },
        { name: null, output: null, endTime: null, level: null },
      ],
      row: { name: '', output: '', endTime: null, level: 'DEFAULT' },
    },
    {
      rule: 'null does not clear message, version and parent',
      said: [
        { statusMessage: 'm', version: 'v', parentObservationId: 'p' },
        { statusMessage: null, version: null, parentObservationId: null },
      ],
      row: { statusMessage: 'm', version: 'v', parentId: 'p' },
    },
    {
      rule: 'what is absent stays',
      said: [{ name: 'n', input: 'i' }, { output: 'o' }],
      row: { name: 'n', input: 'i', output: 'o' },
    },
    {
      rule: 'an empty object and empty text overwrite nothing',
      said: [
        { input: { a: 1 }, output: 'o', metadata: { a: 1 } },
        { input: {}, output: '', metadata: {} },
      ],
      row: { input: '{"a":1}', output: 'o', metadata: { a: '1' } },
    },
    { rule: 'an empty object said alone is kept', said: [{ input: {} }], row: { input: '{}' } },
    {
      rule: 'a value is JSON text, text stays bare',
      said: [{ input: [1, null], output: '[1]' }],
      row: { input: '[1,null]', output: '[1]' },
    },
    {
      rule: 'zero and false are values',
      said: [
        { input: 'x', output: 'x' },
        { input: 0, output: false },
      ],
      row: { input: '0', output: 'false' },
    },
    {
      rule: 'an end before the start is the start',
      said: [{ startTime: T, endTime: '2026-11-01T09:00:00Z' }],
      row: { endTime: toMicros(T) },
    },
    { rule: 'an observation without a trace gets one of its own', said: [{}], row: { traceId: 'x' } },
    { rule: 'a trace said later is the real one', said: [{}, { traceId: 't' }], row: { traceId: 't' } },
    { rule: 'of two traces the first said stays', said: [{ traceId: 't' }, { traceId: 'u' }], row: { traceId: 't' } },
  ])('$rule', async ({ said, row }) => {
    expect(await rowOf(...said.map((body): [string, Record<string, unknown>] => ['span-create', body]))).toMatchObject(
      row,
    );
  });

  test.each<{ rule: string; said: Record<string, unknown>[]; row: Partial<ObservationRow> }>([
    {
      rule: 'usage is replaced whole',
      said: [{ usageDetails: { input: 1, cached: 2 } }, { usageDetails: { input: 5 } }],
      row: { providedUsage: { input: 5 } },
    },
    {
      rule: 'empty usage and null replace nothing',
      said: [
        { usage: { input: 1 }, costDetails: { total: 1 } },
        { usageDetails: {}, costDetails: null },
      ],
      row: { providedUsage: { input: 1 }, providedCost: { total: '1' } },
    },
    {
      rule: 'a model behind its provider names it',
      said: [{ model: 'openai/gpt-x' }],
      row: { model: 'openai/gpt-x', provider: 'openai' },
    },
    {
      rule: 'model parameters are JSON text',
      said: [{ modelParameters: { temperature: 0.5, stop: ['a'], max_tokens: 'inf' } }],
      row: { modelParameters: '{"temperature":0.5,"stop":["a"],"max_tokens":"inf"}' },
    },
    {
      rule: 'a prompt is a name with its version',
      said: [{ promptName: 'p', promptVersion: 3 }, { output: 'x' }],
      row: { promptName: 'p', promptVersion: 3 },
    },
    {
      rule: 'calls in the output and tools in the input are found',
      said: [
        {
          input: { messages: [], tools: [{ type: 'function', function: { name: 'weather' } }] },
          output: { tool_calls: [{ id: 'c1', function: { name: 'weather', arguments: '{}' } }] },
        },
      ],
      row: { toolCallNames: ['weather'], toolDefinitions: { weather: '{"description":"","parameters":{}}' } },
    },
  ])('$rule', async ({ said, row }) => {
    const generation = await rowOf(
      ...said.map((body): [string, Record<string, unknown>] => ['generation-create', body]),
    );
    expect({ ...generation, toolDefinitions: { ...generation.toolDefinitions } }).toMatchObject(row);
  });
});

describe('what is said about a trace', () => {
  test.each<{ rule: string; said: Record<string, unknown>[]; row: Partial<ObservationRow> }>([
    {
      rule: 'it is a row of its own kind',
      said: [{ name: 'n', input: 'i' }],
      row: { kind: 'trace', id: 'x', traceId: 'x', traceName: 'n', traceInput: 'i', name: '', input: '' },
    },
    {
      rule: 'tags unite, sorted',
      said: [{ tags: ['b', 'a'] }, { tags: ['c', 'a'] }, { tags: null }],
      row: { tags: ['a', 'b', 'c'] },
    },
    {
      rule: 'metadata merges by key',
      said: [{ metadata: { a: 1, n: { x: 1 } } }, { metadata: { b: 2, n: { y: 2 } } }],
      row: { traceMetadata: { a: '1', b: '2', n: '{"x":1,"y":2}' } },
    },
    {
      rule: 'public stays when it is not said',
      said: [{ public: true }, { name: 'n' }, { public: null }],
      row: { public: true },
    },
    { rule: 'public can be taken back', said: [{ public: true }, { public: false }], row: { public: false } },
    {
      rule: 'null clears name, user, session, release and version',
      said: [
        { name: 'n', userId: 'u', sessionId: 's', release: 'r', version: 'v' },
        { name: null, userId: null, sessionId: null, release: null, version: null },
      ],
      row: { traceName: '', userId: '', sessionId: '', release: '', version: '' },
    },
    {
      rule: 'the first timestamp said stays',
      said: [{ timestamp: '2026-11-01T09:00:00Z' }, { timestamp: '2026-11-01T08:00:00Z' }],
      row: { startTime: toMicros('2026-11-01T09:00:00Z') },
    },
    {
      rule: 'id and timestamp alone change nothing, not even which statement is newest',
      said: [{ name: 'n', userId: 'u', metadata: { a: 1 } }, { timestamp: '2026-11-01T10:00:01Z' }],
      row: { traceName: 'n', userId: 'u', traceMetadata: { a: '1' }, eventTime: toMicros(T) },
    },
  ])('$rule', async ({ said, row }) => {
    expect(await rowOf(...said.map((body): [string, Record<string, unknown>] => ['trace-create', body]))).toMatchObject(
      row,
    );
  });
});

describe('times', () => {
  test.each([
    ['more than five years back', '2020-01-01T00:00:00Z'],
    ['more than a day ahead', '2026-11-22T00:00:00Z'],
  ])('a start %s is stored at receipt and marked', async (_, startTime) => {
    expect(await rowOf(['span-create', { startTime }])).toMatchObject({ startTime: receipt, timeAdjusted: true });
  });

  test('a clock that is a little off is left alone', async () => {
    const startTime = '2026-11-21T11:59:59Z';
    expect(await rowOf(['span-create', { startTime }])).toMatchObject({
      startTime: toMicros(startTime),
      timeAdjusted: false,
    });
  });
});

test('an event without an id is about nothing', () => {
  expect(state([{ id: 'e', type: 'trace-create', timestamp: T, body: { name: 'n' } }])).toEqual([]);
});

test('at the same instant an update comes after its create', async () => {
  const engine = createEngineDouble();
  const events: GivenEvent[] = [
    { id: 'a', type: 'span-update', timestamp: T, body: { id: 'x', output: 'end', level: 'ERROR' } },
    { id: 'b', type: 'span-create', timestamp: T, body: { id: 'x', output: 'begin' } },
  ];
  await createStoreOn(engine).store(p1, { events: state(events) }, receipt);
  expect(engine.observations()).toMatchObject([{ output: 'end', level: 'ERROR' }]);
});

import { describe, expect, test } from 'vitest';
import { IngestionEvent, ingestionErrorText } from './ingestion.ts';
import { CreateScore, ScoreEventBody } from './scores.ts';

const event = (type: string, body: unknown, rest: object = {}) => ({
  id: 'e',
  type,
  timestamp: '2026-11-01T10:00:00.123456+01:00',
  body,
  ...rest,
});
const errorOf = (given: unknown): unknown => {
  const { error } = IngestionEvent.safeParse(given);
  return error ? JSON.parse(ingestionErrorText(error.issues)) : null;
};

describe('an ingestion event', () => {
  test.each([
    [
      'an unknown type',
      event('trace-delete', {}),
      [
        {
          code: 'invalid_union',
          errors: [],
          note: 'No matching discriminator',
          discriminator: 'type',
          path: ['type'],
          message: 'Invalid input',
        },
      ],
    ],
    [
      'a missing id',
      { type: 'trace-create', timestamp: '2026-11-01T10:00:00Z', body: {} },
      [
        {
          expected: 'string',
          code: 'invalid_type',
          path: ['id'],
          message: 'Invalid input: expected string, received undefined',
        },
      ],
    ],
    [
      'a carriage return in an id',
      event('span-create', { id: 'a\rb' }),
      [{ code: 'custom', path: ['body', 'id'], message: 'ID cannot contain carriage return characters' }],
    ],
    [
      'an unknown level',
      event('event-create', { id: 'a', level: 'INFO' }),
      [
        {
          code: 'invalid_value',
          values: ['DEBUG', 'DEFAULT', 'WARNING', 'ERROR'],
          path: ['body', 'level'],
          message: 'Invalid option: expected one of "DEBUG"|"DEFAULT"|"WARNING"|"ERROR"',
        },
      ],
    ],
    [
      'a score without a target',
      event('score-create', { name: 'n', value: 1 }),
      [
        {
          code: 'custom',
          path: ['body', 'traceId', 'sessionId', 'datasetRunId', 'observationId'],
          message:
            'Provide exactly one of the following: traceId (with optional observationId), sessionId or datasetRunId. ObservationId requires traceId.',
        },
      ],
    ],
  ])('%s is refused with the recorded issue', (_, given, issues) => {
    expect(errorOf(given)).toEqual(issues);
  });

  test('a time without an offset is refused with the pattern that was recorded', () => {
    expect(errorOf(event('trace-create', {}, { timestamp: '2026-11-01T10:00:00' }))).toEqual([
      {
        origin: 'string',
        code: 'invalid_format',
        format: 'datetime',
        pattern: expect.stringMatching(/^\/\^\(\?:.*\[0-5\]\\d\)\)\)\$\/$/) as string,
        path: ['timestamp'],
        message: 'Invalid ISO datetime',
      },
    ]);
  });

  test('the text of an error is indented by two, as clients print it', () => {
    const { error } = IngestionEvent.safeParse(event('nope', {}));
    expect(ingestionErrorText(error!.issues).split('\n').slice(0, 3)).toEqual([
      '[',
      '  {',
      '    "code": "invalid_union",',
    ]);
  });

  test.each([
    ['a time without seconds', event('trace-create', { id: 't', timestamp: '2026-11-01T10:00Z' })],
    [
      'null in every optional field',
      event('generation-create', {
        id: 'g',
        traceId: null,
        name: null,
        startTime: null,
        endTime: null,
        model: null,
        modelParameters: null,
        usage: null,
        usageDetails: null,
        costDetails: null,
        level: null,
        promptName: null,
        promptVersion: null,
        metadata: null,
        input: null,
        output: null,
        tags: null,
      }),
    ],
    ['an id of 800 characters', event('span-create', { id: '/'.repeat(800) })],
    ['any environment', event('trace-create', { id: 't', environment: 'NOT valid' })],
    ['a trace without an id', event('trace-create', {})],
    ['a legacy observation', event('observation-update', { id: 'o', type: 'EVENT' })],
    [
      'model parameters of every kind',
      event('generation-update', {
        id: 'g',
        modelParameters: { a: 'inf', b: 0.5, c: true, d: ['x'], e: { f: 'g' }, h: null },
      }),
    ],
  ])('%s is accepted', (_, given) => {
    expect(errorOf(given)).toBeNull();
  });

  test('unknown keys are dropped', () => {
    expect(IngestionEvent.parse(event('span-create', { id: 's', start_time: 'x' })).body).toEqual({ id: 's' });
  });

  test.each([
    ['a prompt name without its version', event('generation-create', { id: 'g', promptName: 'p' })],
    ['an id of 801 characters', event('span-create', { id: 'x'.repeat(801) })],
    ['an observation without an id', event('span-create', { name: 'n' })],
    ['an update of a kind that has none', event('agent-update', { id: 'a' })],
  ])('%s is refused', (_, given) => {
    expect(errorOf(given)).not.toBeNull();
  });
});

describe('a score', () => {
  const score = { name: 'n', traceId: 't', value: 1 };
  const issuesOf = (given: unknown): unknown => CreateScore.safeParse(given).error?.issues ?? null;

  test.each([
    [
      'BOOLEAN that is neither 0 nor 1',
      { ...score, dataType: 'BOOLEAN', value: 2 },
      ['value'],
      'Value must be a number equal to either 0 or 1 for data type BOOLEAN',
    ],
    [
      'NUMERIC text',
      { ...score, dataType: 'NUMERIC', value: 'a' },
      ['value'],
      'Invalid input: expected number, received string',
    ],
    [
      'CATEGORICAL number',
      { ...score, dataType: 'CATEGORICAL' },
      ['value'],
      'Invalid input: expected string, received number',
    ],
    [
      'TEXT of 501 characters',
      { ...score, dataType: 'TEXT', value: 'x'.repeat(501) },
      ['value'],
      'Too big: expected string to have <=500 characters',
    ],
    [
      'annotation without a config',
      { ...score, source: 'ANNOTATION' },
      ['configId'],
      'configId is required when source is ANNOTATION (except for CORRECTION scores).',
    ],
    [
      'correction with a config',
      { ...score, dataType: 'CORRECTION', value: 'x', configId: 'c' },
      ['configId'],
      'configId is not allowed for CORRECTION scores.',
    ],
    [
      'correction of a session',
      { name: 'n', sessionId: 's', dataType: 'CORRECTION', value: 'x' },
      ['traceId'],
      'CORRECTION scores need a traceId.',
    ],
    [
      'evaluation from outside',
      { ...score, source: 'EVAL' },
      ['source'],
      'Invalid option: expected one of "API"|"ANNOTATION"',
    ],
  ])('%s is refused', (_, given, path, message) => {
    expect(issuesOf(given)).toMatchObject([{ path, message }]);
  });

  test.each([
    ['two targets', { ...score, sessionId: 's' }],
    ['an observation without its trace', { name: 'n', value: 1, sessionId: 's', observationId: 'o' }],
  ])('%s are refused', (_, given) => {
    expect(issuesOf(given)).toMatchObject([{ path: ['traceId', 'sessionId', 'datasetRunId', 'observationId'] }]);
  });

  test('an event may be an evaluation', () => {
    expect(ScoreEventBody.safeParse({ ...score, source: 'EVAL' }).success).toBe(true);
  });

  test('an empty name and a missing value are two issues', () => {
    expect(issuesOf({ name: '' })).toMatchObject([{ path: ['name'] }, { path: ['value'], message: 'Invalid input' }]);
  });
});

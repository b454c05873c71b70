import fc from 'fast-check';
import { expect, test } from 'vitest';
import { emptyRow, type ObservationRow } from '../../ingest/observation.ts';
import { toObservationV1 } from './wire-v1.ts';

const text = fc.constantFrom(
  '',
  'a',
  'a "b"\n',
  'é',
  '日本 🙂',
  '\u2028',
  '\ud83d',
  '1.0',
  '1e5',
  '__proto__',
  'x'.repeat(300),
);
const json = fc.constantFrom(
  '',
  '{"a":1.0}',
  '{"b":1,"1":2}',
  '[1, 2]',
  '{"a":"é\\n"}',
  '["日本"]',
  '"text"',
  '{"a":',
  '12',
  '{"a":1,"a":2}',
);
const payload = fc.oneof(text, json, fc.json());
const map = fc.dictionary(fc.constantFrom('k', '1', '__proto__', 'scope', 'attributes', 'é"'), payload, {
  noNullPrototype: true,
});
const usd = fc.constantFrom(
  '0',
  '0.5',
  '0.000001',
  '0.0000005',
  '-0.0000005',
  '-12.25',
  '0.000000000001',
  '123456.123456789012',
  '9007.19925474',
);
const key = fc.constantFrom('input', 'output', 'input_cached_tokens', 'total', '7', '__proto__');
const costs = fc.dictionary(key, usd, { noNullPrototype: true });
const time = fc.constantFrom(0, 1_700_000_000_000_000, 1_700_000_000_123_456, 1_700_000_061_999_999);
const row = fc
  .record({
    id: text,
    parentId: text,
    type: fc.constantFrom('SPAN', 'EVENT', 'GENERATION'),
    name: text,
    startTime: time,
    endTime: fc.option(time),
    completionStartTime: fc.option(time),
    level: fc.constantFrom('DEFAULT', 'ERROR'),
    statusMessage: text,
    version: text,
    input: payload,
    output: payload,
    metadata: map,
    attributes: map,
    resourceAttributes: map,
    scopeName: fc.constantFrom('', 'langfuse-sdk', 'other'),
    scopeVersion: text,
    scopeAttributes: json,
    source: fc.constantFrom('otlp', 'json'),
    model: text,
    modelId: text,
    modelParameters: json,
    promptName: text,
    promptVersion: fc.option(fc.nat()),
    usage: fc.dictionary(key, fc.constantFrom(0, 1, 12.5, Number.MAX_SAFE_INTEGER), { noNullPrototype: true }),
    cost: costs,
    prices: costs,
    totalCost: fc.option(usd),
  })
  .map((values): ObservationRow => {
    const identity = {
      projectId: 'p',
      kind: 'observation',
      id: '',
      traceId: 't',
      startTime: 0,
      source: 'otlp',
    } as const;
    return { ...emptyRow(identity), ...values } as ObservationRow;
  });

test('an observation is written as JSON writes what it stands for, with its payloads as texts or as bytes', () => {
  fc.assert(
    fc.property(row, fc.constantFrom('alone', 'list', 'trace'), (one, place) => {
      const shown = JSON.stringify(toObservationV1(one, place, new Map(), new Map()));
      expect(JSON.stringify(JSON.parse(shown))).toBe(shown);
      if (!one.input.isWellFormed() || !one.output.isWellFormed()) return;
      const withBytes = { ...one, input: Buffer.from(one.input), output: Buffer.from(one.output) };
      expect(JSON.stringify(toObservationV1(withBytes, place, new Map(), new Map()))).toBe(shown);
    }),
    { numRuns: 1_000 },
  );
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RowBinaryWriter } from '../stores/clickhouse/row-binary.ts';
import { encodeObservation } from './observation-columns.ts';
import { emptyRow, type ObservationRow } from './observation.ts';
import { storedReader } from './read-rows.ts';

/** Few values, so that rows that follow each other agree and differ; texts of one length differ at the end or in the middle. */
const word = fc.constantFrom('', 'a', 'b', '日本', `${'x'.repeat(70)}a`, `${'x'.repeat(70)}b`, `a${'x'.repeat(70)}`);
const map = fc.dictionary(fc.constantFrom('k', 'l', '__proto__'), word, { maxKeys: 2, noNullPrototype: true });
const usd = fc.oneof(
  fc.constantFrom('0', '-0.5', '0.000000000001', '9007.199254740991', '9007.199254740992', '999999.999999999999'),
  fc.integer({ min: 1, max: 10 ** 8 }).map((units) => String(units / 1000)),
);
const row = fc.record({
  id: word,
  name: word,
  input: word,
  metadata: map,
  tags: fc.array(word, { maxLength: 3 }),
  public: fc.constantFrom(null, true, false),
  isAppRoot: fc.boolean(),
  startTime: fc.constantFrom(1, 1_700_000_000_000_000, 1_700_000_000_000_001, -1),
  endTime: fc.constantFrom(null, 0, 1_700_000_000_000_000),
  usage: fc.dictionary(fc.constantFrom('input', 'output'), fc.constantFrom(0, 1, Number.MAX_SAFE_INTEGER)),
  cost: fc.dictionary(fc.constantFrom('input', 'total'), usd, { noNullPrototype: true }),
  totalCost: fc.option(usd),
});

test('rows are read as they were written, whatever they have in common', () => {
  fc.assert(
    fc.property(fc.array(row, { maxLength: 12 }), (values) => {
      const rows = values.map((value): ObservationRow => {
        const identity = {
          projectId: 'p',
          kind: 'observation',
          id: '',
          traceId: 't',
          startTime: 0,
          source: 'otlp',
        } as const;
        return { ...emptyRow(identity), ...value };
      });
      const out = new RowBinaryWriter();
      for (const one of rows) encodeObservation(out, one);
      const read = storedReader.parse(out.bytes());
      expect(read).toMatchObject(rows);
      expect(read.length).toBe(rows.length);
    }),
    { numRuns: 300 },
  );
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { HOUR, toIso, toIsoMicros, widening } from './time.ts';

test('an instant is shown as Date shows its millisecond, whichever was shown before', () => {
  const instant = fc.oneof(
    fc.integer({ min: -1_000_000, max: 120_000_000 }),
    fc.integer({ min: Date.UTC(1969, 0) * 1000, max: Date.UTC(2255, 0) * 1000 }),
    fc.constantFrom(Date.UTC(-1, 0), Date.UTC(12_000, 0)).map((ms) => ms * 1000),
  );
  fc.assert(
    fc.property(fc.array(instant), (times) => {
      expect(times.map(toIso)).toEqual(times.map((time) => new Date(Math.floor(time / 1000)).toISOString()));
    }),
  );
  expect(toIsoMicros(-1)).toBe('1969-12-31T23:59:59.999999Z');
  expect(() => toIso(NaN)).toThrow(RangeError);
});

test('where nothing has come for some hours, a list looks at the last hour there is first', () => {
  const parts = [
    { name: 'old', rows: 300_000, start: 0, end: 50 * HOUR },
    { name: 'last', rows: 300_000, start: 49 * HOUR, end: 60 * HOUR },
  ];
  const now = 70 * HOUR;
  const ranges = widening({ from: null, to: null }, now, { parts });
  expect(ranges.slice(0, 2)).toEqual([
    { from: 59 * HOUR, to: null },
    { from: 54 * HOUR, to: 59 * HOUR },
  ]);
  expect(widening({ from: null, to: 55 * HOUR }, now, { parts })[0]).toEqual({ from: 54 * HOUR, to: 55 * HOUR });
  expect(widening({ from: 65 * HOUR, to: null }, now, { parts })).toEqual([{ from: 65 * HOUR, to: null }]);
});

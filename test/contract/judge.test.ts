import { expect, test } from 'vitest';
import { createJudge } from './judge.ts';

const difference = (path: string) => ({ path, expected: 1, got: 2 });
const accepted = [{ case: 'otel/*', field: 'data*', class: 'D4', reason: 'r' }] as const;

test('an accepted field is taken out, another one of the same case stays', () => {
  const { judge, unused } = createJudge({ accepted, pending: [] });
  expect(judge('otel/1', [difference('data.id'), difference('status')])).toEqual([difference('status')]);
  expect(judge('traces/1', [difference('data.id')])).toEqual([difference('data.id')]);
  expect(unused()).toEqual([]);
});

test('a case that waits may differ, and may not be equal any more', () => {
  const { judge } = createJudge({ accepted: [], pending: [{ case: ['a/1', 'a/2'], issue: 5, waitsFor: 'models' }] });
  expect(judge('a/1', [difference('status')])).toEqual([]);
  expect(judge('a/2', [])).toMatchObject([{ got: 'equal: remove it from pending.ts' }]);
});

test('an entry that explains nothing is named', () => {
  const { judge, unused } = createJudge({
    accepted,
    pending: [{ case: 'a/1', field: 'x', issue: 5, waitsFor: 'models' }],
  });
  judge('otel/1', []);
  judge('a/1', [difference('y')]);
  expect(unused()).toEqual(['otel/* data*', 'a/1 x']);
});

test('a dot or a bracket in a pattern stands for itself', () => {
  const { judge } = createJudge({
    accepted: [{ case: 'a', field: 'data[*].x', class: 'D8', reason: 'r' }],
    pending: [],
  });
  expect(judge('a', [difference('data[1].x'), difference('data[1]yx')])).toEqual([difference('data[1]yx')]);
});

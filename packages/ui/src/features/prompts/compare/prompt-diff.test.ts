import fc from 'fast-check';
import { expect, test } from 'vitest';
import { foldedRuns } from './folded.ts';
import { diffPrompts, diffTexts, type DiffLine } from './prompt-diff.ts';

const signs = { same: ' ', added: '+', removed: '-' };
const written = (lines: DiffLine[]) =>
  lines.map(({ kind, parts }) => signs[kind] + parts.map(({ text }) => text).join(''));
const system = (content: string) => ({ role: 'system', content });

test('lines that changed are shown before and after, with the words that differ', () => {
  const { lines } = diffTexts('', 'one\nAsk for everything.\nthree', 'one\nAsk for one thing.\nthree');
  expect(written(lines)).toEqual([' one', '-Ask for everything.', '+Ask for one thing.', ' three']);
  expect(lines[1]?.parts.filter(({ kind }) => kind === 'removed').map(({ text }) => text)).toEqual(['everything']);
});

test('a config whose keys are in another order is the same', () => {
  const diff = diffPrompts(
    { prompt: 'a', config: { b: 1, a: [{ y: 1, x: 2 }] } },
    { prompt: 'a', config: { a: [{ x: 2, y: 1 }], b: 1 } },
  );
  expect(diff).toMatchObject({ isSame: true, changedLines: 0, config: { kind: 'same' } });
});

test('a config that differs counts, whatever the text', () => {
  const diff = diffPrompts(
    { prompt: 'a', config: { temperature: 0.2 } },
    { prompt: 'a', config: { temperature: 0.7 } },
  );
  expect(diff).toMatchObject({ isSame: false, changedLines: 2 });
});

test('messages are compared one by one: equal ones stay, a new one is new', () => {
  const diff = diffPrompts(
    { prompt: [system('a'), { role: 'user', content: '{{q}}' }], config: {} },
    { prompt: [system('b'), { type: 'placeholder', name: 'history' }, { role: 'user', content: '{{q}}' }], config: {} },
  );
  expect(diff.blocks.map(({ title, kind }) => [title, kind])).toEqual([
    ['system', 'changed'],
    ['placeholder', 'added'],
    ['user', 'same'],
  ]);
});

test('a message that changed its role says both', () => {
  const diff = diffPrompts(
    { prompt: [system('a')], config: {} },
    { prompt: [{ role: 'developer', content: 'a' }], config: {} },
  );
  expect(diff).toMatchObject({ isSame: false, blocks: [{ title: 'system → developer', kind: 'changed' }] });
});

test('each side of a difference is the text it came from', () => {
  const text = fc.array(fc.constantFrom('a', 'b b', '', '  c', 'שלום', '😀')).map((lines) => lines.join('\n'));
  fc.assert(
    fc.property(text, text, (before, after) => {
      const { lines, words } = diffTexts('', before, after);
      const side = (skip: string) =>
        lines
          .filter(({ kind }) => kind !== skip)
          .map(({ parts }) => parts.map(({ text: part }) => part).join(''))
          .join('\n');
      expect(side('added').replace(/\n$/u, '')).toBe(before.replace(/\n$/u, ''));
      expect(side('removed').replace(/\n$/u, '')).toBe(after.replace(/\n$/u, ''));
      expect(
        words
          .filter(({ kind }) => kind !== 'removed')
          .map(({ text: part }) => part)
          .join(''),
      ).toBe(after);
    }),
  );
});

test('equal lines far from a change are folded, near ones are not', () => {
  const many = Array.from({ length: 20 }, (_, at) => `line ${at}`);
  const runs = foldedRuns(diffTexts('', many.join('\n'), [...many.slice(0, -1), 'last'].join('\n')).lines);
  expect(runs.map(({ lines, isFolded }) => [lines.length, isFolded])).toEqual([
    [16, true],
    [5, false],
  ]);
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compilePattern, PatternError } from './pattern.ts';

test.each([
  ['(?i)^(openai/)?(gpt-4o)$', 'OpenAI/GPT-4o', true],
  ['(?i)^(openai/)?(gpt-4o)$', 'gpt-4o-mini', false],
  ['gpt', 'my-gpt-4o', true],
  [String.raw`^claude-\d{8}$`, 'claude-20250101', true],
  ['^[a-z]{2,4}-x$', 'abc-x', true],
])('%s, asked about %s, answers %s', (pattern, name, expected) => {
  expect(compilePattern(pattern).test(name)).toBe(expected);
});

test.each(['(unclosed', '[a', 'a**b)', '*'])('%s is no regular expression', (pattern) => {
  expect(() => compilePattern(pattern)).toThrow(PatternError);
});

test.each([String.raw`(a)\1`, '(?=a)b', '(?<!a)b'])('%s needs backtracking, so it is refused', (pattern) => {
  expect(() => compilePattern(pattern)).toThrow(expect.objectContaining({ name: 'PatternError', isSyntax: false }));
});

// Each made a backtracking engine, or a naive automaton, run for seconds or fill the memory.
test.each([
  '((a{1,100}){1,100}){1,100}',
  '(a{1,1000}){1,1000}',
  'a{1000}'.repeat(60),
  '(?:a?){1000}a{0,1000}$',
  '.{0,1000}.{0,1000}.{0,1000}z',
  `${'('.repeat(450)}${')'.repeat(450)}`,
])('%s is too large to run', (pattern) => {
  expect(() => compilePattern(pattern)).toThrow(PatternError);
});

test.each(['(a+)+$', '(a|aa)+$', '(.*)*x', '(x+x+)+y', String.raw`(\w*\w*)*!$`, '^(a?){40}a{40}$'])(
  '%s finds its end on a text that makes backtracking explode',
  (pattern) => {
    const text = `${'a'.repeat(299)}!`;
    expect(typeof compilePattern(pattern).test(text)).toBe('boolean');
  },
);

test('any text is compiled, or refused with a PatternError', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.string({ maxLength: 60 }), fc.stringMatching(/^[()[\]{}a-c*+?|\\0-9,^$.]{0,40}$/)),
      (pattern) => {
        try {
          compilePattern(pattern).test('gpt-4o-2024');
        } catch (error) {
          expect(error).toBeInstanceOf(PatternError);
        }
      },
    ),
  );
});

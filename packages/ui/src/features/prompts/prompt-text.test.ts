import fc from 'fast-check';
import { expect, test } from 'vitest';
import { textParts, variablesOf } from './prompt-text.ts';

const kinds = (text: string) => textParts(text).map((part) => `${part.kind} ${part.text}`);

test('variables and references are told from text', () => {
  const tag = '@@@langfusePrompt:name=support/tone|label=production@@@';
  expect(textParts(`Hi {{ name }}. ${tag}`)).toEqual([
    { kind: 'text', text: 'Hi ' },
    { kind: 'variable', text: '{{ name }}', name: 'name' },
    { kind: 'text', text: '. ' },
    { kind: 'reference', text: tag, name: 'support/tone', label: 'production', version: null },
  ]);
  expect(textParts('@@@langfusePrompt:name=a b|version=12@@@')).toMatchObject([
    { name: 'a b', label: null, version: 12 },
  ]);
});

test.each([
  '{{}}',
  '{{a b}}',
  '{name}',
  '@@@langfusePrompt:name=a@@@',
  '@@@langfusePrompt:label=x|name=a@@@',
  '@@@langfusePrompt:name=a|version=b@@@',
  '@@@langfusePrompt:name=a|label=x|version=1@@@',
  '@@@langfusePrompt:name=a|label=x',
])('%s is text', (text) => {
  expect(kinds(text)).toEqual([`text ${text}`]);
});

test('a tag that is none takes nothing of what follows it', () => {
  expect(kinds('@@@langfusePrompt:x@@@{{a}}')).toEqual(['text @@@langfusePrompt:x@@@', 'variable {{a}}']);
});

test('all parts together are the text', () => {
  const piece = fc.constantFrom('{{', '}}', 'a', ' ', '@@@', 'langfusePrompt:', 'name=x', '|', 'label=y', '😀', 'ש');
  fc.assert(
    fc.property(
      fc.array(piece).map((pieces) => pieces.join('')),
      (text) => {
        expect(
          textParts(text)
            .map((part) => part.text)
            .join(''),
        ).toBe(text);
      },
    ),
  );
});

test('what the caller gives is listed once, placeholders apart', () => {
  expect(
    variablesOf([
      { role: 'system', content: '{{company}} {{tone}}' },
      { type: 'placeholder', name: 'history' },
      { role: 'user', content: '{{question}} {{company}}' },
    ]),
  ).toEqual({ variables: ['company', 'tone', 'question'], placeholders: ['history'] });
});

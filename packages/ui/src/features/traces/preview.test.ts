import { expect, test } from 'vitest';
import { previewLine } from './preview.ts';

test.each([
  ['[{"role":"system","content":"You help."},{"role":"user","content":"Where is my refund?"}]', 'Where is my refund?'],
  [
    '{"messages":[{"role":"user","content":"Line one\\nline \\"two\\" and the rest is cu',
    'Line one⏎line "two" and the rest is cu',
  ],
  ['{"messages": [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}]}', 'Hi'],
  ['{"role":"assistant","content":"It left our bank."}', 'It left our bank.'],
  ['{"state":"shipped"}', '{"state":"shipped"}'],
  ['plain\ntext', 'plain⏎text'],
  ['مرحبا، أين طلبي؟', 'مرحبا، أين طلبي؟'],
  ['[{"role":"assistant","content":""}]', '[{"role":"assistant","content":""}]'],
])('%s', (preview, line) => {
  expect(previewLine(preview)).toBe(line);
});

test('nothing sent is an empty line', () => {
  expect(previewLine(null)).toBe('');
});

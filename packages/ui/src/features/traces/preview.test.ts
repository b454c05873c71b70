import { expect, test } from 'vitest';
import { hitParts, previewLine, previewParts } from './preview.ts';

test.each([
  ['[{"role":"system","content":"You help."},{"role":"user","content":"Where is my refund?"}]', 'Where is my refund?'],
  [
    '{"messages":[{"role":"user","content":"Line one\\nline \\"two\\" and the rest is cu',
    'Line one⏎line "two" and the rest is cu',
  ],
  ['{"messages": [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}]}', 'Hi'],
  ['{"role":"assistant","content":"It left our bank."}', 'It left our bank.'],
  [
    '[{"role":"system","parts":[{"content":"be brief","type":"text"}]},{"role":"user","parts":[{"content":"Hi","type":"te',
    'Hi',
  ],
  [
    '[{"role":"assistant","parts":[{"arguments":{"city":"Berlin"},"name":"get_weather","id":"c1","type":"tool_call"}]}]',
    'get_weather()',
  ],
  [
    '{"messages": [[{"lc": 1, "type": "constructor", "id": ["langchain", "HumanMessage"], "kwargs": {"content": "weather?", "ty',
    'weather?',
  ],
  ['{"type": "ai", "data": {"content": "A canned answer.", "additional_kwargs": {"refusal": nu', 'A canned answer.'],
  ['{"type": "tool", "data": {"content": "sunny", "tool_call_id": "c1"}}', 'sunny'],
  ['{"choices": [{"message": {"content": "Canned.", "role": "assistant"}, "index": 0', 'Canned.'],
  ['{"model": "gpt-5", "input": "Hello", "instructions": "be brief"}', 'Hello'],
  ['"{\\"a\\":1}"', '{"a":1}'],
  ['[{"role":"user","content":"a cut escape \\u00', 'a cut escape'],
  ['[{"role":"system","content":"You help."},{"role":"user","content":"Hi"},{"role":"assi', 'Hi'],
  ['{"model":"gpt-5","messages":[{"role":"system","content":"You help customers of', 'system: You help customers of'],
  ['{"messages":[[{"type":"human","data":{"content":"Hi"}},{"type":"ai","da', 'Hi'],
  ['[not json', '[not json'],
  ['{"role":"constructor","content":"Hi"}', '{"role":"constructor","content":"Hi"}'],
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

test('a hit is marked where it is, near the start of the line', () => {
  const preview = `${'words before '.repeat(5)}the Needle\nand more`;
  expect(hitParts(preview, 'needle')).toEqual({ before: '…ords before the ', text: 'Needle', after: '⏎and more' });
  expect(hitParts('needle', 'needle')).toEqual({ before: '', text: 'needle', after: '' });
  expect(hitParts('folded otherwise', 'x')).toEqual({ before: '', text: 'folded otherwise', after: '' });
});

test('files that a preview names stand beside its line, each once', () => {
  const token = '@@@langfuseMedia:type=image/png|id=abc|source=bytes@@@';
  const file = { contentType: 'image/png', mediaId: 'abc' };
  expect(previewParts(`A chart ${token} and again ${token} said`)).toEqual({
    line: 'A chart   and again   said',
    files: [file],
  });
  const chat = `[{"role":"user","content":[{"type":"text","text":"Hi"},{"type":"image_url","image_url":{"url":"${token}"}}]}]`;
  expect(previewParts(chat)).toEqual({ line: 'Hi', files: [file] });
  expect(previewParts(token)).toEqual({ line: '', files: [file] });
  expect(previewParts('plain')).toEqual({ line: 'plain', files: [] });
});

import { describe, expect, test } from 'vitest';
import { readPayload, writeJson } from './json.ts';
import { readConversation, type Message } from './messages.ts';

const chat = (value: unknown) => readConversation(readPayload(JSON.stringify(value)));

/** A message as one readable line. */
const line = ({ role, parts }: Message) =>
  `${role}: ${parts
    .map((part) => {
      if (part.kind === 'text' || part.kind === 'reasoning') return part.kind === 'text' ? part.text : `(${part.text})`;
      if (part.kind === 'call')
        return `${part.name}#${part.id} ${part.arguments.kind === 'json' ? writeJson(part.arguments.value, 0) : part.arguments.text}`;
      if (part.kind === 'result') {
        const text = part.result.kind === 'json' ? writeJson(part.result.value, 0) : part.result.text;
        return `${part.name}#${part.id} ${part.isError ? '✗' : '→'} ${text}`;
      }
      return part.kind === 'media' ? `[${part.what}, ${part.source}]` : writeJson(part.value, 0);
    })
    .join(' | ')}`;

const lines = (value: unknown) => chat(value)?.messages.map(line) ?? null;

describe('every usual shape reads as chat', () => {
  test('OpenAI chat, as sent, with tool calls paired', () => {
    const sent = {
      model: 'gpt-5',
      messages: [
        { role: 'system', content: 'You help.' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'Look' },
            { type: 'image_url', image_url: { url: 'https://x.test/a.png' } },
          ],
        },
        {
          role: 'assistant',
          content: null,
          tool_calls: [{ id: 'c1', type: 'function', function: { name: 'get_order', arguments: '{"id":7}' } }],
        },
        { role: 'tool', tool_call_id: 'c1', content: '{"state":"ok"}' },
      ],
      tools: [{ type: 'function', function: { name: 'get_order', parameters: {} } }],
    };
    expect(lines(sent)).toEqual([
      'system: You help.',
      'user: Look | [image_url, https://x.test/a.png]',
      'assistant: get_order#c1 {"id":7}',
      'tool: get_order#c1 → {"state":"ok"}',
    ]);
    expect(chat(sent)?.tools.map(({ name }) => name)).toEqual(['get_order']);
  });

  test('OpenAI chat, as answered', () => {
    const choices = [{ index: 0, message: { role: 'assistant', content: 'Hi', refusal: null } }];
    expect(lines({ id: 'x', choices })).toEqual(['assistant: Hi']);
    expect(lines({ role: 'assistant', content: 'Hi' })).toEqual(['assistant: Hi']);
  });

  test('OpenAI responses', () => {
    expect(lines({ model: 'gpt-5', instructions: 'You help.', input: 'Hi' })).toEqual([
      'system: You help.',
      'user: Hi',
    ]);
    const output = [
      { type: 'reasoning', summary: [{ type: 'summary_text', text: 'Hm.' }] },
      { type: 'function_call', call_id: 'c1', name: 'f', arguments: '{"a":1}' },
      { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'Done' }] },
    ];
    expect(lines({ output })).toEqual(['assistant: (Hm.)', 'assistant: f#c1 {"a":1}', 'assistant: Done']);
    expect(
      lines([
        { role: 'user', content: 'Hi' },
        { type: 'function_call_output', call_id: 'c1', output: '3' },
      ]),
    ).toEqual(['user: Hi', 'tool: #c1 → 3']);
  });

  test('Anthropic', () => {
    expect(
      lines({
        system: 'You help.',
        messages: [
          { role: 'user', content: 'Hi' },
          {
            role: 'assistant',
            content: [
              { type: 'thinking', thinking: 'Hm.' },
              { type: 'tool_use', id: 't1', name: 'f', input: { a: 1 } },
            ],
          },
          {
            role: 'user',
            content: [
              { type: 'tool_result', tool_use_id: 't1', is_error: true, content: [{ type: 'text', text: 'No' }] },
            ],
          },
          {
            role: 'user',
            content: [{ type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAAA' } }],
          },
        ],
      }),
    ).toEqual([
      'system: You help.',
      'user: Hi',
      'assistant: (Hm.) | f#t1 {"a":1}',
      'user: f#t1 ✗ No',
      'user: [image/png, inline data]',
    ]);
  });

  test('Gemini', () => {
    expect(
      lines({
        systemInstruction: { parts: [{ text: 'You help.' }] },
        contents: [
          { role: 'user', parts: [{ text: 'Hi' }, { inlineData: { mimeType: 'image/png', data: 'AAAA' } }] },
          { role: 'model', parts: [{ functionCall: { name: 'f', args: { a: 1 } } }] },
          { role: 'user', parts: [{ functionResponse: { name: 'f', response: { b: 2 } } }] },
        ],
      }),
    ).toEqual([
      'system: You help.',
      'user: Hi | [image/png, inline data]',
      'assistant: f# {"a":1}',
      'user: f# → {"b":2}',
    ]);
    expect(lines({ candidates: [{ content: { parts: [{ text: 'Hi' }] } }] })).toEqual(['assistant: Hi']);
  });

  test('GenAI semantic conventions', () => {
    expect(
      lines([
        { role: 'user', parts: [{ type: 'text', content: 'Hi' }] },
        {
          role: 'assistant',
          parts: [
            { type: 'reasoning', content: 'Hm.' },
            { type: 'tool_call', id: 'c', name: 'f', arguments: { a: 1 } },
          ],
          finish_reason: 'tool_call',
        },
        { role: 'tool', parts: [{ type: 'tool_call_response', id: 'c', response: 'rainy' }] },
      ]),
    ).toEqual(['user: Hi', 'assistant: (Hm.) | f#c {"a":1}', 'tool: f#c → rainy']);
  });

  test('LangChain', () => {
    expect(
      lines([
        [
          { type: 'human', content: 'Hi' },
          { type: 'ai', content: '', tool_calls: [{ id: 'c', name: 'f', args: { a: 1 } }] },
          { type: 'tool', tool_call_id: 'c', content: 'ok' },
        ],
      ]),
    ).toEqual(['user: Hi', 'assistant: f#c {"a":1}', 'tool: f#c → ok']);
    expect(
      lines({
        messages: [
          { lc: 1, type: 'constructor', id: ['langchain', 'schema', 'HumanMessage'], kwargs: { content: 'Hi' } },
        ],
      }),
    ).toEqual(['user: Hi']);
    expect(lines({ generations: [[{ text: 'Hi', message: { type: 'ai', content: 'Hi' } }]] })).toEqual([
      'assistant: Hi',
    ]);
  });

  test('Vercel AI SDK', () => {
    expect(
      lines({
        messages: [
          { role: 'user', content: [{ type: 'text', text: 'Hi' }] },
          { role: 'assistant', content: [{ type: 'tool-call', toolCallId: 'c', toolName: 'f', input: { a: 1 } }] },
          {
            role: 'tool',
            content: [
              { type: 'tool-result', toolCallId: 'c', toolName: 'f', output: { type: 'json', value: { b: 2 } } },
            ],
          },
        ],
      }),
    ).toEqual(['user: Hi', 'assistant: f#c {"a":1}', 'tool: f#c → {"b":2}']);
    expect(
      lines({ text: 'Done', toolCalls: [{ toolCallId: 'c', toolName: 'f', args: { a: 1 } }], finishReason: 'stop' }),
    ).toEqual(['assistant: Done | f#c {"a":1}']);
  });

  test('OpenInference', () => {
    expect(
      lines([
        { message: { role: 'user', content: 'Hi' } },
        {
          message: {
            role: 'assistant',
            tool_calls: [{ tool_call: { id: 'c', function: { name: 'f', arguments: '{"a":1}' } } }],
          },
        },
      ]),
    ).toEqual(['user: Hi', 'assistant: f#c {"a":1}']);
  });
});

test.each([
  [{ state: 'shipped' }],
  [[1, 2]],
  [[{ id: 'policy-4', score: 0.9, text: 'Refunds' }]],
  [{ text: 'no chat' }],
  [[]],
  [{ type: 'invoice', content: 'x' }],
  [{ input: 'x' }],
])('%j is no chat', (value) => {
  expect(chat(value)).toBeNull();
});

test('a part of an unknown kind is kept as it came', () => {
  expect(lines([{ role: 'user', content: [{ type: 'hologram', data: 1 }] }])).toEqual([
    'user: {"type":"hologram","data":1}',
  ]);
});

test('numbers are printed as they were received', () => {
  const text =
    '{"role":"assistant","tool_calls":[{"function":{"name":"pay","arguments":"{\\"amount\\":89.00,\\"id\\":9007199254740993}"}}]}';
  expect(readConversation(readPayload(text))?.messages.map(line)).toEqual([
    'assistant: pay# {"amount":89.00,"id":9007199254740993}',
  ]);
});

test('text that only looks like JSON stays text', () => {
  expect(readPayload('{not json')).toEqual({ kind: 'text', text: '{not json' });
  expect(readPayload('42')).toEqual({ kind: 'text', text: '42' });
  expect(readPayload('"quoted"')).toEqual({ kind: 'text', text: 'quoted' });
});

test('what an SDK uploaded is found in each form of a file', () => {
  const token = '@@@langfuseMedia:type=image/png|id=x|source=bytes@@@';
  expect(
    lines([
      {
        role: 'user',
        content: [
          { type: 'image_url', image_url: { url: token } },
          { type: 'image', source: { type: 'base64', media_type: 'image/png', data: token } },
          { type: 'file', mediaType: 'image/png', data: token },
          { type: 'image', image: token },
          { inlineData: { mimeType: 'image/png', data: token } },
          { inline_data: { mime_type: 'image/png', data: token } },
        ],
      },
    ]),
  ).toEqual([
    `user: [image_url, ${token}] | [image/png, ${token}] | [image/png, ${token}] | [image, ${token}] | [image/png, ${token}] | [image/png, ${token}]`,
  ]);
});

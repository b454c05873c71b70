import { expect, test } from 'vitest';
import { matchModel } from './model-match.ts';

const match = (model: string, provider = ''): string | null => {
  const found = matchModel(model, provider);
  return found && `${found.provider.id}:${found.model.id}`;
};

// oxfmt-ignore
test.each([
  ['gpt-4o-mini',                                   '',                  'openai:gpt-4o-mini'],
  ['gpt-4o-mini-2024-07-18',                        '',                  'openai:gpt-4o-mini'],
  ['openai/gpt-4o-mini',                            '',                  'openai:gpt-4o-mini'],
  ['ft:gpt-4o-mini-2024-07-18:acme::id',            '',                  'openai:ft:gpt-4o-mini'],
  ['openai/gpt-4o-mini',                            'openai',            'openai:gpt-4o-mini'],
  ['litellm_proxy/openai/gpt-4o-mini',              '',                  'openai:gpt-4o-mini'],
  ['text-embedding-3-small',                        '',                  'openai:text-embedding-3-small'],
  ['claude-3-5-sonnet-20241022',                    'anthropic.messages', 'anthropic:claude-3-5-sonnet'],
  ['anthropic/claude-3-5-sonnet-20241022',          '',                  'anthropic:claude-3-5-sonnet'],
  ['models/gemini-2.0-flash',                       'gcp.gen_ai',        'google:gemini-2.0-flash'],
  ['vertex_ai/gemini-2.0-flash',                    '',                  'google:gemini-2.0-flash'],
  ['gpt-35-turbo',                                  'azure.ai.openai',   'azure:gpt-3.5-turbo'],
  ['azure/gpt-4o',                                  '',                  'azure:gpt-4o'],
  ['grok-3',                                        'x_ai',              'x-ai:grok-3'],
  ['deepseek-chat',                                 'openai',            'deepseek:deepseek-chat'],
  ['openrouter/mistralai/mistral-large',            '',                  'openrouter:mistralai/mistral-large'],
  ['mistralai/mistral-large',                       'openrouter',        'openrouter:mistralai/mistral-large'],
  ['llama-3.3-70b-versatile',                       'groq.chat',         'groq:llama-3.3-70b-versatile'],
  ['anthropic.claude-3-haiku-20240307-v1:0',        'aws.bedrock',       'aws:regional.anthropic.claude-3-haiku-20240307-v1:0'],
  ['bedrock/eu-west-1/anthropic.claude-3-haiku-20240307-v1:0', '',       'aws:regional.anthropic.claude-3-haiku-20240307-v1:0'],
])('%s of provider "%s" is %s', (model, provider, expected) => {
  expect(match(model, provider)).toBe(expected);
});

test.each([
  ['nope-model', ''],
  ['fake-model', 'openai'],
  ['gpt-4o-mini-custom-deployment', 'my-gateway'],
  ['openai/', ''],
  ['/', ''],
])('%s of provider "%s" has no entry', (model, provider) => {
  expect(match(model, provider)).toBeNull();
});

test('a model the user runs has no price, whatever it is called', () => {
  expect(match('deepseek-chat', 'ollama')).toBeNull();
  expect(match('ollama/gpt-4o', '')).toBeNull();
});

test('a provider named like a property of every object is a provider nobody knows', () => {
  for (const name of ['constructor', '__proto__', 'constructor.x', '__proto__.chat']) {
    expect(match('gpt-4o-mini', name)).toBe('openai:gpt-4o-mini');
    expect(match(`${name}/gpt-4o-mini`)).toBe('openai:gpt-4o-mini');
  }
});

import { calcPrice, findProvider } from '@pydantic/genai-prices';
import type { ModelInfo, Provider } from '@pydantic/genai-prices';

/** An entry of the price list, and the provider whose price it is. */
export interface ModelMatch {
  provider: Provider;
  model: ModelInfo;
}

const SELF_HOSTED = '(self-hosted)';
const BY_NAME = '(by name)';

/** Names under which conventions and gateways report a provider that the list knows by another id. */
const providerIds = new Map([
  ['azure_ai', 'azure'],
  ['azure_openai', 'azure'],
  ['fireworks_ai', 'fireworks'],
  ['gcp.gen_ai', 'google'],
  ['x_ai', 'x-ai'],
]);

/** Run by the user: what a hosted model of the same name costs elsewhere says nothing about these. */
const selfHosted = new Set([
  'hosted_vllm',
  'llama_cpp',
  'llamafile',
  'lm_studio',
  'ollama',
  'ollama_chat',
  'vllm',
  'xinference',
]);

/** Whose lists are asked when no provider is known: whoever's own pattern claims the name, then makers some of whose names no pattern claims (`text-embedding-3-small`, `anthropic.claude-…-v1:0`). */
const anyone = [BY_NAME, 'openai', 'google', 'anthropic', 'mistral', 'cohere', 'voyageai', 'aws'];

/**
 * Finds the entry for a model as clients name it: plain, dated, or behind its provider or gateway (`openai/gpt-4o-mini`,
 * `bedrock/eu-west-1/anthropic.claude-…`, `models/gemini-…`). The stated provider goes first, then the one in the name, then whoever
 * makes a model of that name: OpenAI's SDK reports itself as provider whatever server it talks to.
 */
export function matchModel(model: string, provider: string): ModelMatch | null {
  const [prefix, ...behind] = model.split('/');
  const inName = behind.length > 0 && prefix !== undefined ? resolveProvider(prefix) : null;
  const stated = resolveProvider(provider);
  if (stated === SELF_HOSTED || inName === SELF_HOSTED) return null;

  const names = behind.map((_, from) => behind.slice(from).join('/'));
  const questions: { name: string; providers: (string | null)[] }[] = [
    { name: model, providers: [stated] },
    ...names.map((name) => ({ name, providers: [inName, stated] })),
    ...[model, ...names].map((name) => ({ name, providers: anyone })),
  ];
  for (const { name, providers } of questions) {
    for (const providerId of providers) {
      const match = providerId && lookUp(name, providerId);
      if (match) return match;
    }
  }
  return null;
}

/** Id in the price list; null when the list does not know the provider. */
function resolveProvider(provider: string): string | null {
  const name = provider.trim().toLowerCase();
  const vendor = name.split('.')[0] ?? '';
  if (!name) return null;
  if (selfHosted.has(vendor)) return SELF_HOSTED;
  if (vendor.startsWith('azure')) return 'azure';
  const known = providerIds.get(name) ?? providerIds.get(vendor);
  if (known) return known;
  return (findProvider({ providerId: name }) ?? findProvider({ providerId: vendor }))?.id ?? null;
}

function lookUp(model: string, providerId: string): ModelMatch | null {
  const result = calcPrice({}, model, providerId === BY_NAME ? {} : { providerId });
  return result && { provider: result.provider, model: result.model };
}

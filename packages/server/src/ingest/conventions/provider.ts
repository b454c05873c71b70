import type { Reader } from './convention.ts';
import { special } from './readers.ts';

const DOTTED = /^(aws|azure|gcp|ibm)\./;

/** A provider by the name the GenAI conventions use: lower case, without the API behind it (`openai.chat` is `openai`). */
export const provider: Reader<string> = special('provider', (value) => {
  if (typeof value !== 'string') return undefined;
  const name = value.trim().toLowerCase();
  if (name === 'strands-agents') return undefined; // the framework's own name, whatever model it calls
  return (DOTTED.test(name) ? name : name.split('.', 1)[0]) || undefined;
});

// What LiteLLM and the gateways put in front of a model. An open list would take the organization of a Hugging Face name
// (`meta-llama/Llama-3-70b`) for a provider.
const prefixes = new Set(
  (
    'ai21 anthropic anyscale azure azure_ai baseten bedrock cerebras cloudflare codestral cohere cohere_chat databricks ' +
    'deepinfra deepseek empower fireworks_ai friendliai galadriel gemini github github_copilot google groq hosted_vllm ' +
    'huggingface hyperbolic jina_ai lambda_ai litellm_proxy lm_studio minimax mistral moonshot nebius novita nscale nvidia_nim ' +
    'oci ollama ollama_chat openai openrouter perplexity predibase replicate sagemaker sambanova snowflake ' +
    'text-completion-openai together_ai vercel_ai_gateway vertex_ai vertex_ai_beta vllm volcengine voyage watsonx x-ai xai'
  ).split(' '),
);

/** The provider in `openai/gpt-4o-mini`; empty when the model does not name one. */
export function providerOfModel(model: string): string {
  const slash = model.indexOf('/');
  const prefix = slash > 0 ? model.slice(0, slash).toLowerCase() : '';
  return prefixes.has(prefix) ? prefix : '';
}

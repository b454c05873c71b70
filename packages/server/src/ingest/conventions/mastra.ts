import type { ObservationType } from '../observation.ts';
import type { Convention, MetadataEntries } from './convention.ts';
import { oneOf, special } from './readers.ts';

const kind = oneOf<ObservationType>({
  agent_run: 'AGENT',
  tool_call: 'TOOL',
  mcp_tool_call: 'TOOL',
  workflow_run: 'CHAIN',
  workflow_step: 'CHAIN',
});

/** Whole answers of the provider's HTTP API, beside the output that says the same. */
const answers: ReadonlySet<string> = new Set(['headers', 'body']);
const property = special<MetadataEntries>('one key, but headers and body', (value, _context, key) =>
  key === '' || answers.has(key) ? undefined : [[key, value]],
);

/** Mastra's exporter for Langfuse; the rest of it is `langfuse` and GenAI. A model call is `model_inference`, within `agent_step`. */
export const mastra = {
  name: 'mastra',
  source: 'mastra.ai/docs/observability, read 2026-11-30; @mastra/langfuse 1.5.8 recorded',
  // oxfmt-ignore
  rules: [
    // attribute            field       read as   known from
    ['mastra.span.type',   'type',     kind,     'seen'],
    ['mastra.metadata.*',  'metadata', property, 'seen'],
  ],
} as const satisfies Convention;

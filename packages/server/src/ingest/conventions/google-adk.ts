import type { Convention } from './convention.ts';
import { adkPayload } from './readers.ts';

/** Google's Agent Development Kit; the rest of it is GenAI. Content is on spans only when its setting says so. */
export const googleAdk = {
  name: 'google-adk',
  source: 'google.github.io/adk-docs/observability, read 2026-11-30; 2.13 recorded',
  // oxfmt-ignore
  rules: [
    // attribute                       field     read as     known from
    ['gcp.vertex.agent.llm_request',    'input',  adkPayload, 'documentation'],
    ['gcp.vertex.agent.llm_response',   'output', adkPayload, 'documentation'],
    ['gcp.vertex.agent.tool_call_args', 'input',  adkPayload, 'documentation'],
    ['gcp.vertex.agent.tool_response',  'output', adkPayload, 'documentation'],
  ],
} as const satisfies Convention;

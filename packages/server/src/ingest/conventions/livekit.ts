import type { Level, ObservationType } from '../observation.ts';
import type { Convention } from './convention.ts';
import { payload, special, text } from './readers.ts';

const kinds: ReadonlyMap<string, ObservationType> = new Map([
  ['agent_turn', 'AGENT'],
  ['start_agent_activity', 'AGENT'],
  ['function_tool', 'TOOL'],
]);
const kind = special<ObservationType>('by the name of the span', (_value, { span }) => kinds.get(span.name));

/** What runs all the time beside a conversation (S1.7). */
const noise: ReadonlySet<string> = new Set([
  'user_speaking',
  'eou_detection',
  'llm_request_run',
  'tts_node',
  'tts_request',
  'tts_request_run',
  'tts_stream_adapter',
  'agent_speaking',
  'drain_agent_activity',
  'on_exit',
  'on_enter',
  'llm_fallback_adapter',
  'tts_fallback_adapter',
  'start_agent_activity',
]);
const level = special<Level>('DEBUG for what runs beside a conversation', (_value, { span }) =>
  noise.has(span.name) && span.statusCode !== 2 ? 'DEBUG' : undefined,
);

/** The calls a model asks for; an empty list stands on every answer without any. */
const calls = special<string>('payload, but `[]`', (value, context, key) =>
  value === '[]' ? undefined : payload(value, context, key),
);

/** LiveKit Agents; what may hold personal data has `lk.pii.` in front from 1.7 on. Model and tokens are GenAI. */
export const livekit = {
  name: 'livekit',
  source:
    'docs.livekit.io/testing/observability/tracing (the prefix) and github.com/livekit/agents ' +
    'livekit-agents/livekit/agents/telemetry/trace_types.py (the names), read 2026-11-30; names of spans as in livekit-agents 1.8.9',
  scopes: ['livekit-agents'],
  // oxfmt-ignore
  rules: [
    // attribute                         field     read as   known from
    ['lk.*',                             'type',   kind,     'upstream'],
    ['lk.*',                             'level',  level,    'upstream'],
    ['lk.function_tool.name',            'name',   text,     'code'],
    ['lk.input_text',                    'input',  payload,  'code'],
    ['lk.pii.input_text',                'input',  payload,  'code'],
    ['lk.user_transcript',               'input',  payload,  'code'],
    ['lk.pii.user_transcript',           'input',  payload,  'code'],
    ['lk.chat_ctx',                      'input',  payload,  'documentation'],
    ['lk.pii.chat_ctx',                  'input',  payload,  'documentation'],
    ['lk.user_input',                    'input',  payload,  'code'],
    ['lk.pii.user_input',                'input',  payload,  'code'],
    ['lk.function_tool.arguments',       'input',  payload,  'code'],
    ['lk.pii.function_tool.arguments',   'input',  payload,  'code'],
    ['lk.function_tool.output',          'output', payload,  'code'],
    ['lk.pii.function_tool.output',      'output', payload,  'code'],
    ['lk.response.text',                 'output', payload,  'code'],
    ['lk.pii.response.text',             'output', payload,  'code'],
    ['lk.response.function_calls',       'output', calls,    'code'],
    ['lk.pii.response.function_calls',   'output', calls,    'code'],
  ],
} as const satisfies Convention;

import type { Convention } from './convention.ts';
import { payload, text, usd } from './readers.ts';

/** What Logfire and Pydantic AI say by attributes of their own; the rest of theirs is GenAI. */
export const logfire = {
  name: 'logfire',
  source:
    'logfire.pydantic.dev/docs, read 2026-11-25; Pydantic AI 2.68 with Logfire 5.4 recorded; its older formats: ' +
    'github.com/pydantic/pydantic-ai pydantic_ai_slim, read 2026-11-30',
  // oxfmt-ignore
  rules: [
    // attribute                 field     read as   known from
    ['logfire.msg',              'name',   text,     'seen'],
    ['operation.cost',           'cost',   usd,      'seen'],
    ['pydantic_ai.all_messages', 'input',  payload,  'seen'],
    ['final_result',             'output', payload,  'seen'],
    ['prompt',                   'input',  payload,  'code'], // the first releases
    ['all_messages_events',      'input',  payload,  'code'], // InstrumentationSettings(version=1), as the next
    ['events',                   'input',  payload,  'code'],
    ['tool_arguments',           'input',  payload,  'code'], // up to version=2
    ['tool_response',            'output', payload,  'code'],
  ],
} as const satisfies Convention;

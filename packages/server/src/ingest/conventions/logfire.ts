import type { Convention } from './convention.ts';
import { payload, text, usd } from './readers.ts';

/** What Logfire and Pydantic AI say by attributes of their own; the rest of theirs is GenAI. */
export const logfire = {
  name: 'logfire',
  source: 'logfire.pydantic.dev/docs, read 2026-11-25; Pydantic AI 2.68 with Logfire 5.4 recorded',
  // oxfmt-ignore
  rules: [
    // attribute                 field     read as   known from
    ['logfire.msg',              'name',   text,     'seen'],
    ['operation.cost',           'cost',   usd,      'seen'],
    ['pydantic_ai.all_messages', 'input',  payload,  'seen'],
    ['final_result',             'output', payload,  'seen'],
    ['prompt',                   'input',  payload,  'documentation'], // Pydantic AI before 1, as the two below
    ['all_messages_events',      'input',  payload,  'documentation'],
    ['events',                   'input',  payload,  'documentation'],
    ['tool_arguments',           'input',  payload,  'documentation'],
    ['tool_response',            'output', payload,  'documentation'],
  ],
} as const satisfies Convention;

import type { Convention } from './convention.ts';
import { text } from './readers.ts';

/** What Logfire and Pydantic AI say by attributes of their own; the rest of theirs is GenAI. */
export const logfire = {
  name: 'logfire',
  source: 'logfire.pydantic.dev/docs, read 2026-11-25',
  // oxfmt-ignore
  rules: [
    // attribute    field   read as  known from
    ['logfire.msg', 'name', text,    'seen'],
  ],
} as const satisfies Convention;

import type { ObservationType } from '../observation.ts';
import type { Convention } from './convention.ts';
import { count, oneOf, tags, text, usd } from './readers.ts';
import type { Source } from './registry.ts';

// Checked by tsc: a reader that does not give what its field holds is an error in the table, not a wrong column later.
export const fits = {
  name: 'fits',
  source: 'invented',
  rules: [
    ['acme.kind', 'type', oneOf<ObservationType>({ llm: 'GENERATION', tool: 'TOOL' }), 'documentation'],
    ['acme.model', 'model', text, 'documentation'],
    ['acme.tokens', 'usage.input', count, 'documentation'],
  ],
} as const satisfies Convention;

export const misfits: Convention = {
  name: 'misfits',
  source: 'invented',
  rules: [
    // @ts-expect-error a count is not a user
    ['acme.user', 'userId', count, 'documentation'],
    // @ts-expect-error any text is not an observation type
    ['acme.kind', 'type', text, 'documentation'],
    // @ts-expect-error nor is a word that is none
    ['acme.kind', 'type', oneOf({ llm: 'LLM' }), 'documentation'],
    // @ts-expect-error a list is not a name
    ['acme.name', 'name', tags, 'documentation'],
    // @ts-expect-error dollars are not tokens
    ['acme.cost', 'usage.input', usd, 'documentation'],
    // @ts-expect-error there is no such field
    ['acme.colour', 'colour', text, 'documentation'],
    // @ts-expect-error a rule says how it is known
    ['acme.model', 'model', text],
  ],
};

export const known: Source<'model'> = 'gen-ai/gen_ai.response.model';
// @ts-expect-error the registry names only what a table has
export const unknown: Source<'model'> = 'gen-ai/gen_ai.answering.model';
// @ts-expect-error and only for that field
export const elsewhere: Source<'userId'> = 'gen-ai/gen_ai.response.model';

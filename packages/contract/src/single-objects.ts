import * as z from 'zod';
import { EventBody, GenerationFields, promptIsNamedWhole, SpanBody, TraceBody } from './ingestion.ts';
import { defineRoute } from './route.ts';
import { EntityId } from './wire-fields.ts';

/*
 * One trace or observation a request, as the SDKs before batches sent them (S2.4). Each is one event of `ingestion.ts`, made at
 * the time of receipt; an id is made up where none is sent.
 */

const id = EntityId.nullish();

/** Changes name what they change in their own field; the `id` of the whole object is not theirs. */
const changeOf = <Field extends string>(field: Field) => ({ [field]: EntityId }) as Record<Field, typeof EntityId>;

/** `prompt` and `completion` were the first names of `input` and `output`. */
const SingleGeneration = GenerationFields.extend({
  prompt: z.unknown().optional(),
  completion: z.unknown().optional(),
});

const Stored = z.object({ id: z.string() });

const single = <Body extends z.ZodType>(
  method: 'POST' | 'PATCH',
  path: `/api/public/${string}`,
  summary: string,
  body: Body,
) => defineRoute({ method, path, scope: 'traces:create', summary, body, response: Stored });

export const createTrace = single('POST', '/api/public/traces', 'Create or change a trace', TraceBody);

export const createSpan = single('POST', '/api/public/spans', 'Create a span', SpanBody.extend({ id }));
export const updateSpan = single(
  'PATCH',
  '/api/public/spans',
  'Change a span',
  SpanBody.omit({ id: true }).extend(changeOf('spanId')),
);

export const createGeneration = single(
  'POST',
  '/api/public/generations',
  'Create a generation',
  SingleGeneration.extend({ id }).refine(...promptIsNamedWhole),
);
export const updateGeneration = single(
  'PATCH',
  '/api/public/generations',
  'Change a generation',
  SingleGeneration.omit({ id: true })
    .extend(changeOf('generationId'))
    .refine(...promptIsNamedWhole),
);

export const createEvent = single('POST', '/api/public/events', 'Create an event', EventBody.extend({ id }));

const paths: ReadonlySet<string> = new Set(
  [createTrace, createSpan, createGeneration, createEvent].map(({ path }) => path),
);

/** Whether one trace or observation is sent there. */
export const isSingleObject = (path: string): boolean => paths.has(path);

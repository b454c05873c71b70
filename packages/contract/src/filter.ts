import * as z from 'zod';
import { Datetime } from './wire-fields.ts';

/*
 * The API's filter parameter (S8.8.4): a JSON array of conditions that all hold. Every list takes it; which columns there
 * are is for the list to say.
 */

const column = z.string();
const key = z.string();
const texts = z.array(z.string()).min(1);

export const stringOperators = ['=', 'contains', 'does not contain', 'starts with', 'ends with'] as const;
const numberOperators = ['=', '>', '<', '>=', '<='] as const;

/** `more`: operators of this list beyond those every list has. */
const conditions = <More extends string = never>(...more: More[]) =>
  z.discriminatedUnion('type', [
    z.object({ type: z.literal('datetime'), column, operator: z.enum(['>', '<', '>=', '<=']), value: Datetime }),
    z.object({ type: z.literal('string'), column, operator: z.enum([...stringOperators, ...more]), value: z.string() }),
    z.object({ type: z.literal('number'), column, operator: z.enum(numberOperators), value: z.number() }),
    z.object({ type: z.literal('stringOptions'), column, operator: z.enum(['any of', 'none of']), value: texts }),
    z.object({
      type: z.literal('arrayOptions'),
      column,
      operator: z.enum(['any of', 'none of', 'all of']),
      value: texts,
    }),
    z.object({
      type: z.literal('categoryOptions'),
      column,
      key,
      operator: z.enum(['any of', 'none of']),
      value: texts,
    }),
    z.object({ type: z.literal('stringObject'), column, key, operator: z.enum(stringOperators), value: z.string() }),
    z.object({ type: z.literal('numberObject'), column, key, operator: z.enum(numberOperators), value: z.number() }),
    z.object({ type: z.literal('booleanObject'), column, key, operator: z.enum(['=', '<>']), value: z.boolean() }),
    z.object({ type: z.literal('boolean'), column, operator: z.enum(['=', '<>']), value: z.boolean() }),
    // Ours: `key`, to ask whether one metadata key or one score is there.
    z.object({
      type: z.literal('null'),
      column,
      key: key.optional(),
      operator: z.enum(['is null', 'is not null']),
      value: z.literal(''),
    }),
    // `value` counts from 1 for nthFromStart and nthFromEnd and is not consulted otherwise.
    z.object({
      type: z.literal('positionInTrace'),
      column,
      key: z.enum(['root', 'first', 'last', 'nthFromStart', 'nthFromEnd']),
      operator: z.literal('='),
      value: z.union([z.int().min(1), z.literal('')]).optional(),
    }),
  ]);

/** Each may read rows of its own: what an address has room for would be a statement that the engine does not take. */
const MAX_CONDITIONS = 50;

/** Conditions of v1 lists. */
export const Filter = z.array(conditions()).max(MAX_CONDITIONS);
/** Conditions of the lists of the events table, where `matches` searches the payload. */
export const EventsFilter = z.array(conditions('matches')).max(MAX_CONDITIONS);
export type Condition = z.output<typeof EventsFilter>[number];

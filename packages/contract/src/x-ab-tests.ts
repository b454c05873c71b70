import * as z from 'zod';
import { Instant } from './pagination.ts';
import { PromptLabel } from './prompts.ts';
import { defineRoute } from './route.ts';

/*
 * A/B tests: a label of a prompt is a weighted split over versions. Names of prompts travel in query and body, for they hold
 * slashes. An open test is one that is scheduled, running or paused.
 */

/** A draft splits nothing; scheduled, running and paused ones are open. Start and end by time need no call. */
export const AbTestState = z.enum(['draft', 'scheduled', 'running', 'paused', 'ended']);
export type AbTestState = z.output<typeof AbTestState>;

/** What a test counts as one: what the application's key names. `none`: it sends no key, so arms are compared by time blocks. */
export const AbUnit = z.enum(['user', 'session', 'trace', 'none']);
export type AbUnit = z.output<typeof AbUnit>;

/** Whether the key is the unit's id itself, or one of 1,000 slots that it falls into (`slot:<crc32(id) % 1000>`). */
export const AbKeyAs = z.enum(['id', 'slot']);
export type AbKeyAs = z.output<typeof AbKeyAs>;

/** Measures of each test; beside them `score:<name>`, and `score:<name>:<category>` of categorical ones. */
export const abMeasures = [
  'cost',
  'costPerUnit',
  'generations',
  'tokens',
  'inputTokens',
  'outputTokens',
  'latency',
  'latencyP50',
  'latencyP95',
  'ttft',
  'errors',
] as const;
export const AbMeasure = z.union([z.enum(abMeasures), z.templateLiteral(['score:', z.string().min(1).max(500)])]);
export type AbMeasure = z.output<typeof AbMeasure>;

/** A version and its share of the units in percent, with at most two decimals. */
export const AbArm = z.object({ version: z.int().positive(), share: z.number().min(0).max(100) });
export type AbArm = z.output<typeof AbArm>;

/** Time under one set of shares; results are of one phase. A stretch is a time of running within it. */
export const AbPhase = z.object({
  number: z.int(),
  shares: z.array(z.number()),
  from: Instant,
  to: Instant.nullable(),
  stretches: z.array(z.object({ from: Instant, to: Instant.nullable() })),
});
export type AbPhase = z.output<typeof AbPhase>;

const Settings = {
  name: z.string().max(200).nullable(),
  hypothesis: z.string().max(5_000).nullable(),
  unit: AbUnit,
  keyAs: AbKeyAs,
  /** Chosen before the start. */
  primary: AbMeasure,
  /** The smallest effect that matters: relative for ratios, absolute for differences. */
  smallestEffect: z.number().positive().max(10),
  /** Null: all but those of the product and of SDK experiments. */
  environments: z.array(z.string().min(1).max(40)).min(1).max(50).nullable(),
  /** How long SDKs keep a prompt: so long after each start, rows are not counted. */
  cacheSeconds: z.int().min(0).max(86_400),
  startAt: Instant.nullable(),
  endAt: Instant.nullable(),
};

/** A test as it is at the time of the answer. */
export const AbTest = z.object({
  id: z.string(),
  prompt: z.string(),
  label: z.string(),
  ...Settings,
  state: AbTestState,
  /** The first is control, the version that the label points at. */
  arms: z.array(AbArm),
  /** When it started; null before. */
  startedAt: Instant.nullable(),
  endedAt: Instant.nullable(),
  endReason: z.enum(['by-hand', 'end-time', 'label-moved', 'version-deleted']).nullable(),
  /** The version that the label was moved to when it was ended by hand. */
  shippedVersion: z.int().nullable(),
  phases: z.array(AbPhase),
  createdAt: Instant,
  /** Name of a person, or `API`. */
  createdBy: z.string(),
});
export type AbTest = z.output<typeof AbTest>;

/** A draft to create. The first arm is control: the version that the label points at. */
export const NewAbTest = z.object({
  prompt: z.string(),
  label: PromptLabel,
  arms: z.array(AbArm).min(2).max(5),
  name: Settings.name.default(null),
  hypothesis: Settings.hypothesis.default(null),
  unit: Settings.unit.default('user'),
  keyAs: Settings.keyAs.default('id'),
  primary: Settings.primary.default('cost'),
  /** 0.05 unless given. */
  smallestEffect: Settings.smallestEffect.default(0.05),
  environments: Settings.environments.default(null),
  cacheSeconds: Settings.cacheSeconds.default(60),
  startAt: Settings.startAt.default(null),
  endAt: Settings.endAt.default(null),
});
export type NewAbTest = z.output<typeof NewAbTest>;

/** What is left out stays. Name, hypothesis, endAt, unit and keyAs at any time; shares while open; all else only in a draft. */
export const AbTestUpdate = z
  .object(Settings)
  .partial()
  .extend({ arms: z.array(AbArm).min(2).max(5).optional() });
export type AbTestUpdate = z.output<typeof AbTestUpdate>;

const ById = z.object({ testId: z.string() });

export const listAbTests = defineRoute({
  method: 'GET',
  path: '/api/public/x/ab-tests',
  scope: 'prompts:read',
  summary: 'A/B tests, newest first',
  query: z.object({
    prompt: z.string().optional(),
    label: z.string().optional(),
    /** States, comma-separated. */
    state: z.string().optional(),
    cursor: z.string().optional(),
    limit: z.coerce.number().int().min(1).max(100).default(50),
  }),
  response: z.object({ data: z.array(AbTest), meta: z.object({ cursor: z.string().optional() }) }),
});

export const createAbTest = defineRoute({
  method: 'POST',
  path: '/api/public/x/ab-tests',
  scope: 'prompts:CUD',
  audit: 'abTest',
  status: 201,
  summary: 'Create an A/B test as a draft, which changes nothing yet; tells which prompts include its label',
  body: NewAbTest,
  /** Prompts that include this label always get control. */
  response: AbTest.extend({ includedIn: z.array(z.object({ name: z.string(), version: z.int() })) }),
});

export const readAbTest = defineRoute({
  method: 'GET',
  path: '/api/public/x/ab-tests/:testId',
  scope: 'prompts:read',
  summary: 'One A/B test with its phases',
  params: ById,
  response: AbTest,
});

export const updateAbTest = defineRoute({
  method: 'PATCH',
  path: '/api/public/x/ab-tests/:testId',
  scope: 'prompts:CUD',
  audit: 'abTest',
  summary: 'Change an A/B test; new shares start a phase',
  params: ById,
  body: AbTestUpdate,
  response: AbTest,
});

export const deleteAbTest = defineRoute({
  method: 'DELETE',
  path: '/api/public/x/ab-tests/:testId',
  scope: 'prompts:CUD',
  audit: 'abTest',
  status: 204,
  summary: 'Delete a draft',
  params: ById,
});

const step = (name: 'start' | 'pause' | 'resume', summary: string) =>
  defineRoute({
    method: 'POST',
    path: `/api/public/x/ab-tests/:testId/${name}`,
    scope: 'prompts:CUD',
    audit: 'abTest',
    summary,
    params: ById,
    response: AbTest,
  });
export const startAbTest = step('start', 'Start a draft, or schedule it when it has a time to start');
export const pauseAbTest = step('pause', 'Give control to everybody until it is resumed');
export const resumeAbTest = step('resume', 'Split again as before; the phase goes on');

export const endAbTest = defineRoute({
  method: 'POST',
  path: '/api/public/x/ab-tests/:testId/end',
  scope: 'prompts:CUD',
  audit: 'abTest',
  summary: 'End an A/B test; with `makeVersion` the label moves to that version at the same time',
  params: ById,
  body: z.object({ makeVersion: z.int().positive().optional() }).default({}),
  response: AbTest,
});

/** What the primary measure says; a mismatch of split or key hides it, and `collecting` is before anything is compared. */
export const AbVerdict = z.enum(['different', 'no-difference-yet', 'equal', 'collecting', 'mismatch', 'key-mismatch']);
export type AbVerdict = z.output<typeof AbVerdict>;

/**
 * One measure of one arm against control. `a` and `b` are what is compared (USD, tokens, ms, shares or score values); on the scale
 * `ratio` the difference is b / a − 1, else b − a. All null while nothing may be compared: `why` says that in words.
 */
export const AbComparison = z.object({
  measure: AbMeasure,
  /** The version that is compared with control. */
  arm: z.int(),
  scale: z.enum(['ratio', 'difference']),
  a: z.number().nullable(),
  b: z.number().nullable(),
  difference: z.number().nullable(),
  low: z.number().nullable(),
  high: z.number().nullable(),
  /** Of the interval, valid however often one looks. */
  level: z.number(),
  p: z.number().nullable(),
  isPrimary: z.boolean(),
  /** The difference with the values above the pooled 99th percentile set to it. */
  trimmed: z.number().nullable(),
  /** Share of rows without a value, in control and in the arm. */
  missing: z.tuple([z.number(), z.number()]),
  why: z.string().nullable(),
  /** What to know before believing it, in words. */
  warnings: z.array(z.string()),
  /** About how many units more would show the smallest effect, and days at the rate of the last week. */
  needed: z.object({ units: z.int(), days: z.number().nullable() }).nullable(),
});
export type AbComparison = z.output<typeof AbComparison>;

/** One phase of a test, counted. Instants are null before it began, and `to` also while it goes on. */
export const AbResult = z.object({
  state: AbTestState,
  phase: z.int(),
  from: Instant.nullable(),
  to: Instant.nullable(),
  /** When it was computed. */
  at: Instant,
  sentence: z.string(),
  /** Null before the start, and with a filter. */
  verdict: AbVerdict.nullable(),
  arms: z.array(z.object({ version: z.int(), share: z.number(), units: z.int(), generations: z.int() })),
  ratioCheck: z.object({ lnE: z.number().nullable(), isMismatch: z.boolean(), observed: z.array(z.number()) }),
  keyCheck: z.object({
    /** Share of generations that got the arm their unit should get; null without a key. */
    agreement: z.number().nullable(),
    /** Share of generations whose trace says no unit. */
    withoutUnit: z.number(),
    /** Another reading of unit and key that fits (almost) all, when this one does not. */
    readsAs: z.object({ unit: AbUnit, keyAs: AbKeyAs, agreement: z.number() }).nullable(),
  }),
  /** The primary measure first. */
  comparisons: z.array(AbComparison),
  /** What else to know, a sentence each: shares that changed, ids that are missing, causes of a mismatch. */
  notes: z.array(z.string()),
});
export type AbResult = z.output<typeof AbResult>;

export const readAbResult = defineRoute({
  method: 'GET',
  path: '/api/public/x/ab-tests/:testId/result',
  scope: 'prompts:read',
  summary: 'What differs between the arms, by how much, and whether it may be believed; computed at most once a minute',
  params: ById,
  query: z.object({
    phase: z.coerce.number().int().positive().optional(),
    /** Estimates alone, without a verdict, of these environments (comma-separated), in place of the test's own. */
    environment: z.string().optional(),
    scoreSource: z.enum(['API', 'EVAL', 'ANNOTATION']).optional(),
  }),
  response: AbResult,
});

/** The primary measure over time, from the snapshots of each hour. */
export const AbSnapshot = z.object({
  phase: z.int(),
  at: Instant,
  arms: z.array(
    z.object({
      /** A version, as in the result. */
      arm: z.int(),
      difference: z.number().nullable(),
      low: z.number().nullable(),
      high: z.number().nullable(),
    }),
  ),
});
export type AbSnapshot = z.output<typeof AbSnapshot>;

export const listAbSnapshots = defineRoute({
  method: 'GET',
  path: '/api/public/x/ab-tests/:testId/snapshots',
  scope: 'prompts:read',
  summary: 'The interval of the primary measure, hour by hour, and the newest of those results whole',
  params: ById,
  /** `latest` is for the time while the result is computed. */
  response: z.object({ data: z.array(AbSnapshot), latest: AbResult.nullable() }),
});

export const readAbAssignment = defineRoute({
  method: 'GET',
  path: '/api/public/x/ab-tests/:testId/assignment',
  scope: 'prompts:read',
  summary: 'Which arm a key gets now',
  params: ById,
  query: z.object({ key: z.string() }),
  /** `arm` counts from 0, which is control. Control for all while nothing is split. */
  response: z.object({ bucket: z.int(), arm: z.int(), version: z.int() }),
});

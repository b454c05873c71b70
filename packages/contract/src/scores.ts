import * as z from 'zod';
import { Instant, PageMeta, PageQuery, Repeatable } from './pagination.ts';
import { defineRoute } from './route.ts';
import { ScoreV1 } from './traces.ts';
import { Datetime, EntityId } from './wire-fields.ts';

export const ScoreDataType = z.enum(['NUMERIC', 'CATEGORICAL', 'BOOLEAN', 'CORRECTION', 'TEXT']);
export type ScoreDataType = z.output<typeof ScoreDataType>;

/** What a value must be once its type is stated (S4.1); without a type, a number is NUMERIC and text CATEGORICAL. */
const valueOf: Record<ScoreDataType, z.ZodType> = {
  NUMERIC: z.number(),
  CATEGORICAL: z.string(),
  BOOLEAN: z
    .number()
    .refine(
      (value) => value === 0 || value === 1,
      'Value must be a number equal to either 0 or 1 for data type BOOLEAN',
    ),
  CORRECTION: z.string(),
  TEXT: z.string().min(1).max(500),
};

/** What is wrong with a value of this type; empty when nothing is. */
export const scoreValueIssues = (dataType: ScoreDataType, value: unknown): readonly z.core.$ZodIssue[] =>
  (valueOf[dataType].safeParse(value).error?.issues ?? []).map((issue) => ({
    ...issue,
    path: ['value', ...issue.path],
  }));

/** Evaluators that answer true or false send it as it is (JS SDK 5, seen): a boolean, which the wire writes 1 or 0. */
const numberForBoolean = (given: unknown): unknown => {
  if (typeof given !== 'object' || given === null || !('value' in given) || typeof given.value !== 'boolean')
    return given;
  const dataType = 'dataType' in given ? (given.dataType ?? 'BOOLEAN') : 'BOOLEAN';
  return dataType === 'BOOLEAN' ? { ...given, dataType, value: Number(given.value) } : given;
};

const fields = {
  id: EntityId.nullish(),
  name: z.string().min(1),
  value: z.union([z.string(), z.number()]),
  dataType: ScoreDataType.nullish(),
  configId: z.string().nullish(),
  traceId: z.string().nullish(),
  observationId: z.string().nullish(),
  sessionId: z.string().nullish(),
  datasetRunId: z.string().nullish(),
  comment: z.string().nullish(),
  metadata: z.unknown().optional(),
  environment: z.string().nullish(),
  queueId: z.string().nullish(),
};

/** The rules that look at more than one field (S4.2), each with its recorded message. */
function checkScore(
  score: z.output<z.ZodObject<typeof fields>> & { source?: string | null | undefined },
  context: z.RefinementCtx,
): void {
  for (const issue of score.dataType ? scoreValueIssues(score.dataType, score.value) : []) {
    context.addIssue({ ...issue } as Parameters<typeof context.addIssue>[0]);
  }
  const targets = [score.traceId, score.sessionId, score.datasetRunId].filter(Boolean);
  if (targets.length !== 1 || (score.observationId && !score.traceId)) {
    context.addIssue({
      code: 'custom',
      path: ['traceId', 'sessionId', 'datasetRunId', 'observationId'],
      message:
        'Provide exactly one of the following: traceId (with optional observationId), sessionId or datasetRunId. ObservationId requires traceId.',
    });
  }
  if (score.dataType === 'CORRECTION' && score.configId) {
    context.addIssue({ code: 'custom', path: ['configId'], message: 'configId is not allowed for CORRECTION scores.' });
  }
  if (score.dataType === 'CORRECTION' && !score.traceId && targets.length === 1) {
    context.addIssue({ code: 'custom', path: ['traceId'], message: 'CORRECTION scores need a traceId.' });
  }
  if (score.source === 'ANNOTATION' && !score.configId && score.dataType !== 'CORRECTION') {
    context.addIssue({
      code: 'custom',
      path: ['configId'],
      message: 'configId is required when source is ANNOTATION (except for CORRECTION scores).',
    });
  }
}

/** Body of a `score-create` event; its time is the event's. */
export const ScoreEventBody = z.preprocess(
  numberForBoolean,
  z.object({ ...fields, source: z.enum(['API', 'ANNOTATION', 'EVAL']).nullish() }).superRefine(checkScore),
);
export type ScoreEventBody = z.output<typeof ScoreEventBody>;

/** Body of `POST /api/public/scores`. Python SDK 5 adds `timestamp`; without it the score's time is its receipt. */
export const CreateScore = z.preprocess(
  numberForBoolean,
  z
    .object({ ...fields, source: z.enum(['API', 'ANNOTATION']).nullish(), timestamp: Datetime.nullish() })
    .superRefine(checkScore),
);
export type CreateScore = z.output<typeof CreateScore>;

/** Answer to one score. */
export const CreatedScore = z.object({ id: z.string() });

/** Answer to a list in which every score was stored: 202. */
export const AcceptedScores = z.object({ message: z.literal('Accepted') });

/** Answer to a list of which some were refused: 207. The client logs it and sends nothing again. `index` is the place in the list. */
export const PartlyAcceptedScores = z.object({
  accepted: z.int(),
  rejected: z.int(),
  errors: z.array(z.object({ index: z.int(), message: z.string() })),
});

/** A score as v2 reads show it: of any target and type. The text of a CORRECTION and a TEXT is `stringValue`. */
export const ScoreV2 = ScoreV1.extend({
  dataType: ScoreDataType,
  traceId: z.string().nullable(),
  sessionId: z.string().nullable(),
  datasetRunId: z.string().nullable(),
});
export type ScoreV2 = z.output<typeof ScoreV2>;

const TraceOfScoreV1 = z.object({
  userId: z.string().nullable(),
  tags: z.array(z.string()),
  environment: z.string(),
});
const TraceOfScore = TraceOfScoreV1.extend({ sessionId: z.string().nullable() });
export type TraceOfScore = z.output<typeof TraceOfScore>;

const Source = z.enum(['API', 'EVAL', 'ANNOTATION']);

/** `a,b`, or the parameter repeated; empty members are none. */
const csv = Repeatable.transform((values) => values.flatMap((value) => value.split(',')).filter((one) => one !== ''));

/** v1: of traces alone, without corrections. `value` counts with an `operator`. */
export const ScoresV1Query = PageQuery.extend({
  userId: z.string().optional(),
  name: z.string().optional(),
  environment: Repeatable.optional(),
  traceTags: Repeatable.optional(),
  dataType: ScoreDataType.optional(),
  configId: z.string().optional(),
  queueId: z.string().optional(),
  source: Source.optional(),
  operator: z.enum(['<', '>', '<=', '>=', '!=', '=']).optional(),
  value: z.coerce.number().optional(),
  scoreIds: csv.optional(),
  fromTimestamp: Datetime.optional(),
  toTimestamp: Datetime.optional(),
  filter: z.string().optional(),
});
export type ScoresV1Query = z.output<typeof ScoresV1Query>;

/** v2: also by target. Without `trace` among the fields, scores of traces that are not there are listed too. */
export const ScoresV2Query = ScoresV1Query.extend({
  traceId: z.string().optional(),
  observationId: csv.optional(),
  sessionId: z.string().optional(),
  datasetRunId: z.string().optional(),
  fields: csv.optional(),
});
export type ScoresV2Query = z.output<typeof ScoresV2Query>;

const ScoreParams = z.object({ scoreId: z.string() });

export const listScoresV1 = defineRoute({
  method: 'GET',
  path: '/api/public/scores',
  scope: 'scores:read',
  summary: 'Scores of traces in pages, newest first (v1)',
  query: ScoresV1Query,
  response: z.object({ data: z.array(ScoreV1.extend({ trace: TraceOfScoreV1 })), meta: PageMeta }),
});

export const readScoreV1 = defineRoute({
  method: 'GET',
  path: '/api/public/scores/:scoreId',
  scope: 'scores:read',
  summary: 'One score of a trace (v1)',
  params: ScoreParams,
  response: ScoreV1,
});

export const listScoresV2 = defineRoute({
  method: 'GET',
  path: '/api/public/v2/scores',
  scope: 'scores:read',
  summary: 'Scores in pages, newest first (v2)',
  query: ScoresV2Query,
  response: z.object({ data: z.array(ScoreV2.extend({ trace: TraceOfScore.nullable() })), meta: PageMeta }),
});

export const readScoreV2 = defineRoute({
  method: 'GET',
  path: '/api/public/v2/scores/:scoreId',
  scope: 'scores:read',
  summary: 'One score (v2)',
  params: ScoreParams,
  response: ScoreV2,
});

export const deleteScore = defineRoute({
  method: 'DELETE',
  path: '/api/public/scores/:scoreId',
  scope: 'scores:CUD',
  summary: 'Delete a score; an unknown id is no error',
  params: ScoreParams,
  status: 202,
  response: z.object({ message: z.string() }),
});

export const scoreFieldGroups = ['core', 'details', 'subject', 'annotation'] as const;

const upperCase = <Member extends string>(members: z.ZodType<Member, string>) =>
  csv.transform((values) => values.map((value) => value.toUpperCase())).pipe(z.array(members));

/** v3: parameters that are not known are refused, and so are combinations that could not mean anything (S4.3). */
export const ScoresV3Query = z
  .strictObject({
    limit: z.coerce.number().int().min(1).max(100).default(50),
    cursor: z.string().optional(),
    fields: csv.pipe(z.array(z.enum(scoreFieldGroups))).optional(),
    id: csv.optional(),
    name: csv.optional(),
    source: upperCase(Source).optional(),
    dataType: upperCase(ScoreDataType).optional(),
    environment: csv.optional(),
    configId: csv.optional(),
    queueId: csv.optional(),
    authorUserId: csv.optional(),
    value: csv.optional(),
    valueMin: z.coerce.number().optional(),
    valueMax: z.coerce.number().optional(),
    traceId: csv.optional(),
    sessionId: csv.optional(),
    observationId: csv.optional(),
    experimentId: csv.optional(),
    fromTimestamp: Datetime.optional(),
    toTimestamp: Datetime.optional(),
  })
  .superRefine((query, context) => {
    const refuse = (message: string): void => context.addIssue({ code: 'custom', message, path: [] });
    const [type, ...otherTypes] = query.dataType ?? [];
    const single = otherTypes.length === 0 ? type : undefined;
    if (query.observationId && !query.traceId) {
      refuse('observationId filter requires traceId — observation IDs are scoped to a trace');
    }
    if ([query.traceId, query.sessionId, query.experimentId].filter((ids) => ids !== undefined).length > 1) {
      refuse('At most one of traceId, sessionId, experimentId may be specified');
    }
    if ((query.valueMin !== undefined || query.valueMax !== undefined) && single !== 'NUMERIC') {
      refuse('valueMin and valueMax require dataType=NUMERIC as a single value');
    }
    if (query.value && !(single && Object.hasOwn(isValueOf, single))) {
      refuse('value filter requires a single dataType from: NUMERIC, BOOLEAN, CATEGORICAL');
    }
    const isValue = single && isValueOf[single];
    const wrong = isValue ? query.value?.find((value) => !isValue(value)) : undefined;
    if (wrong !== undefined) refuse(`'${wrong.slice(0, 100)}' is no value of a ${single} score`);
  });
export type ScoresV3Query = z.output<typeof ScoresV3Query>;

const isValueOf: Partial<Record<ScoreDataType, (text: string) => boolean>> = {
  NUMERIC: (text) => text.trim() !== '' && Number.isFinite(Number(text)),
  BOOLEAN: (text) => /^(true|false)$/i.test(text),
  CATEGORICAL: () => true,
};

/** What a score is about; an `experiment` is a run of a dataset. */
const ScoreSubject = z.object({
  kind: z.enum(['trace', 'observation', 'session', 'experiment']),
  id: z.string(),
  traceId: z.string().optional(),
});

/** A score as v3 reads show it: one `value` of its type; the other groups of fields where they are asked for. */
export const ScoreV3 = z.object({
  id: z.string(),
  projectId: z.string(),
  name: z.string(),
  source: Source,
  timestamp: Instant,
  environment: z.string(),
  createdAt: Instant,
  updatedAt: Instant,
  dataType: ScoreDataType,
  value: z.union([z.number(), z.boolean(), z.string()]),
  comment: z.string().nullable().optional(),
  configId: z.string().nullable().optional(),
  metadata: z.record(z.string(), z.unknown()).optional(),
  authorUserId: z.string().nullable().optional(),
  queueId: z.string().nullable().optional(),
  subject: ScoreSubject.optional(),
});
export type ScoreV3 = z.output<typeof ScoreV3>;

export const listScoresV3 = defineRoute({
  method: 'GET',
  path: '/api/public/v3/scores',
  scope: 'scores:read',
  summary: 'Scores, newest first, page after page by cursor (v3)',
  query: ScoresV3Query,
  response: z.object({
    data: z.array(ScoreV3),
    meta: z.object({ limit: z.int(), cursor: z.string().optional() }),
  }),
});

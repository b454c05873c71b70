import * as z from 'zod';
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
  const value = score.dataType ? valueOf[score.dataType].safeParse(score.value) : null;
  for (const issue of value?.error?.issues ?? []) {
    context.addIssue({ ...issue, path: ['value', ...issue.path] } as Parameters<typeof context.addIssue>[0]);
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
export const ScoreEventBody = z
  .object({ ...fields, source: z.enum(['API', 'ANNOTATION', 'EVAL']).nullish() })
  .superRefine(checkScore);
export type ScoreEventBody = z.output<typeof ScoreEventBody>;

/** Body of `POST /api/public/scores`. Python SDK 5 adds `timestamp`; without it the score's time is its receipt. */
export const CreateScore = z
  .object({ ...fields, source: z.enum(['API', 'ANNOTATION']).nullish(), timestamp: Datetime.nullish() })
  .superRefine(checkScore);
export type CreateScore = z.output<typeof CreateScore>;

/** Answer to one score. */
export const CreatedScore = z.object({ id: z.string() });

/** Answer to a list in which every score was stored: 202. */
export const AcceptedScores = z.object({ message: z.literal('Accepted') });

/** Answer to a list of which some were refused: 207. The client logs it and sends nothing again. */
export const PartlyAcceptedScores = z.object({
  accepted: z.int(),
  rejected: z.int(),
  errors: z.array(z.object({ message: z.string() })),
});

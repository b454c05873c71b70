import * as z from 'zod';
import { ScoreEventBody } from './scores.ts';
import { Datetime, EntityId } from './wire-fields.ts';

/*
 * `POST /api/public/ingestion` (S2): a batch of events of the SDK generations before OpenTelemetry. Unknown keys are
 * dropped: Python SDK 2 sends several. An event is validated by itself; the issues become the text of its error.
 */

const text = z.string().nullish();
const time = Datetime.nullish();
const level = z.enum(['DEBUG', 'DEFAULT', 'WARNING', 'ERROR']).nullish();
const tokens = z.number().nullish();

/** `usage` before there was `usageDetails`; two generations of names, told apart when normalised (S3.1). */
const LegacyUsage = z.object({
  input: tokens,
  output: tokens,
  total: tokens,
  unit: z.enum(['TOKENS', 'CHARACTERS', 'MILLISECONDS', 'SECONDS', 'REQUESTS', 'IMAGES']).nullish(),
  inputCost: z.number().nullish(),
  outputCost: z.number().nullish(),
  totalCost: z.number().nullish(),
  promptTokens: tokens,
  completionTokens: tokens,
  totalTokens: tokens,
});
export type LegacyUsage = z.output<typeof LegacyUsage>;

const ModelParameter = z.union([
  z.string(),
  z.number(),
  z.boolean(),
  z.array(z.string()),
  z.record(z.string(), z.string()),
  z.null(),
]);

export const TraceBody = z.object({
  id: EntityId.nullish(),
  timestamp: time,
  name: z.string().max(1000).nullish(),
  externalId: text,
  input: z.unknown().optional(),
  output: z.unknown().optional(),
  sessionId: text,
  userId: text,
  environment: text,
  metadata: z.unknown().optional(),
  release: text,
  version: text,
  public: z.boolean().nullish(),
  tags: z.array(z.string()).nullish(),
});
export type TraceBody = z.output<typeof TraceBody>;

export const EventBody = z.object({
  id: EntityId,
  traceId: text,
  environment: text,
  name: text,
  startTime: time,
  metadata: z.unknown().optional(),
  input: z.unknown().optional(),
  output: z.unknown().optional(),
  level,
  statusMessage: text,
  parentObservationId: text,
  version: text,
});

export const SpanBody = EventBody.extend({ endTime: time });

const ModelCallBody = SpanBody.extend({
  completionStartTime: time,
  model: text,
  modelParameters: z.record(z.string(), ModelParameter).nullish(),
  usage: LegacyUsage.nullish(),
  usageDetails: z.record(z.string(), z.unknown()).nullish(),
  costDetails: z.record(z.string(), z.unknown()).nullish(),
});

/** A generation's fields, before the rule about its prompt. */
export const GenerationFields = ModelCallBody.extend({ promptName: text, promptVersion: z.int().nullish() });

/** A prompt is named by its name and its version, or not at all: arguments of `refine`. */
export const promptIsNamedWhole: [
  (body: { promptName?: string | null | undefined; promptVersion?: number | null | undefined }) => boolean,
  { path: string[]; message: string },
] = [
  ({ promptName, promptVersion }) => Boolean(promptName) === Boolean(promptVersion),
  { path: ['promptName'], message: 'promptName and promptVersion must be set together' },
];

const GenerationBody = GenerationFields.refine(...promptIsNamedWhole);

/** The first generation of SDKs: one event for all, no environment, no prompt. */
const LegacyObservationBody = ModelCallBody.omit({ environment: true }).extend({
  id: EntityId.nullish(),
  type: z.enum(['GENERATION', 'SPAN', 'EVENT']),
});

type AnyField = Omit<z.output<typeof GenerationBody>, 'id'> & { type: 'GENERATION' | 'SPAN' | 'EVENT' };
/** Any observation's body but its id: a kind that lacks a field never has it. */
export type ObservationBody = { [Name in keyof AnyField]?: AnyField[Name] | undefined };

const event = <const Type extends string, Body extends z.ZodType>(type: Type, body: Body) =>
  z.object({ id: EntityId, timestamp: Datetime, type: z.literal(type), body, metadata: z.unknown().optional() });

/** A type that is missing here is refused as unknown: `dataset-run-item-create` is upstream's own. */
export const IngestionEvent = z.discriminatedUnion(
  'type',
  [
    event('trace-create', TraceBody),
    event('span-create', SpanBody),
    event('span-update', SpanBody),
    event('generation-create', GenerationBody),
    event('generation-update', GenerationBody),
    event('event-create', EventBody),
    event('agent-create', GenerationBody),
    event('tool-create', GenerationBody),
    event('chain-create', GenerationBody),
    event('retriever-create', GenerationBody),
    event('evaluator-create', GenerationBody),
    event('embedding-create', GenerationBody),
    event('guardrail-create', GenerationBody),
    event('observation-create', LegacyObservationBody),
    event('observation-update', LegacyObservationBody),
    event('score-create', ScoreEventBody),
    event('sdk-log', z.object({ log: z.unknown(), id: text })),
  ],
  { error: (issue) => (issue.code === 'invalid_union' ? 'Invalid input' : undefined) },
);
export type IngestionEvent = z.output<typeof IngestionEvent>;

/** `metadata` of a batch is the SDK's own diagnostics and is not read. */
export const IngestionBatch = z.object({ batch: z.array(z.unknown()), metadata: z.unknown().optional() });
export type IngestionBatch = z.output<typeof IngestionBatch>;

/** A body of ten thousand wrong fields must not make an answer of megabytes. */
const ISSUES_NAMED = 20;

/** The text of a refused event's `error`: the first issues, indented; what newer versions of zod add is left out. */
export const ingestionErrorText = (issues: readonly z.core.$ZodIssue[]): string =>
  JSON.stringify(issues.slice(0, ISSUES_NAMED), (key, value: unknown) => (key === 'options' ? undefined : value), 2);

/** Answer to a batch, always 207. `sdk-log` is in neither list. */
export const IngestionResult = z.object({
  successes: z.array(z.object({ id: z.string(), status: z.int() })),
  errors: z.array(z.object({ id: z.string(), status: z.int(), message: z.string(), error: z.string() })),
});
export type IngestionResult = z.output<typeof IngestionResult>;

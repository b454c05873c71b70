import type { ScoreV1, Trace } from '@tracehouse/contract/traces';
import type { ResolvedTrace, TraceColumn } from '../../ingest/resolve-trace.ts';
import type { ScoreRow } from '../../ingest/score.ts';
import type { ProjectScope } from '../../stores/scope.ts';
import { secondsBetween, toIso } from '../filters/time.ts';
import { orNull, parsedValues, payload, receivedMetadata } from '../observations/payload.ts';

/** What `toTrace` reads. */
export const coreColumns = [
  'trace_id',
  'name',
  'timestamp',
  'environment',
  'tags',
  'bookmarked',
  'release',
  'version',
  'user_id',
  'session_id',
  'public',
  'created_at',
  'updated_at',
] as const satisfies TraceColumn[];
export const ioColumns = [
  'input',
  'output',
  'metadata',
  'root_attributes',
  'root_resource_attributes',
  'root_scope',
  'has_otlp_root',
  'payload_blobs',
] as const satisfies TraceColumn[];
export const metricColumns = [
  'total_cost',
  'observation_count',
  'first_start',
  'last_end',
] as const satisfies TraceColumn[];

type Core = Pick<ResolvedTrace, (typeof coreColumns)[number]>;
type Io = Pick<ResolvedTrace, (typeof ioColumns)[number]>;
type Metrics = Pick<ResolvedTrace, (typeof metricColumns)[number]>;

/** A trace's own values; without its payload, null and `{}` stand for it. */
export const toTrace = ({ projectId }: ProjectScope, row: Core & Partial<Io>): Trace => ({
  id: row.trace_id,
  projectId,
  name: row.name,
  timestamp: toIso(row.timestamp),
  environment: row.environment,
  tags: row.tags,
  bookmarked: row.bookmarked === 1,
  release: orNull(row.release),
  version: orNull(row.version),
  userId: orNull(row.user_id),
  sessionId: orNull(row.session_id),
  public: row.public === 1,
  input: payload(row.input ?? ''),
  output: payload(row.output ?? ''),
  metadata: metadata(row),
  createdAt: toIso(row.created_at),
  updatedAt: toIso(row.updated_at),
  externalId: null,
});

/** What was said about the trace, and how its root was received over OTLP (S1.6). */
const metadata = (row: Partial<Io>): Record<string, unknown> => ({
  ...parsedValues(row.metadata ?? {}),
  ...(row.has_otlp_root === 1 &&
    row.root_scope && {
      ...receivedMetadata({
        attributes: row.root_attributes ?? {},
        resourceAttributes: row.root_resource_attributes ?? {},
        scopeName: row.root_scope[0],
        scopeVersion: row.root_scope[1],
        scopeAttributes: row.root_scope[2],
      }),
    }),
});

export const htmlPath = ({ projectId }: ProjectScope, traceId: string): string =>
  `/project/${projectId}/traces/${traceId}`;

/** Seconds from the first start to the last end, and USD; −1 when they were not asked for. */
export const toMetrics = (row: Partial<Metrics>): { latency: number; totalCost: number } =>
  row.observation_count === undefined
    ? { latency: -1, totalCost: -1 }
    : {
        latency: row.observation_count === 0 ? 0 : secondsBetween(row.first_start ?? 0, row.last_end ?? 0),
        // Upstream's clients read a number here: an unknown cost is 0 on this wire, and null on our own (`x/`).
        totalCost: Number(row.total_cost ?? 0),
      };

/** What `toScoreV1` and `toScoreCore` read. */
export const scoreV1Fields = [
  'dataType',
  'id',
  'projectId',
  'environment',
  'name',
  'value',
  'longStringValue',
  'stringValue',
  'source',
  'authorUserId',
  'comment',
  'metadata',
  'configId',
  'queueId',
  'executionTraceId',
  'createdAt',
  'updatedAt',
  'timestamp',
  'traceId',
  'observationId',
] as const satisfies (keyof ScoreRow)[];

/** A score as v1 reads show it; null for a correction, which they do not know. */
export const toScoreV1 = (row: Pick<ScoreRow, (typeof scoreV1Fields)[number]>): ScoreV1 | null =>
  row.dataType === 'CORRECTION' ? null : { ...toScoreCore(row), dataType: row.dataType, traceId: row.traceId };

/** What v1 and v2 reads show alike. A text is shown as `stringValue`, and a TEXT has no number. */
export const toScoreCore = (row: Pick<ScoreRow, (typeof scoreV1Fields)[number]>) => ({
  id: row.id,
  projectId: row.projectId,
  environment: row.environment,
  name: row.name,
  ...(row.dataType !== 'TEXT' && { value: row.value }),
  stringValue: orNull(row.longStringValue || row.stringValue),
  source: row.source,
  authorUserId: orNull(row.authorUserId),
  comment: orNull(row.comment),
  metadata: parsedValues(row.metadata),
  configId: orNull(row.configId),
  queueId: orNull(row.queueId),
  executionTraceId: orNull(row.executionTraceId),
  createdAt: toIso(row.createdAt),
  updatedAt: toIso(row.updatedAt),
  timestamp: toIso(row.timestamp),
  observationId: orNull(row.observationId),
});

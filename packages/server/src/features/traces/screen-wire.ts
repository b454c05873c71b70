import type {
  ObservationSkeleton,
  ScoreDetail,
  ScoreSummary,
  TextHit,
  TraceHeader,
  TraceListItem,
} from '@tracehouse/contract/x-traces';
import type { StoredObservation } from '../../ingest/observation.ts';
import type { ResolvedTrace, TraceColumn } from '../../ingest/resolve-trace.ts';
import type { ScoreRow } from '../../ingest/score.ts';
import { toIso } from '../filters/time.ts';
import { withoutNotes } from '../observations/large.ts';
import { orNull } from '../observations/payload.ts';
import { toSummary } from '../observations/summary.ts';
import type { HitRow } from './search-store.ts';

const totalColumns = [
  'total_cost',
  'calls',
  'unpriced_calls',
  'input_tokens',
  'output_tokens',
  'total_tokens',
  'first_start',
  'last_end',
  'ended_count',
  'error_count',
  'warning_count',
] as const satisfies TraceColumn[];

const ownColumns = [
  'trace_id',
  'name',
  'timestamp',
  'user_id',
  'session_id',
  'environment',
  'tags',
  'release',
  'version',
  'bookmarked',
] as const satisfies TraceColumn[];

/** What `toListItem` reads. */
export const itemColumns = [
  ...ownColumns,
  ...totalColumns,
  'running',
  'level',
  'error_message',
  'models',
  'observation_count',
  'input_preview',
  'output_preview',
] as const satisfies TraceColumn[];

/** What `toHeader` reads. */
export const headerColumns = [
  ...ownColumns,
  ...totalColumns,
  'public',
  'metadata',
  'input',
  'output',
  'payload_blobs',
] as const satisfies TraceColumn[];

const totals = (row: Pick<ResolvedTrace, (typeof totalColumns)[number]>) => ({
  totalCost: row.total_cost === null ? null : Number(row.total_cost),
  calls: row.calls,
  unpricedCalls: row.unpriced_calls,
  inputTokens: row.input_tokens,
  outputTokens: row.output_tokens,
  totalTokens: row.total_tokens,
  latencyMs: row.ended_count === 0 ? null : (row.last_end - row.first_start) / 1000,
  errorCount: row.error_count,
  warningCount: row.warning_count,
});

const own = (row: Pick<ResolvedTrace, (typeof ownColumns)[number]>) => ({
  id: row.trace_id,
  name: orNull(row.name),
  timestamp: toIso(row.timestamp),
  userId: orNull(row.user_id),
  sessionId: orNull(row.session_id),
  environment: row.environment,
  tags: row.tags,
  release: orNull(row.release),
  version: orNull(row.version),
  bookmarked: row.bookmarked === 1,
});

export const toListItem = (
  row: Pick<ResolvedTrace, (typeof itemColumns)[number]>,
  scores: readonly SummaryRow[],
  hit: HitRow | undefined,
): TraceListItem => ({
  ...own(row),
  ...totals(row),
  running: row.running === 1,
  level: row.level,
  errorMessage: orNull(row.error_message),
  models: row.models,
  observationCount: row.observation_count,
  inputPreview: orNull(row.input_preview),
  outputPreview: orNull(row.output_preview),
  scores: scores.map(toScoreSummary),
  ...(hit && { hit: toHit(hit) }),
});

const toHit = ({ observationId, field, preview }: HitRow): TextHit => ({ observationId, field, preview });

export const toHeader = (row: Pick<ResolvedTrace, (typeof headerColumns)[number]>): TraceHeader => {
  const { input, output, metadata } = row;
  const shown = withoutNotes({ input, output, metadata }, row.payload_blobs);
  return {
    ...own(row),
    ...totals(row),
    public: row.public === 1,
    metadata: shown.metadata,
    input: orNull(shown.input),
    output: orNull(shown.output),
    large: shown.large,
  };
};

/** What `toScoreSummary` reads. */
export const scoreSummaryFields = [
  'name',
  'dataType',
  'value',
  'stringValue',
  'longStringValue',
] as const satisfies (keyof ScoreRow)[];
type SummaryRow = Pick<ScoreRow, (typeof scoreSummaryFields)[number]>;
/** What `toScoreDetail` reads. */
export const scoreDetailFields = [
  ...scoreSummaryFields,
  'id',
  'observationId',
  'source',
  'comment',
  'authorUserId',
  'timestamp',
] as const satisfies (keyof ScoreRow)[];

const hasNumber = new Set(['NUMERIC', 'BOOLEAN', 'CATEGORICAL']);

const toScoreSummary = ({ name, dataType, value, stringValue, longStringValue }: SummaryRow): ScoreSummary => ({
  name,
  dataType,
  value: hasNumber.has(dataType) ? value : null,
  stringValue: orNull(longStringValue || stringValue),
});

export const toScoreDetail = (row: Pick<ScoreRow, (typeof scoreDetailFields)[number]>): ScoreDetail => ({
  ...toScoreSummary(row),
  id: row.id,
  observationId: orNull(row.observationId),
  source: row.source,
  comment: orNull(row.comment),
  authorUserId: orNull(row.authorUserId),
  timestamp: toIso(row.timestamp),
});

/** What `toSkeleton` reads. */
export const skeletonFields = [
  'id',
  'parentId',
  'type',
  'name',
  'startTime',
  'endTime',
  'completionStartTime',
  'level',
  'statusMessage',
  'model',
  'provider',
  'totalCost',
  'costSource',
  'inputTokens',
  'outputTokens',
  'totalTokens',
  'isAppRoot',
  'promptName',
  'promptVersion',
] as const satisfies (keyof StoredObservation)[];

/** An observation of a trace without its payload. */
export const toSkeleton = (row: Pick<StoredObservation, (typeof skeletonFields)[number]>): ObservationSkeleton => ({
  ...toSummary(row, row.totalTokens),
  totalCost: row.totalCost === null ? null : Number(row.totalCost),
  inputTokens: row.inputTokens,
  outputTokens: row.outputTokens,
});

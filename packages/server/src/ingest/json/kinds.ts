import type { ProjectScope } from '../../stores/scope.ts';
import { emptyRow, type Micros, type ObservationRow } from '../observation.ts';
import { emptyScore, type ScoreRow } from '../score.ts';
import type { EntityKind, TimeRange } from './entities.ts';
import { fromObservationRow, fromScoreRow, toObservationRow, toScoreRow } from './rows.ts';
import { areAllStated, packRow, unpackRow } from './stated-columns.ts';

/** An observation, or what was said about a trace by itself (then `id` is the trace's). */
export type ObservationKey = Pick<ObservationRow, 'kind' | 'id'>;

/**
 * The newest version of each key among the rows that start within the range (microseconds, both ends included; no bound where
 * none is given), deleted rows included, whatever trace they belong to, or of `traceIds` alone, which costs the same however many
 * rows there are. Keys that are not there are left out.
 */
export type ReadEntities = (
  scope: ProjectScope,
  keys: readonly ObservationKey[],
  range: TimeRange,
  traceIds?: readonly string[],
) => Promise<ObservationRow[]>;

/** The newest version of each id, deleted rows included. */
export type ReadScores = (scope: ProjectScope, ids: readonly string[]) => Promise<ScoreRow[]>;

const HOUR: Micros = 3_600_000_000;
/** Bytes of texts; larger ones would push out many. */
const MAX_PACKED = 128 * 1024;

/** Traces and observations; what their usage costs is for the caller to add. */
export const observationKind = (read: ReadEntities): EntityKind<ObservationRow, ObservationKey> => ({
  nameOf: ({ kind, id }) => `${kind}\n${id}`,
  keyOf: ({ kind, id }) => ({ kind, id }),
  read,
  fromRow: fromObservationRow,
  toRow: (entity, { kind }, receivedAt) => toObservationRow(entity, kind, receivedAt),
  // ORDER BY (project_id, toStartOfHour(start_time), cityHash64(trace_id), kind, id)
  placeOf: ({ startTime, traceId }) => `${Math.floor(startTime / HOUR)}\n${traceId}`,
  tombstone: ({ projectId, kind, id, traceId, startTime, source }) => ({
    ...emptyRow({ projectId, kind, id, traceId, startTime, source }),
    isDeleted: true,
  }),
  sizeOf: ({ sizeBytes, clocks, events }) => sizeBytes + clocks.length + events.length,
  pack: (entity, row) =>
    entity.base === null && areAllStated(row) && row.sizeBytes <= MAX_PACKED ? packRow(row) : null,
  unpack: ({ projectId }, bytes) => unpackRow(projectId, bytes),
});

/** Scores. Their table is sorted by id; that of lists by the hour too, where one that moved must not stay behind. */
export const scoreKind = (read: ReadScores): EntityKind<ScoreRow, string> => ({
  nameOf: (id) => id,
  keyOf: ({ id }) => id,
  read: (scope, ids) => read(scope, ids),
  fromRow: fromScoreRow,
  toRow: (entity, _id, receivedAt) => toScoreRow(entity, receivedAt),
  // score_times: ORDER BY (project_id, toStartOfHour(timestamp), id)
  placeOf: ({ timestamp }) => `${Math.floor(timestamp / HOUR)}`,
  tombstone: ({ projectId, id, traceId, sessionId, datasetRunId, timestamp, createdAt, updatedAt }) => ({
    ...emptyScore(projectId, id),
    traceId,
    sessionId,
    datasetRunId,
    timestamp,
    createdAt,
    updatedAt,
    isDeleted: true,
  }),
  sizeOf: ({ comment, longStringValue, metadata, clocks }) =>
    comment.length + longStringValue.length + JSON.stringify(metadata).length + clocks.length,
});

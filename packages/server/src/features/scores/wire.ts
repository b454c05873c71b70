import type { ScoresV3Query, ScoreV2, ScoreV3, TraceOfScore } from '@tracehouse/contract/scores';
import type { ScoreRow } from '../../ingest/score.ts';
import { toIso } from '../filters/time.ts';
import { orNull, parsedValues } from '../observations/payload.ts';
import { toScoreCore, type TraceAbout } from '../traces/service.ts';

export const toScoreV2 = (row: ScoreRow): ScoreV2 => ({
  ...toScoreCore(row),
  dataType: row.dataType,
  traceId: orNull(row.traceId),
  sessionId: orNull(row.sessionId),
  datasetRunId: orNull(row.datasetRunId),
});

export const toTraceOfScore = ({ user_id, session_id, tags, environment }: TraceAbout): TraceOfScore => ({
  userId: orNull(user_id),
  tags,
  environment,
  sessionId: orNull(session_id),
});

type Groups = ReadonlySet<NonNullable<ScoresV3Query['fields']>[number]>;

export const toScoreV3 = (row: ScoreRow, groups: Groups): ScoreV3 => ({
  id: row.id,
  projectId: row.projectId,
  name: row.name,
  source: row.source,
  timestamp: toIso(row.timestamp),
  environment: row.environment,
  createdAt: toIso(row.createdAt),
  updatedAt: toIso(row.updatedAt),
  ...(groups.has('details') && {
    comment: orNull(row.comment),
    configId: orNull(row.configId),
    metadata: parsedValues(row.metadata),
  }),
  ...(groups.has('annotation') && { authorUserId: orNull(row.authorUserId), queueId: orNull(row.queueId) }),
  ...(groups.has('subject') && { subject: subjectOf(row) }),
  dataType: row.dataType,
  value: valueOf[row.dataType](row),
});

function subjectOf({ traceId, observationId, sessionId, datasetRunId }: ScoreRow): NonNullable<ScoreV3['subject']> {
  if (observationId !== '') return { kind: 'observation', id: observationId, traceId };
  if (traceId !== '') return { kind: 'trace', id: traceId };
  return sessionId !== '' ? { kind: 'session', id: sessionId } : { kind: 'experiment', id: datasetRunId };
}

const valueOf: Record<ScoreRow['dataType'], (row: ScoreRow) => ScoreV3['value']> = {
  NUMERIC: ({ value }) => value,
  BOOLEAN: ({ value }) => value === 1,
  CATEGORICAL: ({ stringValue }) => stringValue,
  TEXT: ({ longStringValue, stringValue }) => longStringValue || stringValue,
  CORRECTION: ({ longStringValue }) => longStringValue,
};

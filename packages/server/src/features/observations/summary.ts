import type { ObservationSkeleton } from '@tracehouse/contract/x-traces';
import type { ObservationRow } from '../../ingest/observation.ts';
import { toIsoMicros } from '../filters/time.ts';
import { costGapOf, orNull } from './payload.ts';

type Summarized = Pick<
  ObservationRow,
  | 'id'
  | 'parentId'
  | 'type'
  | 'name'
  | 'startTime'
  | 'endTime'
  | 'completionStartTime'
  | 'level'
  | 'statusMessage'
  | 'model'
  | 'provider'
  | 'totalCost'
  | 'costSource'
  | 'isAppRoot'
  | 'promptName'
  | 'promptVersion'
>;

/** What the tree and the panel say alike of an observation. */
export const toSummary = (
  row: Summarized,
  totalTokens: number,
): Omit<ObservationSkeleton, 'totalCost' | 'inputTokens' | 'outputTokens'> => ({
  id: row.id,
  parentId: orNull(row.parentId),
  type: row.type,
  name: orNull(row.name),
  startTime: toIsoMicros(row.startTime),
  endTime: row.endTime === null ? null : toIsoMicros(row.endTime),
  completionStartTime: row.completionStartTime === null ? null : toIsoMicros(row.completionStartTime),
  level: row.level,
  statusMessage: orNull(row.statusMessage),
  model: orNull(row.model),
  provider: orNull(row.provider),
  costSource: row.costSource === '' ? null : row.costSource,
  costGap: costGapOf({ ...row, totalTokens }),
  totalTokens,
  isAppRoot: row.isAppRoot,
  promptName: orNull(row.promptName),
  promptVersion: row.promptVersion,
});

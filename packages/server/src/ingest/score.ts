import type { Micros } from './observation.ts';

export type ScoreDataType = 'NUMERIC' | 'CATEGORICAL' | 'BOOLEAN' | 'CORRECTION' | 'TEXT';
export type ScoreSource = 'API' | 'EVAL' | 'ANNOTATION';

/** One row of `scores`. Exactly one of trace (optionally with observation), session or dataset run is named. */
export interface ScoreRow {
  projectId: string;
  id: string;
  name: string;
  dataType: ScoreDataType;
  /** Numeric value; 0 where the type has none (S4.1). */
  value: number;
  /** Label, `True`/`False`, or empty. */
  stringValue: string;
  /** The text of CORRECTION and TEXT scores. */
  longStringValue: string;
  source: ScoreSource;
  traceId: string;
  observationId: string;
  sessionId: string;
  datasetRunId: string;
  comment: string;
  /** Top-level key → bare string, or JSON text of any other value. */
  metadata: Record<string, string>;
  configId: string;
  queueId: string;
  authorUserId: string;
  executionTraceId: string;
  environment: string;
  /** JSON of the field clocks (see json/merge.ts), or empty. */
  clocks: string;
  timestamp: Micros;
  createdAt: Micros;
  updatedAt: Micros;
  rowVersion: number;
  isDeleted: boolean;
}

/** A score that says nothing but who it is. */
export const emptyScore = (projectId: string, id: string): ScoreRow => ({
  projectId,
  id,
  name: '',
  dataType: 'NUMERIC',
  value: 0,
  stringValue: '',
  longStringValue: '',
  source: 'API',
  traceId: '',
  observationId: '',
  sessionId: '',
  datasetRunId: '',
  comment: '',
  metadata: {},
  configId: '',
  queueId: '',
  authorUserId: '',
  executionTraceId: '',
  environment: 'default',
  clocks: '',
  timestamp: 0,
  createdAt: 0,
  updatedAt: 0,
  rowVersion: 0,
  isDeleted: false,
});

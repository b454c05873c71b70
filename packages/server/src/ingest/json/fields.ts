import type { ObservationRow } from '../observation.ts';
import type { ScoreRow } from '../score.ts';
import type { Field, Fields, Keeps } from './merge.ts';

const of =
  <Row>() =>
  (keeps: Keeps, ...columns: (keyof Row & string)[]): Field<Row> => ({ keeps, columns });

const observation = of<ObservationRow>();

/** Of a row of either kind: an observation has no `traceName`, what is said about a trace has no `model`. */
// oxfmt-ignore
export const observationFields = {
  startTime:           observation('oldest', 'startTime'),
  traceId:             observation('oldest', 'traceId'),
  environment:         observation('oldest', 'environment'),
  origin:              observation('oldest', 'publicKey', 'sdkName', 'sdkVersion'),

  type:                observation('create', 'type'),
  name:                observation('newest', 'name'),
  parentId:            observation('newest', 'parentId'),
  endTime:             observation('newest', 'endTime'),
  completionStartTime: observation('newest', 'completionStartTime'),
  level:               observation('newest', 'level'),
  statusMessage:       observation('newest', 'statusMessage'),
  version:             observation('newest', 'version'),
  input:               observation('newest', 'input'),
  output:              observation('newest', 'output'),
  model:               observation('newest', 'model'),
  modelParameters:     observation('newest', 'modelParameters'),
  usage:               observation('newest', 'providedUsage'),
  cost:                observation('newest', 'providedCost'),
  prompt:              observation('newest', 'promptName', 'promptVersion'),

  traceName:           observation('newest', 'traceName'),
  userId:              observation('newest', 'userId'),
  sessionId:           observation('newest', 'sessionId'),
  release:             observation('newest', 'release'),
  public:              observation('newest', 'public'),
  traceInput:          observation('newest', 'traceInput'),
  traceOutput:         observation('newest', 'traceOutput'),
} satisfies Fields<ObservationRow>;
export type ObservationField = keyof typeof observationFields;

const score = of<ScoreRow>();

// oxfmt-ignore
export const scoreFields = {
  timestamp:        score('oldest', 'timestamp'),
  environment:      score('oldest', 'environment'),

  name:             score('newest', 'name'),
  value:            score('newest', 'dataType', 'value', 'stringValue', 'longStringValue'),
  target:           score('newest', 'traceId', 'observationId', 'sessionId', 'datasetRunId'),
  source:           score('newest', 'source'),
  comment:          score('newest', 'comment'),
  configId:         score('newest', 'configId'),
  queueId:          score('newest', 'queueId'),
} satisfies Fields<ScoreRow>;
export type ScoreField = keyof typeof scoreFields;

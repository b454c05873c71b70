import type { IngestionEvent, ObservationBody, TraceBody } from '@tracehouse/contract/ingestion';
import { normalizeEnvironment } from '../environment.ts';
import type { Micros, ObservationRow, ObservationType } from '../observation.ts';
import type { Clock } from './clock.ts';
import type { ObservationField } from './fields.ts';
import { type Entity, silent, type Statement } from './merge.ts';
import { NOTHING, stateMetadata } from './metadata.ts';
import { EventClock } from './time.ts';
import { readCost, readUsage } from './usage.ts';

/** From the key and the headers of a request; empty where unknown. */
export interface RequestSource {
  publicKey: string;
  sdkName: string;
  sdkVersion: string;
}

/** Who sent the request, and when it was received. */
export interface Sender extends RequestSource {
  projectId: string;
  receivedAt: Micros;
}

/** What one event says about one trace or observation. */
export interface EventStatement {
  kind: ObservationRow['kind'];
  isUpdate: boolean;
  entity: Entity<ObservationRow>;
  /** Where its row may be: the event's own time, and the start when it states one. */
  times: readonly Micros[];
}

type Statements = Partial<Record<ObservationField, Statement<ObservationRow>>>;
type Say = (field: ObservationField, set: Partial<ObservationRow> | undefined, isWeak?: boolean) => void;

type OtherEvent = Extract<IngestionEvent, { type: 'score-create' | 'sdk-log' }>;

/** Null for an event without a `body.id`: there is nothing it could be about (S2.3). */
export function readEvent(event: Exclude<IngestionEvent, OtherEvent>, sender: Sender): EventStatement | null {
  const id = event.body.id?.toWellFormed();
  if (!id) return null;
  const clock = new EventClock(sender.receivedAt);
  const isUpdate = event.type.endsWith('-update');
  const at: Clock = [clock.read(event.timestamp), isUpdate ? 1 : 0, event.id];

  const statements: Statements = {};
  const say: Say = (field, set, isWeak = false) => {
    if (set) statements[field] = { set, clock: at, ...(isWeak && { isWeak }) };
  };
  const isTrace = event.type === 'trace-create';
  const { publicKey, sdkName, sdkVersion } = sender;
  say('origin', { publicKey, sdkName, sdkVersion });
  if (isTrace) stateTrace(id, event.body, say);
  else stateObservation(id, event.body, event.type, clock, say);

  const start = isTrace ? event.body.timestamp : event.body.startTime;
  const startTime = start ? clock.read(start) : undefined;
  say('startTime', { startTime: startTime ?? at[0] }, startTime === undefined);
  const environment = 'environment' in event.body ? event.body.environment : undefined;
  say('environment', { environment: normalizeEnvironment(environment || 'default') }, !environment);

  const metadata = stateMetadata(event.body.metadata, at);
  const tags = isTrace ? [...new Set(event.body.tags ?? [])].toSorted() : [];
  const saysAnything =
    metadata !== NOTHING || tags.length > 0 || Object.keys(statements).some((field) => !everyEventStates.has(field));
  return {
    kind: isTrace ? 'trace' : 'observation',
    isUpdate,
    entity: {
      ...silent<ObservationRow>(sender.projectId, id),
      statements,
      metadata,
      tags,
      eventTime: saysAnything ? at[0] : 0,
      isTimeAdjusted: clock.isAdjusted,
      createdAt: sender.receivedAt,
    },
    times: startTime === undefined ? [at[0]] : [at[0], startTime],
  };
}

/** An event of these alone, as LiteLLM's `{id, timestamp}` for a continued trace, changes nothing. */
const everyEventStates: ReadonlySet<string> = new Set<ObservationField>([
  'origin',
  'startTime',
  'environment',
  'traceId',
  'type',
]);

/** Null overwrites except for `public`: nobody un-publishes a trace by not knowing (S2.3, Ours). */
function stateTrace(id: string, body: TraceBody, say: Say): void {
  say('traceId', { traceId: id });
  say('traceName', textOrCleared('traceName', body.name));
  say('userId', textOrCleared('userId', body.userId));
  say('sessionId', textOrCleared('sessionId', body.sessionId));
  say('release', textOrCleared('release', body.release));
  say('version', textOrCleared('version', body.version));
  say('public', body.public === undefined || body.public === null ? undefined : { public: body.public });
  say('traceInput', payload('traceInput', body.input), isEmptyObject(body.input));
  say('traceOutput', payload('traceOutput', body.output), isEmptyObject(body.output));
}

/** Null overwrites except for statusMessage, version and parentObservationId (S2.3). */
function stateObservation(
  id: string,
  body: ObservationBody,
  eventType: keyof typeof typeOf,
  clock: EventClock,
  say: Say,
): void {
  // A trace of its own, named after the observation: every repetition of the event arrives at the same one, and an event
  // that knows the real trace outranks it.
  say('traceId', { traceId: body.traceId?.toWellFormed() || id }, !body.traceId);
  say('type', { type: typeOf[eventType] ?? body.type ?? 'SPAN' });
  say('name', textOrCleared('name', body.name));
  say('parentId', body.parentObservationId ? { parentId: body.parentObservationId.toWellFormed() } : undefined);
  say('statusMessage', body.statusMessage ? { statusMessage: body.statusMessage } : undefined);
  say('version', body.version ? { version: body.version } : undefined);
  say('level', body.level === undefined ? undefined : { level: body.level ?? 'DEFAULT' });
  say('endTime', timeOrCleared('endTime', body.endTime, clock));
  say('completionStartTime', timeOrCleared('completionStartTime', body.completionStartTime, clock));
  say('input', payload('input', body.input), isEmptyObject(body.input));
  say('output', payload('output', body.output), isEmptyObject(body.output));
  say('model', textOrCleared('model', body.model));
  say('modelParameters', payload('modelParameters', body.modelParameters), isEmptyObject(body.modelParameters));
  say('usage', unlessEmpty('providedUsage', readUsage(body.usage, body.usageDetails)));
  say('cost', unlessEmpty('providedCost', readCost(body.usage, body.costDetails)));
  if (body.promptName) say('prompt', { promptName: body.promptName, promptVersion: toVersion(body.promptVersion) });
  else if (body.promptName === null) say('prompt', { promptName: '', promptVersion: null });
}

/** Versions count from 1 in 32 bits; another number names none. */
const toVersion = (given: number | null | undefined): number | null =>
  typeof given === 'number' && given > 0 && given < 2 ** 32 ? given : null;

type ObservationEventType = Exclude<IngestionEvent['type'], 'trace-create' | OtherEvent['type']>;

/** Null where the body names it. */
const typeOf: Record<ObservationEventType, ObservationType | null> = {
  'span-create': 'SPAN',
  'span-update': 'SPAN',
  'generation-create': 'GENERATION',
  'generation-update': 'GENERATION',
  'event-create': 'EVENT',
  'agent-create': 'AGENT',
  'tool-create': 'TOOL',
  'chain-create': 'CHAIN',
  'retriever-create': 'RETRIEVER',
  'evaluator-create': 'EVALUATOR',
  'embedding-create': 'EMBEDDING',
  'guardrail-create': 'GUARDRAIL',
  'observation-create': null,
  'observation-update': null,
};

type TextColumn = {
  [C in keyof ObservationRow]: ObservationRow[C] extends string
    ? string extends ObservationRow[C]
      ? C
      : never
    : never;
}[keyof ObservationRow];

function textOrCleared(column: TextColumn, value: string | null | undefined): Partial<ObservationRow> | undefined {
  return value === undefined ? undefined : { [column]: value ?? '' };
}

function timeOrCleared(
  column: 'endTime' | 'completionStartTime',
  value: string | null | undefined,
  clock: EventClock,
): Partial<ObservationRow> | undefined {
  return value === undefined ? undefined : { [column]: value === null ? null : clock.read(value) };
}

/** Text as it is, any other value as JSON text. Empty text says nothing, null clears. */
function payload(column: TextColumn, value: unknown): Partial<ObservationRow> | undefined {
  if (value === undefined || value === '') return undefined;
  return { [column]: value === null ? '' : typeof value === 'string' ? value : JSON.stringify(value) };
}

const isEmptyObject = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length === 0;

function unlessEmpty(
  column: 'providedUsage' | 'providedCost',
  record: Readonly<Record<string, number | string>>,
): Partial<ObservationRow> | undefined {
  return Object.keys(record).length === 0 ? undefined : { [column]: record };
}

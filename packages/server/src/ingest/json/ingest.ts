/*
 * The JSON door: `POST /api/public/ingestion` (S2). Stages of a request: validate each event → state what it says → order →
 * merge and store (statement-store.ts) → answer 207 with the fate of each event.
 */
import {
  IngestionBatch,
  IngestionEvent,
  ingestionErrorText,
  type IngestionResult,
} from '@tracehouse/contract/ingestion';
import type { Logger } from 'pino';
import { ApiError, TooLargeError, ValidationError } from '../../http/errors.ts';
import type { ProjectScope } from '../../stores/scope.ts';
import type { DoorLog, DoorNote } from '../door-log.ts';
import type { Micros } from '../observation.ts';
import type { ScoreRow } from '../score.ts';
import { isDeeperThan, MAX_DEPTH } from './depth.ts';
import { type EventStatement, readEvent, type RequestSource, type Sender } from './events.ts';
import type { Entity } from './merge.ts';
import { readScoreEvent } from './scores.ts';
import type { StatementStore } from './statement-store.ts';
import { toMicros } from './time.ts';

/** `scores`: the Bearer public key of a browser, which may send scores and logs alone. */
export type IngestionAccess = 'project' | 'scores';

/** Events of one batch. SDKs send a few hundred; each refused one costs more in the answer than it took to send. */
const MAX_EVENTS = 10_000;

export type JsonDoor = ReturnType<typeof createJsonDoor>;

export function createJsonDoor({
  store,
  doorLog,
  log,
  now,
}: {
  store: StatementStore;
  doorLog: DoorLog;
  log: Pick<Logger, 'info'>;
  now: () => Micros;
}) {
  async function receive(
    sender: Sender,
    scope: ProjectScope,
    access: IngestionAccess,
    body: unknown,
  ): Promise<Received> {
    const batch = IngestionBatch.safeParse(body);
    if (!batch.success) throw new ValidationError(batch.error.issues);
    const { length } = batch.data.batch;
    if (length > MAX_EVENTS) {
      throw new TooLargeError(`The batch has ${length} events, the limit is ${MAX_EVENTS}: send fewer a request`);
    }

    const errors: IngestionResult['errors'] = [];
    const accepted: IngestionEvent[] = [];
    for (const given of batch.data.batch) {
      const checked = check(given, access);
      if ('error' in checked) errors.push(checked.error);
      else if (checked.event.type === 'sdk-log') log.info(logFields(sender), 'an SDK sent a log of its own');
      else accepted.push(checked.event);
    }
    const events: EventStatement[] = [];
    const scores: Entity<ScoreRow>[] = [];
    for (const event of accepted) {
      if (event.type === 'sdk-log') continue;
      if (event.type === 'score-create') scores.push(readScoreEvent(event, sender));
      else {
        const statement = readEvent(event, sender);
        if (statement) events.push(statement);
      }
    }
    const { dropped, traceId } = await store.store(scope, { events, scores }, sender.receivedAt);
    const successes = inOrderOfApplication(accepted).map(({ id }) => ({ id, status: 201 }));
    return { result: { successes, errors }, stored: events.length + scores.length - dropped, dropped, traceId };
  }

  return {
    /**
     * Answers once everything accepted is stored. Events of a trace deleted in the last 24 h are acknowledged and not stored.
     * @throws ValidationError when the body is no batch, TooLargeError, OverloadedError when the rows could not be stored
     */
    async ingest(
      scope: ProjectScope,
      access: IngestionAccess,
      body: unknown,
      source: RequestSource,
    ): Promise<IngestionResult> {
      const sender: Sender = { ...source, projectId: scope.projectId, receivedAt: now() };
      const note = {
        door: 'JSON' as const,
        publicKey: source.publicKey,
        client: [source.sdkName, source.sdkVersion].filter(Boolean).join(' '),
      };
      try {
        const received = await receive(sender, scope, access, body);
        doorLog.note(scope, { ...note, status: 207, ...noteOf(received) });
        return received.result;
      } catch (error) {
        const { status, message } = error instanceof ApiError ? error : { status: 503, message: 'not stored' };
        doorLog.note(scope, { ...note, status, stored: 0, refused: 0, message, traceId: null });
        throw error;
      }
    },
  };
}

interface Received {
  result: IngestionResult;
  stored: number;
  dropped: number;
  traceId: string | null;
}

function noteOf({
  result,
  stored,
  dropped,
  traceId,
}: Received): Pick<DoorNote, 'stored' | 'refused' | 'message' | 'traceId'> {
  const [first] = result.errors;
  const refusal = first ? `${first.message}: event ${first.id}` : '';
  const message = dropped > 0 ? `${dropped} event(s) of a deleted trace were not stored` : refusal;
  return { stored, refused: result.errors.length, message, traceId };
}

const logFields = ({ projectId, sdkName, sdkVersion }: Sender) => ({ projectId, sdkName, sdkVersion });

type Checked = { event: IngestionEvent } | { error: IngestionResult['errors'][number] };

function check(given: unknown, access: IngestionAccess): Checked {
  const refuse = (status: number, message: string, error: string): Checked => ({
    error: { id: idOf(given), status, message, error },
  });
  if (isDeeperThan(given, MAX_DEPTH)) {
    return refuse(400, 'Invalid request data', `The event is nested more than ${MAX_DEPTH} levels deep`);
  }
  const { data: event, error } = IngestionEvent.safeParse(given);
  if (!event) return refuse(400, 'Invalid request data', ingestionErrorText(error.issues));
  if (access === 'scores' && event.type !== 'score-create' && event.type !== 'sdk-log') {
    return refuse(401, 'Authentication error', 'Access Scope Denied');
  }
  return { event };
}

function idOf(given: unknown): string {
  const id = typeof given === 'object' && given !== null && 'id' in given ? given.id : undefined;
  return typeof id === 'string' ? id : 'unknown';
}

/** S2.3: creates by time, then updates by time. Nothing depends on it but the order of the answer. */
const inOrderOfApplication = (events: readonly IngestionEvent[]): IngestionEvent[] =>
  events
    .map((event) => ({ event, isUpdate: event.type.endsWith('-update'), time: toMicros(event.timestamp) }))
    .toSorted((a, b) => Number(a.isUpdate) - Number(b.isUpdate) || a.time - b.time)
    .map(({ event }) => event);

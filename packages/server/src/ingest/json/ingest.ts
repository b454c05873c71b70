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
import type { ReceiptCode } from '@tracehouse/contract/x-receipts';
import type { Logger } from 'pino';
import type * as z from 'zod';
import { TooLargeError, ValidationError } from '../../http/errors.ts';
import type { ProjectScope } from '../../stores/scope.ts';
import { codeOfIssues } from '../ledger/codes.ts';
import { type Arrival, CLOCK_SKEW, DELETED_TRACE, Problems, receiptOf, type ReceiptRow } from '../ledger/receipt.ts';
import { jsonText, keepRefused, type RefusedBodies, refusedItems } from '../ledger/refused-items.ts';
import type { Micros } from '../observation.ts';
import type { ScoreRow } from '../score.ts';
import { createTurns } from '../../turns.ts';
import { isDeeperThan, MAX_DEPTH } from './depth.ts';
import { type EventStatement, readEvent, type Sender } from './events.ts';
import type { Entity } from './merge.ts';
import { checkScore, configsOf, type FindScoreConfigs } from './score-rules.ts';
import { readScoreEvent, toMessage } from './scores.ts';
import type { StatementStore } from './statement-store.ts';
import { toMicros } from './time.ts';

/** `scores`: the Bearer public key of a browser, which may send scores and logs alone. */
export type IngestionAccess = 'project' | 'scores';

/** Events of one batch. SDKs send a few hundred; each refused one costs more in the answer than it took to send. */
export const MAX_EVENTS = 10_000;

export type JsonDoor = ReturnType<typeof createJsonDoor>;

export function createJsonDoor({
  store,
  findConfigs,
  refusedBodies,
  onReceipt,
  log,
  now,
}: {
  store: StatementStore;
  findConfigs: FindScoreConfigs;
  refusedBodies: RefusedBodies;
  /** Told once it is written. */
  onReceipt(receipt: ReceiptRow): void;
  log: Pick<Logger, 'info'>;
  now: () => Micros;
}) {
  return {
    /**
     * Answers once everything accepted is stored. Events of a trace deleted in the last 24 h are acknowledged and not stored.
     * @throws ValidationError when the body is no batch, TooLargeError, OverloadedError when the rows could not be stored
     */
    async ingest(
      scope: ProjectScope,
      access: IngestionAccess,
      body: unknown,
      arrived: Arrival,
    ): Promise<IngestionResult> {
      const { publicKey, sdkName, sdkVersion } = arrived;
      const sender: Sender = { publicKey, sdkName, sdkVersion, projectId: scope.projectId, receivedAt: now() };
      const batch = IngestionBatch.safeParse(body);
      if (!batch.success) throw new ValidationError(batch.error.issues);
      const { length } = batch.data.batch;
      if (length > MAX_EVENTS) {
        throw new TooLargeError(`The batch has ${length} events, the limit is ${MAX_EVENTS}: send fewer a request`);
      }

      const errors: IngestionResult['errors'] = [];
      const wellFormed: { event: IngestionEvent; given: unknown }[] = [];
      const problems = new Problems();
      const refused = refusedItems('text');
      const turns = createTurns();
      const refuse = (given: unknown, { error, code, reason }: Refused): void => {
        errors.push(error);
        const traceId = traceOf(given);
        problems.add(code, reason, { itemId: idOf(given) ?? undefined, traceId });
        if (code !== 'not_allowed') keepRefused(refused, traceId, () => jsonText(given));
      };
      for (const given of batch.data.batch) {
        if (turns.isUp()) await turns.pass();
        const checked = check(given, access);
        if ('error' in checked) refuse(given, checked);
        else if (checked.event.type === 'sdk-log') log.info(logFields(sender), 'an SDK sent a log of its own');
        else wellFormed.push({ event: checked.event, given });
      }
      const configs = await configsOf(
        findConfigs,
        scope,
        wellFormed.flatMap(({ event }) => (event.type === 'score-create' ? event.body : [])),
      );
      const accepted: IngestionEvent[] = [];
      const events: EventStatement[] = [];
      const scores: Entity<ScoreRow>[] = [];
      for (const { event, given } of wellFormed) {
        if (turns.isUp()) await turns.pass();
        if (event.type === 'sdk-log') continue;
        if (event.type === 'score-create') {
          const checked = checkScore(event.body, configs);
          if ('score' in checked) {
            accepted.push(event);
            scores.push(readScoreEvent({ ...event, body: checked.score }, sender));
          } else refuse(given, refusedBy(event.id, checked.issues));
        } else {
          accepted.push(event);
          const statement = readEvent(event, sender);
          if (statement) events.push(statement);
          else problems.add('bad_id', 'It has no body.id, so there is nothing it could be about', { itemId: event.id });
        }
      }
      const said = { events, scores, mentioned: refused.traceIds.filter((traceId) => traceId !== '') };
      let receipt: ReceiptRow | undefined;
      await store.store(scope, said, sender.receivedAt, ({ dropped, traceIds, deleted }) => {
        const acknowledgedOnly = dropped.reduce((sum, { count }) => sum + count, 0);
        for (const { id, traceId, count } of dropped) {
          problems.add('deleted_trace', DELETED_TRACE, { itemId: id, traceId, count });
        }
        const adjusted = [...events.map(({ entity }) => entity), ...scores].filter(
          ({ isTimeAdjusted }) => isTimeAdjusted,
        );
        for (const { id } of adjusted) problems.add('clock_skew', CLOCK_SKEW, { itemId: id });
        const stored = events.length + scores.length - acknowledgedOnly;
        receipt = receiptOf(scope.projectId, arrived, {
          status: 207,
          stored,
          rejected: errors.length + accepted.length - events.length - scores.length,
          acknowledgedOnly,
          adjusted: adjusted.length,
          problems,
          traceIds,
        });
        return { receipt, refusedBody: refusedBodies(refused, receipt, deleted) };
      });
      if (receipt) onReceipt(receipt);
      const successes = inOrderOfApplication(accepted).map(({ id }) => ({ id, status: 201 }));
      return { successes, errors };
    },
  };
}

const logFields = ({ projectId, sdkName, sdkVersion }: Sender) => ({ projectId, sdkName, sdkVersion });

interface Refused {
  error: IngestionResult['errors'][number];
  code: ReceiptCode;
  reason: string;
}
type Checked = { event: IngestionEvent } | Refused;

const INVALID = { status: 400, message: 'Invalid request data' };

/** Of an event whose body was well-formed. */
function refusedBy(id: string, issues: readonly z.core.$ZodIssue[]): Refused {
  const inEvent = issues.map((issue) => ({ ...issue, path: ['body', ...issue.path] }));
  const error = { id, ...INVALID, error: ingestionErrorText(inEvent) };
  return { error, code: codeOfIssues(inEvent), reason: toMessage(inEvent) };
}

function check(given: unknown, access: IngestionAccess): Checked {
  const refuse = (
    { status, message, error }: { status: number; message: string; error: string },
    code: ReceiptCode,
    reason: string,
  ): Checked => ({ error: { id: idOf(given) ?? 'unknown', status, message, error }, code, reason });
  if (isDeeperThan(given, MAX_DEPTH)) {
    const error = `The event is nested more than ${MAX_DEPTH} levels deep`;
    return refuse({ ...INVALID, error }, 'bad_value', error);
  }
  const { data: event, error } = IngestionEvent.safeParse(given);
  if (!event) {
    const code = codeOfIssues(error.issues);
    const reason = code === 'unknown_type' ? unknownType(given) : toMessage(error.issues);
    return refuse({ ...INVALID, error: ingestionErrorText(error.issues) }, code, reason);
  }
  if (access === 'scores' && event.type !== 'score-create' && event.type !== 'sdk-log') {
    const denied = { status: 401, message: 'Authentication error', error: 'Access Scope Denied' };
    return refuse(denied, 'not_allowed', "A browser's key may send scores alone");
  }
  return { event };
}

const textIn = (given: unknown, field: string): string | null => {
  const value = typeof given === 'object' && given !== null ? (given as Record<string, unknown>)[field] : undefined;
  return typeof value === 'string' ? value : null;
};

function unknownType(given: unknown): string {
  const type = textIn(given, 'type');
  return type === null ? 'It has no type' : `There is no event of the type '${type.slice(0, 100)}'`;
}

const idOf = (given: unknown): string | null => textIn(given, 'id');

/** Of an event that was refused, as far as it says so. */
function traceOf(given: unknown): string | undefined {
  const body = typeof given === 'object' && given !== null ? (given as Record<string, unknown>)['body'] : undefined;
  return textIn(body, textIn(given, 'type') === 'trace-create' ? 'id' : 'traceId') ?? undefined;
}

/** S2.3: creates by time, then updates by time. Nothing depends on it but the order of the answer. */
const inOrderOfApplication = (events: readonly IngestionEvent[]): IngestionEvent[] =>
  events
    .map((event) => ({ event, isUpdate: event.type.endsWith('-update'), time: toMicros(event.timestamp) }))
    .toSorted((a, b) => Number(a.isUpdate) - Number(b.isUpdate) || a.time - b.time)
    .map(({ event }) => event);

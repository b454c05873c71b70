import {
  CreateScore,
  type AcceptedScores,
  type CreatedScore,
  type PartlyAcceptedScores,
  type ScoreDataType,
  type ScoreEventBody,
} from '@tracehouse/contract/scores';
import type * as z from 'zod';
import { TooLargeError, ValidationError } from '../../http/errors.ts';
import type { ProjectScope } from '../../stores/scope.ts';
import { normalizeEnvironment } from '../environment.ts';
import { codeOfIssues } from '../ledger/codes.ts';
import { type Arrival, DELETED_TRACE, Problems, receiptOf, type ReceiptRow } from '../ledger/receipt.ts';
import { jsonText, keepRefused, type RefusedBodies, refusedItems } from '../ledger/refused-items.ts';
import type { Micros } from '../observation.ts';
import type { ScoreRow } from '../score.ts';
import type { Clock } from './clock.ts';
import { isDeeperThan, MAX_DEPTH } from './depth.ts';
import type { ScoreField } from './fields.ts';
import { type Entity, silent, type Statement } from './merge.ts';
import { stateMetadata } from './metadata.ts';
import type { StatementStore } from './statement-store.ts';
import { EventClock } from './time.ts';

/** Answer of `POST /api/public/scores`: to one score 200, to a list 202 or, when some were refused, 207. */
export type CreateScoresAnswer =
  | { status: 200; body: z.input<typeof CreatedScore> }
  | { status: 202; body: z.input<typeof AcceptedScores> }
  | { status: 207; body: z.input<typeof PartlyAcceptedScores> };

/** Scores of one list. */
export const MAX_SCORES = 10_000;
const TOO_DEEP = CreateScore.refine(() => false, `The score is nested more than ${MAX_DEPTH} levels deep`);

export type Scores = ReturnType<typeof createScores>;

export function createScores({
  store,
  refusedBodies,
  onReceipt,
  now,
  newId,
}: {
  store: StatementStore;
  refusedBodies: RefusedBodies;
  /** Told once it is written. */
  onReceipt(receipt: ReceiptRow): void;
  now: () => Micros;
  newId: () => string;
}) {
  return {
    /**
     * Stores one score or a list of them. A score that exists is changed: what is not said stays, and so does its time.
     * @throws ValidationError for one score; refused members of a list are counted in the answer
     * @throws TooLargeError, OverloadedError
     */
    async create(scope: ProjectScope, body: unknown, arrived: Arrival): Promise<CreateScoresAnswer> {
      const receivedAt = now();
      const given: unknown[] = Array.isArray(body) ? body : [body];
      if (given.length > MAX_SCORES) {
        throw new TooLargeError(
          `The list has ${given.length} scores, the limit is ${MAX_SCORES}: send fewer a request`,
        );
      }
      const parsed = given.map((score) => (isDeeperThan(score, MAX_DEPTH) ? TOO_DEEP : CreateScore).safeParse(score));
      const issues = parsed.flatMap(({ error }) => (error ? [error.issues] : []));
      if (!Array.isArray(body) && issues[0]) throw new ValidationError(issues[0]);

      const scores = parsed.flatMap(({ data }) => (data ? [stateCreated(data, scope, receivedAt, newId)] : []));
      const rejected = issues.length;
      const status = !Array.isArray(body) ? 200 : rejected === 0 ? 202 : 207;
      const problems = new Problems();
      const refused = refusedItems('text');
      parsed.forEach(({ error }, i) => {
        if (!error) return;
        const traceId = textOf(given[i], 'traceId');
        problems.add(codeOfIssues(error.issues), toMessage(error.issues), { itemId: textOf(given[i], 'id'), traceId });
        keepRefused(refused, traceId, () => jsonText(given[i]));
      });
      const said = { scores, mentioned: refused.traceIds.filter((traceId) => traceId !== '') };
      let receipt: ReceiptRow | undefined;
      await store.store(scope, said, receivedAt, ({ dropped, traceIds, deleted }) => {
        const acknowledgedOnly = dropped.reduce((sum, { count }) => sum + count, 0);
        for (const { id, traceId, count } of dropped) {
          problems.add('deleted_trace', DELETED_TRACE, { itemId: id, traceId, count });
        }
        const stored = scores.length - acknowledgedOnly;
        const outcome = { status, stored, rejected, acknowledgedOnly, adjusted: 0, problems, traceIds };
        receipt = receiptOf(scope.projectId, arrived, outcome);
        return { receipt, refusedBody: refusedBodies(refused, receipt, deleted) };
      });
      if (receipt) onReceipt(receipt);
      if (status === 200) return { status, body: { id: scores[0]!.id } };
      if (status === 202) return { status, body: { message: 'Accepted' } };
      return {
        status,
        body: { accepted: scores.length, rejected, errors: issues.map((each) => ({ message: toMessage(each) })) },
      };
    },
  };
}

const textOf = (given: unknown, field: string): string | undefined => {
  const value = typeof given === 'object' && given !== null ? (given as Record<string, unknown>)[field] : undefined;
  return typeof value === 'string' ? value : undefined;
};

/** What a sender has to change. */
export const toMessage = (issues: readonly z.core.$ZodIssue[]): string =>
  issues.map(({ path, message }) => (path.length > 0 ? `${path.join('.')}: ${message}` : message)).join('; ');

function stateCreated(
  score: CreateScore,
  scope: ProjectScope,
  receivedAt: Micros,
  newId: () => string,
): Entity<ScoreRow> {
  const id = score.id ?? newId();
  const time = score.timestamp ? new EventClock(receivedAt).read(score.timestamp) : receivedAt;
  return stateScore(score, { projectId: scope.projectId, id, clock: [time, 0, id], receivedAt });
}

/**
 * What a `score-create` event says. Without an id of its own the score takes the event's, so that a batch sent again stores
 * nothing twice.
 */
export function readScoreEvent(
  event: { id: string; timestamp: string; body: ScoreEventBody },
  { projectId, receivedAt }: { projectId: string; receivedAt: Micros },
): Entity<ScoreRow> {
  const time = new EventClock(receivedAt).read(event.timestamp);
  return stateScore(event.body, { projectId, id: event.body.id ?? event.id, clock: [time, 0, event.id], receivedAt });
}

function stateScore(
  score: ScoreEventBody,
  { projectId, id, clock, receivedAt }: { projectId: string; id: string; clock: Clock; receivedAt: Micros },
): Entity<ScoreRow> {
  const statements: Partial<Record<ScoreField, Statement<ScoreRow>>> = {};
  const say = (field: ScoreField, set: Partial<ScoreRow>, isWeak = false): void => {
    statements[field] = { set, clock, ...(isWeak && { isWeak }) };
  };
  const dataType = score.dataType ?? (typeof score.value === 'number' ? 'NUMERIC' : 'CATEGORICAL');
  say('timestamp', { timestamp: clock[0] });
  say('environment', { environment: normalizeEnvironment(score.environment || 'default') }, !score.environment);
  say('name', { name: dataType === 'CORRECTION' ? 'output' : score.name });
  say('value', { dataType, ...noValue, ...valueColumns[dataType](score.value) });
  say('target', {
    traceId: score.traceId?.toWellFormed() ?? '',
    observationId: score.observationId?.toWellFormed() ?? '',
    sessionId: score.sessionId?.toWellFormed() ?? '',
    datasetRunId: score.datasetRunId ?? '',
  });
  say('source', { source: score.source ?? 'API' }, !score.source);
  if (score.comment !== undefined) say('comment', { comment: score.comment ?? '' });
  if (score.configId !== undefined) say('configId', { configId: score.configId ?? '' });
  if (score.queueId !== undefined) say('queueId', { queueId: score.queueId ?? '' });
  return {
    ...silent<ScoreRow>(projectId, id.toWellFormed()),
    statements,
    metadata: stateMetadata(score.metadata, clock),
    createdAt: receivedAt,
  };
}

const noValue = { value: 0, stringValue: '', longStringValue: '' };

/** Where a value of each type is kept (S4.1); the schema has checked that it is of that type. */
const valueColumns: Record<ScoreDataType, (value: string | number) => Partial<ScoreRow>> = {
  NUMERIC: (value) => ({ value: Number(value) }),
  BOOLEAN: (value) => ({ value: Number(value), stringValue: Number(value) === 1 ? 'True' : 'False' }),
  CATEGORICAL: (value) => ({ stringValue: String(value) }),
  CORRECTION: (value) => ({ longStringValue: String(value) }),
  TEXT: (value) => ({ longStringValue: String(value) }),
};

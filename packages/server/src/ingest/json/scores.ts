import {
  CreateScore,
  type AcceptedScores,
  type CreatedScore,
  type PartlyAcceptedScores,
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
import { checkScore, type CheckedScore, configsOf, type FindScoreConfigs } from './score-rules.ts';
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
  findConfigs,
  refusedBodies,
  onReceipt,
  now,
  newId,
}: {
  store: StatementStore;
  findConfigs: FindScoreConfigs;
  refusedBodies: RefusedBodies;
  /** Told once it is written. */
  onReceipt(receipt: ReceiptRow): void;
  now: () => Micros;
  newId: () => string;
}) {
  let lastSaid: Micros = 0;
  /** The first of as many moments in a row, each later than any before. */
  const moments = (count: number): Micros => {
    const first = Math.max(now(), lastSaid + 1);
    lastSaid = first + count - 1;
    return first;
  };

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
      const configs = await configsOf(
        findConfigs,
        scope,
        parsed.flatMap(({ data }) => data ?? []),
      );
      const checked = parsed.map(({ data, error }) =>
        data ? { ...checkScore(data, configs), data } : { issues: error.issues },
      );
      const refusals = checked.flatMap((each, index) => ('issues' in each ? [{ index, issues: each.issues }] : []));
      if (!Array.isArray(body) && refusals[0]) throw new ValidationError(refusals[0].issues);

      const saidAt = moments(checked.length);
      const scores = checked.flatMap((each, i) =>
        'score' in each
          ? [stateCreated(each.score, each.data.timestamp, scope, { receivedAt, saidAt: saidAt + i }, newId)]
          : [],
      );
      const rejected = refusals.length;
      const status = !Array.isArray(body) ? 200 : rejected === 0 ? 202 : 207;
      const problems = new Problems();
      const refused = refusedItems('text');
      for (const { index, issues } of refusals) {
        const traceId = textOf(given[index], 'traceId');
        problems.add(codeOfIssues(issues), toMessage(issues), { itemId: textOf(given[index], 'id'), traceId });
        keepRefused(refused, traceId, () => jsonText(given[index]));
      }
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
      const errors = refusals.map(({ index, issues }) => ({ index, message: toMessage(issues) }));
      return { status, body: { accepted: scores.length, rejected, errors } };
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

/**
 * A score is said when it is received, in the order of its list: who sends it again with another value and the same
 * timestamp means the later value.
 */
function stateCreated(
  score: CheckedScore,
  timestamp: CreateScore['timestamp'],
  scope: ProjectScope,
  { receivedAt, saidAt }: { receivedAt: Micros; saidAt: Micros },
  newId: () => string,
): Entity<ScoreRow> {
  const id = score.id ?? newId();
  const time = timestamp ? new EventClock(receivedAt).read(timestamp) : receivedAt;
  return stateScore(score, { projectId: scope.projectId, id, clock: [saidAt, 0, id], time, receivedAt });
}

/**
 * What a `score-create` event says. Without an id of its own the score takes the event's, so that a batch sent again stores
 * nothing twice.
 */
export function readScoreEvent(
  event: { id: string; timestamp: string; body: CheckedScore },
  { projectId, receivedAt }: { projectId: string; receivedAt: Micros },
): Entity<ScoreRow> {
  const time = new EventClock(receivedAt).read(event.timestamp);
  return stateScore(event.body, {
    projectId,
    id: event.body.id ?? event.id,
    clock: [time, 0, event.id],
    time,
    receivedAt,
  });
}

function stateScore(
  score: CheckedScore,
  {
    projectId,
    id,
    clock,
    time,
    receivedAt,
  }: { projectId: string; id: string; clock: Clock; time: Micros; receivedAt: Micros },
): Entity<ScoreRow> {
  const statements: Partial<Record<ScoreField, Statement<ScoreRow>>> = {};
  const say = (field: ScoreField, set: Partial<ScoreRow>, isWeak = false): void => {
    statements[field] = { set, clock, ...(isWeak && { isWeak }) };
  };
  say('timestamp', { timestamp: time });
  say('environment', { environment: normalizeEnvironment(score.environment || 'default') }, !score.environment);
  say('name', { name: score.name });
  say('value', { dataType: score.dataType, ...score.columns });
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

import {
  Receipt,
  type ReceiptCode,
  type ReceiptList,
  type ReceiptProblem,
  type ReceiptsQuery,
  type RefusedBody,
  type TraceVerdict,
  type Whereabouts,
} from '@tracehouse/contract/x-receipts';
import * as z from 'zod';
import { InvalidRequestError, NotFoundError } from '../../http/errors.ts';
import type { Journal } from '../../ingest/journal.ts';
import { timeOfReceipt } from '../../ingest/ledger/receipt-id.ts';
import type { Micros } from '../../ingest/observation.ts';
import type { ClickHouse } from '../../stores/clickhouse/clickhouse.ts';
import type { ProjectScope } from '../../stores/scope.ts';
import { toIso, toMicros } from '../filters/time.ts';
import {
  deleteRefusedBodies,
  hasRefusedBodies,
  type ReceiptPosition,
  selectReceipt,
  selectReceipts,
  selectRefusedBody,
  selectStoredTrace,
  selectUnattributed,
  type StoredReceipt,
  type StoredTrace,
} from './store.ts';

const DAY: Micros = 86_400_000_000;
/** The tables drop whole days, so a row may be there a little longer than it is shown. */
const RECEIPTS_KEPT = 7 * DAY;
const BODIES_KEPT = 3 * DAY;
const RECEIPTS_OF_A_TRACE = 50;
/** Problems and trace ids of a receipt in a list. */
const LISTED = 10;

export interface LedgerNeeds {
  clickhouse: ClickHouse;
  journal: Pick<Journal, 'barrier'>;
  /** When it was, in the last 24 h; null when not. */
  deletedAt(scope: ProjectScope, traceId: string): Promise<Date | null>;
  now: () => Date;
}

export type Ledger = ReturnType<typeof createLedger>;

/** What was received and what became of it. Reads see what was acknowledged before them. */
export function createLedger({ clickhouse: db, journal, deletedAt, now }: LedgerNeeds) {
  const nowMicros = (): Micros => now().getTime() * 1000;
  const shownFrom = (): Micros => nowMicros() - RECEIPTS_KEPT;

  return {
    /** @throws InvalidRequestError for a cursor that is none */
    async list(scope: ProjectScope, query: ReceiptsQuery): Promise<ReceiptList> {
      const { from, to, cursor, limit, ...asked } = query;
      const after = cursor === undefined ? undefined : decodeCursor(cursor);
      const range = {
        from: Math.max(shownFrom(), from === undefined ? 0 : toMicros(from)),
        to: to === undefined ? null : toMicros(to),
      };
      await journal.barrier({ projectId: scope.projectId, ledger: true });
      // One more than asked for tells whether there is a next page.
      const rows = await selectReceipts(
        db,
        scope,
        { ...range, ...asked },
        {
          after,
          limit: limit + 1,
          maxTraces: LISTED,
        },
      );
      const page = rows.slice(0, limit);
      const last = page.at(-1);
      return { data: page.map(toListed), meta: rows.length > limit && last ? { cursor: encodeCursor(last) } : {} };
    },

    /** @throws NotFoundError */
    async get(scope: ProjectScope, id: string): Promise<Receipt & { refused: RefusedBody | null }> {
      const timeMs = timeOfReceipt(id);
      const position = { id, time: (timeMs ?? 0) * 1000 };
      await journal.barrier({ projectId: scope.projectId, ledger: true });
      const isShown = timeMs !== null && position.time >= shownFrom();
      const row = isShown ? await selectReceipt(db, scope, position) : null;
      if (!row) throw new NotFoundError(`Receipt ${id} not found within authorized project; receipts are kept 7 days`);
      const refused = await selectRefusedBody(db, scope, position, { since: nowMicros() - BODIES_KEPT });
      return { ...toReceipt(row), refused };
    },

    /** Where a trace is: what was received about it, and what became of that. */
    async whereabouts(scope: ProjectScope, traceId: string): Promise<Whereabouts> {
      const { projectId } = scope;
      await Promise.all([journal.barrier({ projectId, ledger: true }), journal.barrier({ projectId, traceId })]);
      const filter = { from: shownFrom(), to: null, traceId };
      const [rows, stored, deleted] = await Promise.all([
        selectReceipts(db, scope, filter, { limit: RECEIPTS_OF_A_TRACE, maxTraces: LISTED }),
        selectStoredTrace(db, scope, traceId),
        deletedAt(scope, traceId),
      ]);
      const receipts = rows.map(toReceipt);
      const problems = receipts.flatMap(({ problems: all }) => all.filter((problem) => problem.traceId === traceId));
      const verdict = verdictOf({ stored, isDeleted: deleted !== null, problems, receipts });
      // Needed only where nothing else explains it.
      const others = verdict === 'unknown' ? await selectUnattributed(db, scope, { since: nowMicros() - DAY }) : [];
      return {
        traceId,
        verdict,
        answer: answers[verdict]({ stored, deleted, problems, receipts, others: others.length }),
        stored: stored && {
          observations: stored.observations,
          scores: stored.scores,
          start: toIso(stored.start),
          lastReceivedAt: toIso(stored.last_received),
        },
        deletedAt: deleted?.toISOString() ?? null,
        problems,
        receipts: receipts.map(shortened),
        unattributed: others.map(({ code, requests, message, last }) => ({
          code: code as ReceiptCode,
          requests,
          message,
          lastAt: toIso(last),
        })),
      };
    },

    /** What was refused about these traces goes with them; receipts stay, they hold no content. */
    async forgetTraces(scope: ProjectScope, traceIds: readonly string[]): Promise<void> {
      const ids = traceIds.filter((id) => id !== '');
      if (ids.length > 0 && (await hasRefusedBodies(db, scope))) await deleteRefusedBodies(db, scope, ids);
    },
  };
}

const stillThere: ReadonlySet<ReceiptCode> = new Set(['clock_skew']);

function verdictOf({
  stored,
  isDeleted,
  problems,
  receipts,
}: {
  stored: StoredTrace | null;
  isDeleted: boolean;
  problems: readonly ReceiptProblem[];
  receipts: readonly Receipt[];
}): TraceVerdict {
  const lost = problems.filter(({ code }) => !stillThere.has(code));
  if (stored) return lost.length > 0 ? 'partly' : 'stored';
  if (isDeleted || lost.some(({ code }) => code === 'deleted_trace')) return 'deleted';
  if (lost.length > 0 || receipts.some(({ codes }) => codes.includes('engine'))) return 'rejected';
  return receipts.some((receipt) => receipt.stored > 0) ? 'gone' : 'unknown';
}

interface Found {
  stored: StoredTrace | null;
  deleted: Date | null;
  problems: readonly ReceiptProblem[];
  receipts: readonly Receipt[];
  /** Reasons of refusals that name no trace. */
  others: number;
}

const answers: Record<TraceVerdict, (found: Found) => string> = {
  stored: ({ stored, problems }) =>
    `It is there: ${holds(stored!)}. It starts at ${toIso(stored!.start)}.${skewOf(problems)}`,
  partly: ({ stored, problems }) =>
    `It is there: ${holds(stored!)}. It starts at ${toIso(stored!.start)}. Not all that was sent for it was stored. ${first(problems)}${skewOf(problems)}`,
  rejected: ({ problems, receipts }) => `It was received, and nothing of it was stored. ${first(problems, receipts)}`,
  deleted: ({ deleted }) =>
    deleted === null
      ? 'What was sent for it came after it had been deleted, so it was acknowledged and not stored.'
      : `It was deleted at ${deleted.toISOString()}. What arrives for it in the 24 h after that is acknowledged and not stored.`,
  gone: () => 'It was received and stored, and is no longer there: it was deleted more than 24 h ago.',
  unknown: ({ others }) =>
    `Nothing that names this trace was received in the last 7 days with a key of this project. ${
      others > 0
        ? 'But requests of the last 24 h were refused before their traces could be read; it may be among them.'
        : 'Check the id, the address and the keys of the sender, and that it flushes before it exits.'
    }`,
};

const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

const holds = ({ observations, scores }: StoredTrace): string =>
  scores === 0
    ? plural(observations, 'observation')
    : `${plural(observations, 'observation')} and ${plural(scores, 'score')}`;

function first(problems: readonly ReceiptProblem[], receipts: readonly Receipt[] = []): string {
  const problem =
    problems.find(({ code }) => !stillThere.has(code)) ??
    receipts.flatMap((receipt) => receipt.problems).find(({ code }) => code === 'engine');
  return problem ? `${problem.message}${problem.itemId === null ? '' : ` (${problem.itemId})`}.` : '';
}

const skewOf = (problems: readonly ReceiptProblem[]): string =>
  problems.some(({ code }) => code === 'clock_skew')
    ? " Its own times were more than 5 years ago or a day ahead, so it stands at the time of receipt: check the sender's clock."
    : '';

const toReceipt = (row: StoredReceipt): Receipt => ({
  id: row.id,
  time: toIso(row.time),
  door: row.door,
  route: row.route,
  status: row.status,
  outcome: row.outcome,
  requests: row.requests,
  received: row.received,
  stored: row.stored,
  rejected: row.rejected,
  acknowledgedOnly: row.acknowledged_only,
  adjusted: row.adjusted,
  codes: Codes.parse(row.codes),
  problems: row.problems === '' ? [] : Problems.parse(JSON.parse(row.problems)),
  publicKey: row.public_key,
  sdkName: row.sdk_name,
  sdkVersion: row.sdk_version,
  userAgent: row.user_agent,
  traceIds: row.trace_ids,
  traceCount: row.trace_count,
  bodyBytes: Number(row.body_bytes),
  handledMs: Number(row.handled_us) / 1000,
});

const shortened = (receipt: Receipt): Receipt => ({ ...receipt, problems: receipt.problems.slice(0, LISTED) });
const toListed = (row: StoredReceipt): Receipt => shortened(toReceipt(row));

const { codes: Codes, problems: Problems } = Receipt.shape;

const Cursor = z.tuple([z.number().int().min(0), z.string()]);

const encodeCursor = ({ time, id }: StoredReceipt): string =>
  Buffer.from(JSON.stringify([time, id])).toString('base64url');

function decodeCursor(text: string): ReceiptPosition {
  try {
    const [time, id] = Cursor.parse(JSON.parse(Buffer.from(text, 'base64url').toString()));
    return { time, id };
  } catch (cause) {
    throw new InvalidRequestError('Invalid cursor format', { cause });
  }
}

import type { ReceiptCode, ReceiptDoor, ReceiptOutcome, ReceiptProblem } from '@tracehouse/contract/x-receipts';
import type { Micros } from '../observation.ts';
import { newReceiptId } from './receipt-id.ts';

/** A row of `receipts`; what the fields mean is said in the contract (x-receipts.ts). */
export interface ReceiptRow {
  projectId: string;
  id: string;
  /** Whole milliseconds, those of the id. */
  time: Micros;
  door: ReceiptDoor;
  route: string;
  status: number;
  outcome: ReceiptOutcome;
  requests: number;
  received: number;
  stored: number;
  rejected: number;
  acknowledgedOnly: number;
  adjusted: number;
  codes: ReceiptCode[];
  problems: ReceiptProblem[];
  publicKey: string;
  sdkName: string;
  sdkVersion: string;
  userAgent: string;
  traceIds: string[];
  traceCount: number;
  bodyBytes: number;
  handledUs: number;
  /** Counts the corrections from 1. */
  rowVersion: number;
}

/** A row of `refused_bodies`. */
export interface RefusedBodyRow {
  projectId: string;
  receiptId: string;
  time: Micros;
  encoding: 'text' | 'base64';
  items: string[];
  isCut: boolean;
  traceIds: string[];
  rowVersion: number;
}

/** What the ledger says of a request, written in one commit with its rows. */
export interface LedgerEntry {
  receipt: ReceiptRow;
  refusedBody: RefusedBodyRow | null;
}

/** A request as it arrived: what of its receipt is known before anything of the body is. */
export interface Arrival {
  receiptId: string;
  time: Micros;
  door: ReceiptDoor;
  route: string;
  publicKey: string;
  sdkName: string;
  sdkVersion: string;
  userAgent: string;
  bodyBytes: number;
  /** Of `performance.now()`. */
  startedMs: number;
}

/** Headers are the sender's and may be of any length. */
const MAX_HEADER = 200;

export function arrival(
  { now, newId }: { now: Date; newId: () => string },
  {
    door,
    route,
    publicKey,
    headers,
    bodyBytes,
    sdkName,
    sdkVersion,
  }: Pick<Arrival, 'door' | 'route' | 'publicKey' | 'sdkName' | 'sdkVersion' | 'bodyBytes'> & {
    headers: Readonly<Record<string, string | undefined>>;
  },
): Arrival {
  const timeMs = now.getTime();
  return {
    receiptId: newReceiptId(timeMs, newId()),
    time: timeMs * 1000,
    door,
    route,
    publicKey,
    sdkName: sdkName.slice(0, MAX_HEADER),
    sdkVersion: sdkVersion.slice(0, MAX_HEADER),
    userAgent: (headers['user-agent'] ?? '').slice(0, MAX_HEADER),
    bodyBytes,
    startedMs: performance.now(),
  };
}

/** What the doors count. */
interface Outcome {
  status: number;
  stored: number;
  rejected: number;
  acknowledgedOnly: number;
  adjusted: number;
  problems: Problems;
  /** Of what was stored or acknowledged; those of `problems` are added. May hold one twice. */
  traceIds: Iterable<string>;
}

/** The message of `clock_skew`. */
export const CLOCK_SKEW = 'Its own times were more than 5 years ago or a day ahead; the time of receipt was stored';
/** The message of `deleted_trace`. */
export const DELETED_TRACE = 'Its trace was deleted in the last 24 h; acknowledged, not stored';

/** As many as help to understand a batch; the counts go on. */
const MAX_PROBLEMS = 50;
const MAX_MESSAGE = 500;
const MAX_ID = 800;
const MAX_TRACES = 1_000;

/** Why items of one request were not stored, bounded: a hostile body must not make its receipt grow. */
export class Problems {
  readonly list: ReceiptProblem[] = [];
  readonly #byCode = new Map<ReceiptCode, number>();

  get codes(): ReceiptCode[] {
    return [...this.#byCode.keys()];
  }

  add(
    code: ReceiptCode,
    message: string,
    { itemId, traceId, count = 1 }: { itemId?: string | undefined; traceId?: string | undefined; count?: number } = {},
  ): void {
    this.#byCode.set(code, (this.#byCode.get(code) ?? 0) + count);
    if (this.list.length === MAX_PROBLEMS) return;
    this.list.push({
      code,
      count,
      itemId: itemId ? itemId.slice(0, MAX_ID) : null,
      traceId: traceId ? traceId.slice(0, MAX_ID) : null,
      message: message.slice(0, MAX_MESSAGE),
    });
  }
}

/** The receipt of a request whose rows are about to be handed over. */
export function receiptOf(
  projectId: string,
  { receiptId, startedMs, ...arrived }: Arrival,
  { status, stored, rejected, acknowledgedOnly, adjusted, problems, traceIds }: Outcome,
): ReceiptRow {
  const traces = new Set(traceIds);
  for (const { traceId } of problems.list) if (traceId !== null) traces.add(traceId);
  traces.delete('');
  const named = [...traces];
  const traceCount = named.length;
  named.length = Math.min(named.length, MAX_TRACES);
  return {
    ...arrived,
    projectId,
    id: receiptId,
    status,
    outcome: outcomeOf(stored, rejected + acknowledgedOnly),
    requests: 1,
    received: stored + rejected + acknowledgedOnly,
    stored,
    rejected,
    acknowledgedOnly,
    adjusted,
    codes: problems.codes,
    problems: problems.list,
    traceIds: named,
    traceCount,
    handledUs: Math.round((performance.now() - startedMs) * 1000),
    rowVersion: 1,
  };
}

function outcomeOf(stored: number, notStored: number): ReceiptOutcome {
  if (notStored === 0) return stored === 0 ? 'empty' : 'stored';
  return stored === 0 ? 'rejected' : 'partly';
}

/** Corrects a receipt: of what it says is stored, the engine has refused `rows`. */
export function correctRefused(receipt: ReceiptRow, rows: number, message: string): void {
  const refused = Math.min(rows, receipt.stored);
  receipt.stored -= refused;
  receipt.rejected += refused;
  receipt.outcome = outcomeOf(receipt.stored, receipt.rejected + receipt.acknowledgedOnly);
  if (!receipt.codes.includes('engine')) receipt.codes = [...receipt.codes, 'engine'];
  receipt.problems = [
    { code: 'engine', count: rows, itemId: null, traceId: null, message: message.slice(0, MAX_MESSAGE) },
    ...receipt.problems.slice(0, MAX_PROBLEMS - 1),
  ];
  receipt.rowVersion += 1;
}

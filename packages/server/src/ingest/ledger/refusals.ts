/*
 * Requests that are refused as a whole, before or inside a door: they get a receipt too. Those of one key for one reason within
 * seconds share one, for an exporter with a wrong key sends it again and again, and must not fill a project's ledger.
 */
import { ingest } from '@tracehouse/contract/doors';
import { createTrace, isSingleObject } from '@tracehouse/contract/single-objects';
import type { ReceiptCode, ReceiptDoor } from '@tracehouse/contract/x-receipts';
import type { Logger } from 'pino';
import { ApiError, ValidationError } from '../../http/errors.ts';
import { parseJson } from '../../http/json-body.ts';
import type { RefusedRequest, RefusedSender } from '../../http/refused-request.ts';
import type { ProjectScope } from '../../stores/scope.ts';
import { attribution } from '../attribution.ts';
import type { Journal } from '../journal.ts';
import { toMessage } from '../json/scores.ts';
import { inflateStart } from '../otlp/decompress.ts';
import { codeOfError, codeOfIssues } from './codes.ts';
import { arrival, Problems, receiptOf, type ReceiptRow } from './receipt.ts';
import { keepRefused, type RefusedBodies, refusedItems } from './refused-items.ts';

const SHARED_MS = 5_000;
const MAX_SHARED = 1_000;
const LOG_EVERY_MS = 60_000;
/** These may come by the hundred, and one says as much as all. */
const shared: ReadonlySet<ReceiptCode> = new Set(['wrong_key', 'not_allowed', 'limit', 'overloaded', 'not_kept']);

export interface RefusalsNeeds {
  journal: Pick<Journal, 'append'>;
  refusedBodies: RefusedBodies;
  /** Told of each refusal, also of those that share a receipt. */
  onReceipt(receipt: ReceiptRow): void;
  /** Those of the given traces that were deleted in the last 24 h. */
  deletedTraces(scope: ProjectScope, traceIds: readonly string[]): Promise<ReadonlySet<string>>;
  /** Told of each request that belongs to no project, so that no ledger can show it. */
  onUnattributed(): void;
  log: Pick<Logger, 'warn'>;
  now: () => Date;
  newId: () => string;
}

export type Refusals = ReturnType<typeof createRefusals>;

interface Shared {
  receipt: ReceiptRow;
  isWritten: boolean;
}

export function createRefusals(needs: RefusalsNeeds) {
  const { journal, refusedBodies, deletedTraces, log, now } = needs;
  const open = new Map<string, Shared>();
  const timers = new Set<NodeJS.Timeout>();
  let unattributed = 0;
  let loggedAtMs = -Infinity;

  function countUnattributed(): void {
    needs.onUnattributed();
    unattributed += 1;
    const nowMs = now().getTime();
    if (nowMs - loggedAtMs < LOG_EVERY_MS) return;
    loggedAtMs = nowMs;
    log.warn({ requests: unattributed }, 'requests for ingestion came with a key that no project has');
    unattributed = 0;
  }

  /** The receipt of this refusal, counted in an earlier one where they share it. */
  async function write(key: string | null, receipt: ReceiptRow, body: () => Promise<Body>): Promise<string> {
    const known = key === null ? undefined : open.get(key);
    if (known !== undefined) {
      known.receipt.requests += 1;
      known.receipt.rowVersion += 1;
      known.isWritten = false;
      return known.receipt.id;
    }
    if (key !== null && open.size < MAX_SHARED) {
      const entry = { receipt, isWritten: true };
      open.set(key, entry);
      const timer = setTimeout(() => {
        timers.delete(timer);
        open.delete(key);
        void finish(entry);
      }, SHARED_MS);
      timers.add(timer);
    }
    const ledger = { receipt, refusedBody: await body() };
    try {
      await journal.append({ projectId: receipt.projectId, observations: [], scores: [], ledger });
    } catch (error) {
      if (key !== null) open.delete(key);
      throw error;
    }
    return receipt.id;
  }

  async function finish({ receipt, isWritten }: Shared): Promise<void> {
    if (isWritten) return;
    const { projectId } = receipt;
    const ledger = { receipt, refusedBody: null };
    await journal.append({ projectId, observations: [], scores: [], ledger }).catch(() => undefined); // a count is lost
  }

  function receiptFor(
    request: Pick<RefusedRequest, 'path' | 'headers' | 'body'>,
    { scope: { projectId }, publicKey }: RefusedSender,
    { status, problems, rejected }: { status: number; problems: Problems; rejected: number },
  ): ReceiptRow {
    const { path, headers, body } = request;
    const bodyBytes = body?.length ?? (Number(headers['content-length'] ?? 0) || 0);
    const arrived = arrival(
      { now: now(), newId: needs.newId },
      { door: doorOf(path), route: path, publicKey, headers, ...attribution(headers), bodyBytes },
    );
    const counts = { stored: 0, rejected, acknowledgedOnly: 0, adjusted: 0 };
    return { ...receiptOf(projectId, arrived, { status, ...counts, problems, traceIds: [] }), outcome: 'rejected' };
  }

  return {
    /** Answers the id of the receipt; null when no project can be told, or nothing can be written now. */
    async refused(request: RefusedRequest): Promise<string | null> {
      try {
        const { sender } = request;
        if (sender === null) {
          countUnattributed();
          return null;
        }
        const { error } = request;
        const code = error instanceof ValidationError ? codeOfIssues(error.issues) : codeOfError(error);
        const problems = new Problems();
        const item = error instanceof ValidationError ? itemOf(request) : null;
        problems.add(code, sender.keyProblem ?? messageOf(error), item ?? {});
        const status = error instanceof ApiError ? error.status : 500;
        const receipt = receiptFor(request, sender, { status, problems, rejected: item === null ? 0 : 1 });
        needs.onReceipt(receipt);
        const key = shared.has(code) ? `${receipt.projectId}\n${sender.publicKey}\n${request.path}\n${code}` : null;
        return await write(key, receipt, async () => {
          if (key !== null) return null;
          const body = await readBody(request, item?.traceId);
          return refusedBodies(body, receipt, await deletedTraces(sender.scope, receipt.traceIds));
        });
      } catch (cause) {
        log.warn({ err: cause }, 'a refusal is missing in the ledger');
        return null;
      }
    },

    /** For what is taken and not kept, such as OTLP logs. */
    async notKept(
      request: Pick<RefusedRequest, 'path' | 'headers' | 'body'>,
      sender: RefusedSender,
      message: string,
    ): Promise<string | null> {
      const problems = new Problems();
      problems.add('not_kept', message);
      const receipt = receiptFor(request, sender, { status: 200, problems, rejected: 0 });
      try {
        return await write(`${receipt.projectId}\n${sender.publicKey}\n${request.path}`, receipt, async () => null);
      } catch (cause) {
        log.warn({ err: cause }, 'a refusal is missing in the ledger');
        return null;
      }
    },

    /** Writes what was counted since; before the journal is closed. */
    async close(): Promise<void> {
      for (const timer of timers) clearTimeout(timer);
      const entries = [...open.values()];
      open.clear();
      await Promise.all(entries.map(finish));
    },
  };
}

type Body = ReturnType<RefusedBodies>;

const doorOf = (path: string): ReceiptDoor =>
  path.endsWith('/scores') ? 'scores' : path === ingest.path || isSingleObject(path) ? 'JSON' : 'OTLP';

function messageOf(error: unknown): string {
  if (error instanceof ValidationError) return toMessage(error.issues);
  return error instanceof ApiError ? error.message : 'An error of the server; its log has more';
}

/** The one score, trace or observation of a request that has no other. */
function itemOf({ path, body }: RefusedRequest): { itemId?: string; traceId?: string } | null {
  const isTrace = path === createTrace.path;
  if ((doorOf(path) !== 'scores' && !isSingleObject(path)) || body === null) return null;
  const given = parseJson(body); // the door has parsed it before
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return {};
  const {
    spanId,
    generationId,
    id = spanId ?? generationId,
    traceId = isTrace ? id : undefined,
  } = given as Record<string, unknown>;
  return { ...(typeof id === 'string' && { itemId: id }), ...(typeof traceId === 'string' && { traceId }) };
}

/** What is inside the body, as text where it is JSON; nothing where it cannot be read. */
async function readBody({ body, headers }: RefusedRequest, traceId: string | undefined) {
  const isProtobuf = (headers['content-type'] ?? '').includes('protobuf');
  const items = refusedItems(isProtobuf ? 'base64' : 'text');
  if (body === null || body.length === 0) return items;
  try {
    // A little more than is kept, so that it shows as cut.
    const start = Buffer.from(await inflateStart(body, headers['content-encoding'], items.left + 4));
    keepRefused(items, traceId, (max) => start.toString(isProtobuf ? 'base64' : 'utf8', 0, max + 3));
  } catch {
    // Not what its encoding says: the message tells.
  }
  return items;
}

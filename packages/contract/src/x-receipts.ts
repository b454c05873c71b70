import * as z from 'zod';
import { defineRoute } from './route.ts';

/*
 * The ledger: what was received through the doors of ingestion in the last 7 days, and what became of it. Each request has a
 * receipt, whose id is in its answer's header `x-tracehouse-receipt`.
 */

/** The answer's header that names the receipt. */
export const RECEIPT_HEADER = 'x-tracehouse-receipt';

/**
 * Why something was not stored, or not as it was sent.
 * - `bad_id`: an id is missing, too long or all zeros. `bad_value`: another field is not of its kind. `unknown_type`: no such
 *   event. `too_large`: a body, or more items than a request may have. `malformed`: not what it says it is. `not_kept`: taken
 *   and not kept, such as OTLP logs.
 * - `wrong_key`: the secret does not belong to the public key, or the key has expired. `not_allowed`: the key may not send this.
 * - `limit`: a rate limit or quota of the project. `overloaded`: could not be stored at that moment; the sender was told to retry.
 * - `deleted_trace`: acknowledged and not stored, for the trace had been deleted.
 * - `clock_skew`: stored at the time of receipt, for its own times were more than 5 years ago or a day ahead.
 * - `engine`: acknowledged, then refused by the database. `server_error`: our fault.
 */
export const ReceiptCode = z.enum([
  'bad_id',
  'bad_value',
  'unknown_type',
  'too_large',
  'malformed',
  'not_kept',
  'wrong_key',
  'not_allowed',
  'limit',
  'overloaded',
  'deleted_trace',
  'clock_skew',
  'engine',
  'server_error',
]);
export type ReceiptCode = z.output<typeof ReceiptCode>;

/** Of a whole request: `partly` when some of its items were stored and others not, `empty` when it had none. */
export const ReceiptOutcome = z.enum(['stored', 'partly', 'rejected', 'empty']);
export type ReceiptOutcome = z.output<typeof ReceiptOutcome>;

/** `itemId` is the span's, event's or score's, where it had one. `count` items had this problem. */
export const ReceiptProblem = z.object({
  code: ReceiptCode,
  count: z.int(),
  itemId: z.string().nullable(),
  traceId: z.string().nullable(),
  message: z.string(),
});
export type ReceiptProblem = z.output<typeof ReceiptProblem>;

/** `unknown`: of a request before the last start, whose rows the database refused after it. */
export const ReceiptDoor = z.enum(['OTLP', 'JSON', 'scores', 'unknown']);
export type ReceiptDoor = z.output<typeof ReceiptDoor>;

/**
 * What became of one request. Items are spans, events or scores: `received` is the sum of `stored`, `rejected` and
 * `acknowledgedOnly` (of deleted traces); `adjusted` of the stored ones have the time of receipt instead of their own. Refusals
 * by the same key for the same reason within seconds share a receipt: `requests` says how many. `problems` holds the first 50,
 * `traceIds` the first 1,000 of `traceCount`; 10 of each in a list. `publicKey` is empty for what a person sent from the screen.
 */
export const Receipt = z.object({
  id: z.string(),
  time: z.iso.datetime(),
  door: ReceiptDoor,
  route: z.string(),
  status: z.int(),
  outcome: ReceiptOutcome,
  requests: z.int(),
  received: z.int(),
  stored: z.int(),
  rejected: z.int(),
  acknowledgedOnly: z.int(),
  adjusted: z.int(),
  codes: z.array(ReceiptCode),
  problems: z.array(ReceiptProblem),
  publicKey: z.string(),
  sdkName: z.string(),
  sdkVersion: z.string(),
  userAgent: z.string(),
  traceIds: z.array(z.string()),
  traceCount: z.int(),
  bodyBytes: z.int(),
  /** From the request's arrival to the moment its rows were handed over. */
  handledMs: z.number(),
});
export type Receipt = z.output<typeof Receipt>;

/**
 * What was refused, as it was sent, kept 3 days: JSON text, or base64 where it was protobuf. Null when it is no longer kept, or
 * never was (what was stored is not kept here, nor what belongs to a deleted trace).
 */
export const RefusedBody = z.object({
  encoding: z.enum(['text', 'base64']),
  items: z.array(z.string()),
  /** Not all of it was kept. */
  isCut: z.boolean(),
});
export type RefusedBody = z.output<typeof RefusedBody>;

/** `from` inclusive, `to` exclusive. */
export const ReceiptsQuery = z.object({
  from: z.iso.datetime().optional(),
  to: z.iso.datetime().optional(),
  outcome: ReceiptOutcome.optional(),
  code: ReceiptCode.optional(),
  traceId: z.string().optional(),
  publicKey: z.string().optional(),
  cursor: z.string().optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});
export type ReceiptsQuery = z.output<typeof ReceiptsQuery>;

/** Newest first; `cursor` is there when there is more. */
export const ReceiptList = z.object({
  data: z.array(Receipt),
  meta: z.object({ cursor: z.string().optional() }),
});
export type ReceiptList = z.output<typeof ReceiptList>;

/**
 * - `stored`: it is there. `partly`: it is there, and some of what was sent for it was not stored.
 * - `rejected`: it was received and nothing of it stored. `deleted`: it was deleted, or came after that.
 * - `gone`: it was stored and is no longer there, without a mark of deletion from the last 24 h.
 * - `unknown`: nothing that names it was received in the last 7 days.
 */
export const TraceVerdict = z.enum(['stored', 'partly', 'rejected', 'deleted', 'gone', 'unknown']);
export type TraceVerdict = z.output<typeof TraceVerdict>;

/** "Where is my trace?" `answer` is that in a sentence or two. */
export const Whereabouts = z.object({
  traceId: z.string(),
  verdict: TraceVerdict,
  answer: z.string(),
  /** Null when nothing of it is there. */
  stored: z
    .object({ observations: z.int(), scores: z.int(), start: z.iso.datetime(), lastReceivedAt: z.iso.datetime() })
    .nullable(),
  deletedAt: z.iso.datetime().nullable(),
  /** What was said of this trace alone, from the receipts below. */
  problems: z.array(ReceiptProblem),
  /** The newest 50 that name it. */
  receipts: z.array(Receipt),
  /** Refusals of the last 24 h that name no trace, so that this one may be among them; by reason, the most frequent first. */
  unattributed: z.array(
    z.object({ code: ReceiptCode, requests: z.int(), message: z.string(), lastAt: z.iso.datetime() }),
  ),
});
export type Whereabouts = z.output<typeof Whereabouts>;

export const listReceipts = defineRoute({
  method: 'GET',
  path: '/api/public/x/receipts',
  scope: 'traces:read',
  summary: 'What was received in the last 7 days and what became of it, newest first',
  query: ReceiptsQuery,
  response: ReceiptList,
});

export const readReceipt = defineRoute({
  method: 'GET',
  path: '/api/public/x/receipts/:receiptId',
  scope: 'traces:read',
  summary: 'One receipt, with the bytes of what was refused',
  params: z.object({ receiptId: z.string() }),
  response: Receipt.extend({ refused: RefusedBody.nullable() }),
});

export const readWhereabouts = defineRoute({
  method: 'GET',
  path: '/api/public/x/traces/:traceId/whereabouts',
  scope: 'traces:read',
  summary: 'Where is my trace? Received, stored, rejected or deleted, and why',
  params: z.object({ traceId: z.string() }),
  response: Whereabouts,
});

import type { Logger } from 'pino';
import type { Journal } from '../journal.ts';
import type { Rejected } from '../journal/apply-segment.ts';
import { arrival, correctRefused, Problems, receiptOf, type ReceiptRow } from './receipt.ts';

/**
 * For the journal: what was acknowledged and then refused by the engine is told in the receipt of its request, or in one of its
 * own when the request was before the last start.
 */
export const tellOfRefusals =
  ({ now, newId, log }: { now: () => Date; newId: () => string; log: Pick<Logger, 'warn'> }) =>
  (rejected: Rejected, journal: Pick<Journal, 'append'>): void => {
    const receipt = corrected(rejected) ?? ofLastRun(rejected, { now: now(), newId });
    if (receipt === null) return;
    const block = { projectId: rejected.projectId, observations: [], scores: [] };
    void journal.append({ ...block, ledger: { receipt, refusedBody: null } }).catch((error: unknown) => {
      log.warn({ err: error, receiptId: receipt.id }, 'rows the engine refused are missing in the ledger');
    });
  };

function corrected({ receipt, rows, error }: Rejected): ReceiptRow | null {
  if (receipt === null) return null;
  correctRefused(receipt, rows ?? 1, messageOf(error));
  return receipt;
}

/** Null for rows whose receipt tells it already, and for those of the ledger itself. */
function ofLastRun(
  { projectId, table, rows, bytes, error }: Rejected,
  clock: { now: Date; newId: () => string },
): ReceiptRow | null {
  if (rows !== null || (table !== 'observations' && table !== 'scores')) return null;
  const nothing = { publicKey: '', sdkName: '', sdkVersion: '', headers: {} };
  const arrived = arrival(clock, { door: 'unknown', route: '', bodyBytes: bytes, ...nothing });
  const problems = new Problems();
  problems.add('engine', `A request before the last start: ${messageOf(error)}`);
  const counts = { stored: 0, rejected: 0, acknowledgedOnly: 0, adjusted: 0 };
  return { ...receiptOf(projectId, arrived, { status: 200, ...counts, problems, traceIds: [] }), outcome: 'rejected' };
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

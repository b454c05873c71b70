import type { ReceiptCode } from '@tracehouse/contract/x-receipts';
import type * as z from 'zod';
import { ApiError } from '../../http/errors.ts';

/** What a refused span's reason (`field:reason`, otlp/span.ts) is called in the ledger. The first line that fits. */
const ofSpans: readonly [RegExp, ReceiptCode][] = [
  [/:more than /, 'too_large'],
  [/:malformed$/, 'malformed'],
  [/^(traceId|spanId|parentSpanId|links):/, 'bad_id'],
];

export const codeOfSpan = (reason: string): ReceiptCode =>
  ofSpans.find(([pattern]) => pattern.test(reason))?.[1] ?? 'bad_value';

/** What a refused event or score has wrong, by the first field at fault. */
export function codeOfIssues(issues: readonly z.core.$ZodIssue[]): ReceiptCode {
  const [issue] = issues;
  const field = issue?.path.at(-1);
  if (field === 'type' && issue?.path.length === 1) return 'unknown_type';
  return typeof field === 'string' && /^(id|.*Id)$/.test(field) ? 'bad_id' : 'bad_value';
}

const ofStatus: Readonly<Record<number, ReceiptCode>> = {
  401: 'wrong_key',
  403: 'not_allowed',
  413: 'too_large',
  429: 'limit',
  503: 'overloaded',
};

/** Why a request was refused as a whole. */
export const codeOfError = (error: unknown): ReceiptCode =>
  error instanceof ApiError
    ? (ofStatus[error.status] ?? (error.status < 500 ? 'malformed' : 'server_error'))
    : 'server_error';

import { RECEIPT_HEADER } from '@tracehouse/contract/x-receipts';
import { Answer } from '../../http/bind.ts';
import { InvalidRequestError, TooLargeError } from '../../http/errors.ts';
import type { ProjectScope } from '../../stores/scope.ts';
import { codeOfSpan } from '../ledger/codes.ts';
import { type Arrival, CLOCK_SKEW, DELETED_TRACE, Problems, receiptOf, type ReceiptRow } from '../ledger/receipt.ts';
import type { RefusedBodies } from '../ledger/refused-items.ts';
import type { EventStatement } from '../json/events.ts';
import { fromObservationRow } from '../json/rows.ts';
import type { StatementStore } from '../json/statement-store.ts';
import type { Journal, RowBlock } from '../journal.ts';
import type { Micros, ObservationRow } from '../observation.ts';
import type { ProjectPricing } from '../price/project-pricing.ts';
import { BodyEncodingError, BodyTooLargeError, inflate } from './decompress.ts';
import type { InlineFile } from './inline-media.ts';
import type { MappedExport } from './map.ts';
import { decodeAndMap, type PrepareJob, rowsWithout } from './prepare.ts';
import type { Preparer } from './preparer.ts';
import { encodeExportResponse } from './protobuf.ts';
import type { ReceivesLogs } from './receives-logs.ts';
import { OtlpParseError } from './span.ts';
import type { SpansUnderWay } from './spans-under-way.ts';

/** The newest ingestion version we know (S1.1); a higher one may mean something we would store wrongly. */
const MAX_INGESTION_VERSION = 4;

/**
 * From so many bytes on, inflated, an export is prepared off the main thread: 512 kB of spans take 5 to 10 ms, of the worst that
 * fits 100; handing them to the thread and taking the rows back costs one.
 */
export const LARGE_BYTES = 512 * 1024;

/** Of a request. */
export type Headers = Readonly<Record<string, string | undefined>>;

export interface OtlpDoorNeeds {
  journal: Journal;
  /** Those of the given traces that were deleted in the last 24 h. */
  deletedTraces(scope: ProjectScope, traceIds: readonly string[]): Promise<ReadonlySet<string>>;
  pricing: Pick<ProjectPricing, 'of' | 'models'>;
  /** For large exports. */
  preparer: Preparer;
  /** Of a file in a text that becomes a file of its own; 0: none does. */
  maxFileBytes: number;
  /** Stores the files for which tokens stand. @throws OverloadedError */
  keepFiles(scope: ProjectScope, files: readonly InlineFile[]): Promise<void>;
  /** Where spans are merged with what is stored of them. */
  store: Pick<StatementStore, 'store' | 'mayBeStored'>;
  receivesLogs: Pick<ReceivesLogs, 'is' | 'isKnown'>;
  spansUnderWay: Pick<SpansUnderWay, 'add'>;
  /** Told of the rows once they are stored, of those that were not merged. */
  noteStored(scope: ProjectScope, rows: readonly StoredSpan[]): void;
  refusedBodies: RefusedBodies;
  /** Told once it is written. */
  onReceipt(receipt: ReceiptRow): void;
  now(): Micros;
}

/** What is said of a span once it is stored. */
export type StoredSpan = Pick<ObservationRow, 'kind' | 'id' | 'traceId' | 'startTime' | 'timeAdjusted'>;

/** An export whose rows wait for nothing but to be stored. */
interface Prepared {
  spans: readonly StoredSpan[];
  rejected: Rejected;
  /** For which tokens stand in the rows. */
  files: readonly InlineFile[];
  /** `kept`: those of `spans` that are stored as they are, which are not of deleted traces and not `merged`. */
  rows(
    kept: readonly StoredSpan[],
    deleted: ReadonlySet<string>,
    merged: ReadonlySet<StoredSpan>,
  ): Pick<RowBlock, 'observations' | 'encoded'>;
  /** The unpriced rows of spans that are merged. */
  unpriced(merged: ReadonlySet<StoredSpan>): Promise<readonly ObservationRow[]>;
}

export type OtlpDoor = ReturnType<typeof createOtlpDoor>;

/** The OTLP/HTTP trace door. Stages: inflate → decode → map → price → drop deleted traces → journal → answer. */
export function createOtlpDoor({
  journal,
  deletedTraces,
  pricing,
  preparer,
  store,
  maxFileBytes,
  keepFiles,
  receivesLogs,
  spansUnderWay,
  noteStored,
  refusedBodies,
  onReceipt,
  now,
}: OtlpDoorNeeds) {
  async function prepare(
    scope: ProjectScope,
    { pieces, ...job }: Omit<PrepareJob, 'models'>,
    body: Uint8Array,
    inflateAgain: () => Promise<Uint8Array[]>,
  ): Promise<Prepared> {
    const size = pieces.reduce((sum, { length }) => sum + length, 0);
    if (size < LARGE_BYTES) {
      const { rows, rejected, files } = decodeAndMap({ pieces, ...job });
      const { priceRow } = await pricing.of(scope, rows);
      return {
        spans: rows,
        rejected,
        files,
        rows: (kept) => ({ observations: (kept as readonly ObservationRow[]).map(priceRow) }),
        unpriced: async (merged) => rows.filter((row) => merged.has(row)),
      };
    }
    // The body as it came is still wanted should it be refused.
    const owned = (given: Uint8Array[]): Uint8Array[] => (given[0] === body ? [new Uint8Array(body)] : given);
    const models = await pricing.models(scope);
    const prepared = await preparer.prepare({ pieces: owned(pieces), ...job, models });
    const { ids, traceIds, traces, startTimes, adjusted, rejected, files } = prepared;
    const isAdjusted = new Set(adjusted);
    const spans = ids.map((id, i): StoredSpan => {
      const traceId = traceIds[traces[i]!]!;
      return { kind: 'observation', id, traceId, startTime: startTimes[i]!, timeAdjusted: isAdjusted.has(i) };
    });
    const positions = (merged: ReadonlySet<StoredSpan>): number[] =>
      spans.flatMap((span, i) => (merged.has(span) ? [i] : []));
    return {
      spans,
      rejected,
      files,
      rows: (kept, deleted, merged) => ({
        observations: [],
        encoded: { ...rowsWithout(prepared, deleted, new Set(positions(merged))), keys: kept },
      }),
      unpriced: async (merged) =>
        preparer.rows({ pieces: owned(await inflateAgain()), ...job, models: [] }, positions(merged)),
    };
  }

  async function take(
    scope: ProjectScope,
    arrived: Arrival,
    headers: Headers,
    body: Uint8Array,
    reserve: (bytes: number) => void,
  ): Promise<Rejected> {
    const { projectId } = scope;
    const { publicKey, sdkName, sdkVersion } = arrived;
    const inflated = (): Promise<Uint8Array[]> => inflate(body, headers['content-encoding'], reserve);
    const pieces = await inflated();
    const options = { projectId, publicKey, sdkName, sdkVersion, now: now() };
    const prepared = await prepare(
      scope,
      { pieces, isProtobuf: isProtobuf(headers), options, maxFileBytes },
      body,
      inflated,
    );
    const { spans, rejected } = prepared;
    const traceIds = [...new Set(spans.map(({ traceId }) => traceId))];
    await receivesLogs.is(scope);
    if (prepared.files.length > 0) await keepFiles(scope, prepared.files);
    // Nothing awaits from here to the append: a trace deleted in between would come back, and what a log record says of a span
    // would be overwritten by it.
    const deleted = await deletedTraces(scope, [...traceIds, ...rejected.sent.traceIds]);
    const kept = deleted.size === 0 ? spans : spans.filter(({ traceId }) => !deleted.has(traceId));
    const receipt = receiptOf(projectId, arrived, {
      status: 200,
      stored: kept.length,
      rejected: rejected.count,
      acknowledgedOnly: spans.length - kept.length,
      ...problemsOf({ spans, rejected }, deleted),
      // Those of rows that are stored come first.
      traceIds: deleted.size === 0 ? traceIds : [...kept.map(({ traceId }) => traceId), ...traceIds],
    });
    const ledger = { receipt, refusedBody: refusedBodies(rejected.sent, receipt, deleted) };
    const receives = receivesLogs.isKnown(scope);
    const merged = new Set(receives ? kept.filter((span) => store.mayBeStored(scope, span)) : []);
    const asTheyAre = merged.size === 0 ? kept : kept.filter((span) => !merged.has(span));
    const rows = prepared.rows(asTheyAre, deleted, merged);
    if (merged.size === 0 || asTheyAre.length > 0) {
      const stored = journal.append({ projectId, ...rows, scores: [], ...(merged.size === 0 && { ledger }) });
      if (receives) spansUnderWay.add(scope, asTheyAre, stored);
      await stored;
    }
    if (merged.size > 0) {
      const events = (await prepared.unpriced(merged)).map(spanStatement);
      await store.store(scope, { events }, options.now, () => ledger);
    }
    if (asTheyAre.length > 0) noteStored(scope, asTheyAre);
    onReceipt(receipt);
    return rejected;
  }

  return {
    /**
     * Resolves once the spans are stored. Refused spans are told in the answer's partial success; spans of a trace deleted
     * in the last 24 h are acknowledged and not stored. `reserve` is told of bytes that inflating makes, and may refuse them.
     * @throws InvalidRequestError, TooLargeError, OverloadedError
     */
    async receive(
      scope: ProjectScope,
      arrived: Arrival,
      headers: Headers,
      body: Uint8Array,
      reserve: (bytes: number) => void,
    ): Promise<Answer<unknown>> {
      checkHeaders(headers);
      try {
        const rejected = await take(scope, arrived, headers, body, reserve);
        return exportAnswer(headers, arrived.receiptId, { ...rejected, field: 'rejectedSpans' });
      } catch (error) {
        throw asApiError(error);
      }
    },
  };
}

type Rejected = MappedExport['rejected'];

/** A span as what is said of its observation. */
const spanStatement = (row: ObservationRow): EventStatement => ({
  kind: 'observation',
  isUpdate: false,
  entity: fromObservationRow(row),
  times: [row.startTime],
});

function problemsOf(
  { spans, rejected }: Pick<Prepared, 'spans' | 'rejected'>,
  deleted: ReadonlySet<string>,
): { adjusted: number; problems: Problems } {
  const problems = new Problems();
  for (const { reasons, spans: count, traceId, spanId } of rejected.named) {
    problems.add(codeOfSpan(reasons[0] ?? ''), reasons.join(', '), { itemId: spanId, traceId, count });
  }
  let adjusted = 0;
  for (const { traceId, id, timeAdjusted } of spans) {
    if (deleted.has(traceId)) problems.add('deleted_trace', DELETED_TRACE, { itemId: id, traceId });
    else if (timeAdjusted) {
      adjusted += 1;
      problems.add('clock_skew', CLOCK_SKEW, { itemId: id, traceId });
    }
  }
  return { adjusted, problems };
}

/** @throws InvalidRequestError for a form or an ingestion version that we do not know */
export function checkHeaders(headers: Headers): void {
  const type = headers['content-type'] ?? '';
  if (!type.includes('application/json') && !type.includes('application/x-protobuf')) {
    throw new InvalidRequestError('Invalid content type');
  }
  const version = headers['x-langfuse-ingestion-version'];
  if (version !== undefined && !(/^\d+$/.test(version) && Number(version) <= MAX_INGESTION_VERSION)) {
    throw new InvalidRequestError(
      `Unsupported x-langfuse-ingestion-version: "${version}". Maximum supported: "${MAX_INGESTION_VERSION}".`,
    );
  }
}

/** Else it is JSON. */
export const isProtobuf = (headers: Headers): boolean =>
  (headers['content-type'] ?? '').includes('application/x-protobuf');

/**
 * An export's response in the form of the request (OTLP 1.9, "Partial Success"); `field` names what was refused. In protobuf the
 * fields of all kinds of export have the same numbers.
 */
export function exportAnswer(
  headers: Headers,
  receiptId: string | null,
  { count, message, field }: { count: number; message: string; field: 'rejectedSpans' | 'rejectedLogRecords' },
): Answer<unknown> {
  const withReceipt: Record<string, string> = receiptId === null ? {} : { [RECEIPT_HEADER]: receiptId };
  if (isProtobuf(headers)) {
    const body = encodeExportResponse({ rejectedSpans: count, errorMessage: message });
    return new Answer(body, { headers: { ...withReceipt, 'content-type': 'application/x-protobuf' } });
  }
  const body = count === 0 ? {} : { partialSuccess: { [field]: String(count), errorMessage: message } };
  return new Answer(body, { headers: withReceipt });
}

/** What the caller is told of a body that cannot be read. */
export function asApiError(error: unknown): unknown {
  if (error instanceof BodyTooLargeError) return new TooLargeError(error.message);
  if (error instanceof BodyEncodingError || error instanceof OtlpParseError) {
    return new InvalidRequestError(error.message, { cause: error });
  }
  return error;
}

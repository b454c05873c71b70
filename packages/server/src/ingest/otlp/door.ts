import { RECEIPT_HEADER } from '@tracehouse/contract/x-receipts';
import { Answer } from '../../http/bind.ts';
import { InvalidRequestError, TooLargeError } from '../../http/errors.ts';
import type { ProjectScope } from '../../stores/scope.ts';
import { codeOfSpan } from '../ledger/codes.ts';
import { type Arrival, CLOCK_SKEW, DELETED_TRACE, Problems, receiptOf, type ReceiptRow } from '../ledger/receipt.ts';
import type { RefusedBodies } from '../ledger/refused-items.ts';
import type { Journal, RowBlock } from '../journal.ts';
import type { Micros, ObservationRow } from '../observation.ts';
import type { ProjectPricing } from '../price/project-pricing.ts';
import { BodyEncodingError, BodyTooLargeError, inflate } from './decompress.ts';
import type { MappedExport } from './map.ts';
import { decodeAndMap, type PrepareJob, rowsWithout } from './prepare.ts';
import type { Preparer } from './preparer.ts';
import { encodeExportResponse } from './protobuf.ts';
import { OtlpParseError } from './span.ts';

/** The newest ingestion version we know (S1.1); a higher one may mean something we would store wrongly. */
const MAX_INGESTION_VERSION = 4;

/**
 * From so many bytes on, inflated, an export is prepared off the main thread: 512 kB of spans take 5 to 10 ms, of the worst that
 * fits 100; handing them to the thread and taking the rows back costs one.
 */
export const LARGE_BYTES = 512 * 1024;

type Headers = Readonly<Record<string, string | undefined>>;

export interface OtlpDoorNeeds {
  journal: Journal;
  /** Those of the given traces that were deleted in the last 24 h. */
  deletedTraces(scope: ProjectScope, traceIds: readonly string[]): Promise<ReadonlySet<string>>;
  pricing: Pick<ProjectPricing, 'of' | 'models'>;
  /** For large exports. */
  preparer: Preparer;
  /** Told of the rows once they are stored. */
  noteStored(scope: ProjectScope, rows: readonly StoredSpan[]): void;
  refusedBodies: RefusedBodies;
  /** Told once it is written. */
  onReceipt(receipt: ReceiptRow): void;
  now(): Micros;
}

/** What is said of a span once it is stored. */
export type StoredSpan = Pick<ObservationRow, 'kind' | 'id' | 'traceId' | 'timeAdjusted'>;

/** An export whose rows wait for nothing but to be stored. */
interface Prepared {
  spans: readonly StoredSpan[];
  rejected: Rejected;
  /** `kept`: those of `spans` whose trace was not deleted. */
  rows(kept: readonly StoredSpan[], deleted: ReadonlySet<string>): Pick<RowBlock, 'observations' | 'encoded'>;
}

export type OtlpDoor = ReturnType<typeof createOtlpDoor>;

/** The OTLP/HTTP trace door. Stages: inflate → decode → map → price → drop deleted traces → journal → answer. */
export function createOtlpDoor({
  journal,
  deletedTraces,
  pricing,
  preparer,
  noteStored,
  refusedBodies,
  onReceipt,
  now,
}: OtlpDoorNeeds) {
  async function prepare(
    scope: ProjectScope,
    { pieces, ...job }: Omit<PrepareJob, 'models'>,
    body: Uint8Array,
  ): Promise<Prepared> {
    const size = pieces.reduce((sum, { length }) => sum + length, 0);
    if (size < LARGE_BYTES) {
      const { rows, rejected } = decodeAndMap({ pieces, ...job });
      const { priceRow } = await pricing.of(scope, rows);
      return {
        spans: rows,
        rejected,
        rows: (kept) => ({ observations: (kept as readonly ObservationRow[]).map(priceRow) }),
      };
    }
    // The body as it came is still wanted should it be refused.
    const given = pieces[0] === body ? [new Uint8Array(body)] : pieces;
    const prepared = await preparer.prepare({ pieces: given, ...job, models: await pricing.models(scope) });
    const { ids, traceIds, traces, adjusted, rejected } = prepared;
    const isAdjusted = new Set(adjusted);
    const spans = ids.map((id, i): StoredSpan => {
      return { kind: 'observation', id, traceId: traceIds[traces[i]!]!, timeAdjusted: isAdjusted.has(i) };
    });
    return {
      spans,
      rejected,
      rows: (_kept, deleted) => ({ observations: [], encoded: rowsWithout(prepared, deleted) }),
    };
  }

  async function store(
    scope: ProjectScope,
    arrived: Arrival,
    headers: Headers,
    body: Uint8Array,
    reserve: (bytes: number) => void,
  ): Promise<Rejected> {
    const { projectId } = scope;
    const { publicKey, sdkName, sdkVersion } = arrived;
    const pieces = await inflate(body, headers['content-encoding'], reserve);
    const options = { projectId, publicKey, sdkName, sdkVersion, now: now() };
    const prepared = await prepare(scope, { pieces, isProtobuf: isProtobuf(headers), options }, body);
    const { spans, rejected } = prepared;
    const traceIds = [...new Set(spans.map(({ traceId }) => traceId))];
    // Nothing awaits from here to the append: a trace deleted in between would come back.
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
    await journal.append({ projectId, ...prepared.rows(kept, deleted), scores: [], ledger });
    if (kept.length > 0) noteStored(scope, kept);
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
        const rejected = await store(scope, arrived, headers, body, reserve);
        return answer(isProtobuf(headers), rejected, arrived.receiptId);
      } catch (error) {
        throw asApiError(error);
      }
    },
  };
}

type Rejected = MappedExport['rejected'];

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

function checkHeaders(headers: Headers): void {
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

const isProtobuf = (headers: Headers): boolean => (headers['content-type'] ?? '').includes('application/x-protobuf');

/** An ExportTraceServiceResponse in the form of the request (OTLP 1.9, "Partial Success"). */
function answer(protobuf: boolean, { count, message }: Rejected, receiptId: string): Answer<unknown> {
  const headers = { [RECEIPT_HEADER]: receiptId };
  if (protobuf) {
    const body = encodeExportResponse({ rejectedSpans: count, errorMessage: message });
    return new Answer(body, { headers: { ...headers, 'content-type': 'application/x-protobuf' } });
  }
  const body = count === 0 ? {} : { partialSuccess: { rejectedSpans: String(count), errorMessage: message } };
  return new Answer(body, { headers });
}

function asApiError(error: unknown): unknown {
  if (error instanceof BodyTooLargeError) return new TooLargeError(error.message);
  if (error instanceof BodyEncodingError || error instanceof OtlpParseError) {
    return new InvalidRequestError(error.message, { cause: error });
  }
  return error;
}

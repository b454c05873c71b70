import { RECEIPT_HEADER } from '@tracehouse/contract/x-receipts';
import { Answer } from '../../http/bind.ts';
import { InvalidRequestError, TooLargeError } from '../../http/errors.ts';
import type { ProjectScope } from '../../stores/scope.ts';
import { codeOfSpan } from '../ledger/codes.ts';
import { type Arrival, CLOCK_SKEW, DELETED_TRACE, Problems, receiptOf, type ReceiptRow } from '../ledger/receipt.ts';
import type { RefusedBodies } from '../ledger/refused-items.ts';
import type { Journal } from '../journal.ts';
import type { Micros, ObservationRow } from '../observation.ts';
import { BodyEncodingError, BodyTooLargeError, inflate } from './decompress.ts';
import { decodeJson } from './json.ts';
import { mapExport, type MappedExport } from './map.ts';
import { decodeProtobuf, encodeExportResponse } from './protobuf.ts';
import { type DecodedExport, OtlpParseError } from './span.ts';

/** The newest ingestion version we know (S1.1); a higher one may mean something we would store wrongly. */
const MAX_INGESTION_VERSION = 4;

type Headers = Readonly<Record<string, string | undefined>>;

export interface OtlpDoorNeeds {
  journal: Journal;
  /** Those of the given traces that were deleted in the last 24 h. */
  deletedTraces(scope: ProjectScope, traceIds: readonly string[]): Promise<ReadonlySet<string>>;
  price(row: ObservationRow): ObservationRow;
  /** Told of the rows once they are stored. */
  noteStored(scope: ProjectScope, rows: readonly ObservationRow[]): void;
  refusedBodies: RefusedBodies;
  /** Told once it is written. */
  onReceipt(receipt: ReceiptRow): void;
  now(): Micros;
}

export type OtlpDoor = ReturnType<typeof createOtlpDoor>;

/** The OTLP/HTTP trace door. Stages: inflate → decode → map → drop deleted traces → price → journal → answer. */
export function createOtlpDoor({
  journal,
  deletedTraces,
  price,
  noteStored,
  refusedBodies,
  onReceipt,
  now,
}: OtlpDoorNeeds) {
  async function store(scope: ProjectScope, arrived: Arrival, headers: Headers, body: Uint8Array): Promise<Rejected> {
    const decoded = decode(await inflate(body, headers['content-encoding']), isProtobuf(headers));
    const { projectId } = scope;
    const { publicKey, sdkName, sdkVersion } = arrived;
    const { rows, rejected } = mapExport(decoded, { projectId, publicKey, sdkName, sdkVersion, now: now() });
    const traceIds = [...new Set(rows.map(({ traceId }) => traceId))];
    const deleted = await deletedTraces(scope, [...traceIds, ...rejected.sent.traceIds]);
    const kept = deleted.size === 0 ? rows : rows.filter(({ traceId }) => !deleted.has(traceId));
    const receipt = receiptOf(projectId, arrived, {
      status: 200,
      stored: kept.length,
      rejected: rejected.count,
      acknowledgedOnly: rows.length - kept.length,
      ...problemsOf({ rows, rejected }, deleted),
      // Those of rows that are stored come first.
      traceIds: deleted.size === 0 ? traceIds : [...kept.map(({ traceId }) => traceId), ...traceIds],
    });
    const ledger = { receipt, refusedBody: refusedBodies(rejected.sent, receipt, deleted) };
    await journal.append({ projectId, observations: kept.map(price), scores: [], ledger });
    if (kept.length > 0) noteStored(scope, kept);
    onReceipt(receipt);
    return rejected;
  }

  return {
    /**
     * Resolves once the spans are stored. Refused spans are told in the answer's partial success; spans of a trace deleted
     * in the last 24 h are acknowledged and not stored.
     * @throws InvalidRequestError, TooLargeError, OverloadedError
     */
    async receive(scope: ProjectScope, arrived: Arrival, headers: Headers, body: Uint8Array): Promise<Answer<unknown>> {
      checkHeaders(headers);
      try {
        const rejected = await store(scope, arrived, headers, body);
        return answer(isProtobuf(headers), rejected, arrived.receiptId);
      } catch (error) {
        throw asApiError(error);
      }
    },
  };
}

type Rejected = MappedExport['rejected'];

function problemsOf(
  { rows, rejected }: MappedExport,
  deleted: ReadonlySet<string>,
): { adjusted: number; problems: Problems } {
  const problems = new Problems();
  for (const { reasons, spans, traceId, spanId } of rejected.named) {
    problems.add(codeOfSpan(reasons[0] ?? ''), reasons.join(', '), { itemId: spanId, traceId, count: spans });
  }
  let adjusted = 0;
  for (const { traceId, id, timeAdjusted } of rows) {
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

const decode = (body: Uint8Array, protobuf: boolean): DecodedExport => (protobuf ? decodeProtobuf : decodeJson)(body);

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

import { Answer } from '../../http/bind.ts';
import { InvalidRequestError, TooLargeError } from '../../http/errors.ts';
import type { ProjectScope } from '../../stores/scope.ts';
import { attribution } from '../attribution.ts';
import type { DoorLog } from '../door-log.ts';
import type { Journal } from '../journal.ts';
import type { Micros, ObservationRow } from '../observation.ts';
import { BodyEncodingError, BodyTooLargeError, inflate } from './decompress.ts';
import { decodeJson } from './json.ts';
import { mapExport } from './map.ts';
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
  doorLog: DoorLog;
  now(): Micros;
}

export type OtlpDoor = ReturnType<typeof createOtlpDoor>;

/** The OTLP/HTTP trace door. Stages: inflate → decode → map → drop deleted traces → price → journal → answer. */
export function createOtlpDoor({ journal, deletedTraces, price, noteStored, doorLog, now }: OtlpDoorNeeds) {
  async function store(scope: ProjectScope, publicKey: string, headers: Headers, body: Uint8Array): Promise<Stored> {
    const decoded = decode(await inflate(body, headers['content-encoding']), isProtobuf(headers));
    const { rows, rejected } = mapExport(decoded, {
      projectId: scope.projectId,
      publicKey,
      ...attribution(headers),
      now: now(),
    });
    const deleted = await deletedTraces(scope, [...new Set(rows.map(({ traceId }) => traceId))]);
    const kept = deleted.size === 0 ? rows : rows.filter(({ traceId }) => !deleted.has(traceId));
    if (kept.length > 0) {
      await journal.append({ projectId: scope.projectId, observations: kept.map(price), scores: [] });
      noteStored(scope, kept);
    }
    return { stored: kept.length, dropped: rows.length - kept.length, rejected, traceId: kept[0]?.traceId ?? null };
  }

  return {
    /**
     * Resolves once the spans are stored. Refused spans are told in the answer's partial success; spans of a trace deleted
     * in the last 24 h are acknowledged and not stored.
     * @throws InvalidRequestError, TooLargeError, OverloadedError
     */
    async receive(
      scope: ProjectScope,
      publicKey: string,
      headers: Headers,
      body: Uint8Array,
    ): Promise<Answer<unknown>> {
      const note = {
        door: 'OTLP' as const,
        publicKey,
        client: [headers['x-langfuse-sdk-name'], headers['x-langfuse-sdk-version']].filter(Boolean).join(' '),
      };
      try {
        checkHeaders(headers);
        const { stored, dropped, rejected, traceId } = await store(scope, publicKey, headers, body);
        const message = [rejected.message, dropped > 0 ? `${dropped} span(s) of a deleted trace were not stored` : '']
          .filter(Boolean)
          .join(' ');
        doorLog.note(scope, { ...note, status: 200, stored, refused: rejected.count, message, traceId });
        return answer(isProtobuf(headers), rejected);
      } catch (error) {
        const refusal = asApiError(error);
        const { status = 503, message } = refusal as { status?: number; message: string };
        doorLog.note(scope, { ...note, status, stored: 0, refused: 0, message, traceId: null });
        throw refusal;
      }
    },
  };
}

interface Stored {
  stored: number;
  dropped: number;
  rejected: { count: number; message: string };
  traceId: string | null;
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
function answer(protobuf: boolean, { count, message }: Stored['rejected']): Answer<unknown> {
  if (protobuf) {
    const body = encodeExportResponse({ rejectedSpans: count, errorMessage: message });
    return new Answer(body, { headers: { 'content-type': 'application/x-protobuf' } });
  }
  return new Answer(count === 0 ? {} : { partialSuccess: { rejectedSpans: String(count), errorMessage: message } });
}

function asApiError(error: unknown): unknown {
  if (error instanceof BodyTooLargeError) return new TooLargeError(error.message);
  if (error instanceof BodyEncodingError || error instanceof OtlpParseError) {
    return new InvalidRequestError(error.message, { cause: error });
  }
  return error;
}

import { keepRefused, type RefusedItems, refusedItems } from '../ledger/refused-items.ts';
import type { Micros } from '../observation.ts';

/**
 * What both encodings of OTLP decode to. Integers beyond 2^53 stay decimal text, bytes are base64 text, kvlists are objects
 * without a prototype (so a key `__proto__` is just a key).
 */
export type AttributeValue = string | number | boolean | null | AttributeValue[] | { [key: string]: AttributeValue };

/** A later value of the same key replaces the earlier one. */
export type Attributes = Map<string, AttributeValue>;

export interface DecodedEvent {
  name: string;
  time: Micros | null;
  attributes: Attributes;
}

export interface DecodedLink {
  traceId: string;
  spanId: string;
  attributes: Attributes;
}

export interface DecodedSpan {
  /** Lower hex when it came as bytes; verbatim when it came as JSON text. */
  traceId: string;
  spanId: string;
  /** Empty for a root. */
  parentSpanId: string;
  name: string;
  /** OTLP SpanKind: 0 unspecified, 1 internal, 2 server, 3 client, 4 producer, 5 consumer. */
  kind: number;
  /** Null when the sender left it out or sent 0. */
  startTime: Micros | null;
  /** Null for a span that has not ended. */
  endTime: Micros | null;
  attributes: Attributes;
  events: DecodedEvent[];
  links: DecodedLink[];
  /** OTLP status code: 0 unset, 1 ok, 2 error. */
  statusCode: number;
  statusMessage: string;
  flags: number;
  /** Attributes beyond the limit of a span, which were not kept. */
  droppedAttributes: number;
}

export interface DecodedScope {
  name: string;
  version: string;
  attributes: Attributes;
  spans: DecodedSpan[];
}

export interface DecodedResource {
  attributes: Attributes;
  scopes: DecodedScope[];
}

/** One ExportTraceServiceRequest: the spans that can be stored, and why the others cannot. */
export interface DecodedExport {
  resources: DecodedResource[];
  /** All spans of the request, refused ones included. */
  spanCount: number;
  rejections: Rejections;
}

/** Why spans were refused: `field:reason` → how many, and the scopes they came from. */
export interface Rejections {
  count: number;
  reasons: Map<string, number>;
  scopes: Set<string>;
  /** The first of them, for the ledger. */
  named: RejectedSpans[];
  sent: RefusedItems;
}

/** One refused span, or several that share a fault; ids as far as they could be read. */
export interface RejectedSpans {
  reasons: readonly string[];
  spans: number;
  traceId?: string | undefined;
  spanId?: string | undefined;
}

export const limits = {
  /** Ids are opaque text for a JSON client; the read API carries up to this many characters in a path. */
  idLength: 800,
  attributesPerSpan: 10_000,
  /** Spans of one request, refused ones included; a collector sends 8,192 at once. Those beyond are refused unread. */
  spansPerExport: 50_000,
  /** ResourceSpans and ScopeSpans of one request: empty ones cost two bytes each. More is no export that anybody sends. */
  groupsPerExport: 50_000,
  /** AnyValues of one request, those inside lists and maps included: an empty one costs two bytes and takes eight. */
  valuesPerExport: 5_000_000,
  eventsPerSpan: 10_000,
  /** Nesting of arrays and kvlists in one attribute. */
  depth: 100,
} as const;

/** The body is not an OTLP trace export at all; the caller answers 400. */
export class OtlpParseError extends Error {
  override name = 'OtlpParseError';
}

/** Thrown while one span is decoded, caught by the loop over spans: this span is refused, the others go on. */
export class RejectedSpanError extends Error {
  override name = 'RejectedSpanError';
  readonly reasons: readonly string[];
  /** Of the span, where they were read before it was refused. */
  ids: Pick<RejectedSpans, 'traceId' | 'spanId'> = {};
  constructor(...reasons: string[]) {
    // A request may have 50,000 of them, and where they were thrown is never read: with a stack that takes half a second.
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(reasons.join(', '));
    Error.stackTraceLimit = stackTraceLimit;
    this.reasons = reasons;
  }
}

/** `encoding`: how a refused span is kept. */
export const emptyExport = (encoding: RefusedItems['encoding']): DecodedExport => ({
  resources: [],
  spanCount: 0,
  rejections: { count: 0, reasons: new Map(), scopes: new Set(), named: [], sent: refusedItems(encoding) },
});

/** The reason of spans that were not read because the request has too many. */
export const TOO_MANY_SPANS = `spans:more than ${limits.spansPerExport} in one request`;
export const TOO_MANY_VALUES = `attributes:more than ${limits.valuesPerExport} values in one request`;

const REASONS_NAMED = 20; // a hostile body must not make the answer grow

/** As many as a receipt names. */
const SPANS_NAMED = 50;

/** Counts `spans` refused spans of a scope under each of `reasons`; `sent` reads one as it was sent. */
export function reject(
  into: DecodedExport,
  reasons: readonly string[],
  scope: string,
  {
    spans = 1,
    ids = {},
    sent,
  }: {
    spans?: number;
    ids?: Pick<RejectedSpans, 'traceId' | 'spanId'>;
    sent?: (maxLength: number) => string;
  } = {},
): void {
  const { rejections } = into;
  into.spanCount += spans;
  rejections.count += spans;
  for (const reason of reasons) {
    if (rejections.reasons.has(reason) || rejections.reasons.size < REASONS_NAMED) {
      rejections.reasons.set(reason, (rejections.reasons.get(reason) ?? 0) + spans);
    }
  }
  if (rejections.named.length < SPANS_NAMED) rejections.named.push({ reasons, spans, ...ids });
  if (sent) keepRefused(rejections.sent, ids.traceId, sent);
  if (rejections.scopes.size < REASONS_NAMED) rejections.scopes.add(scope.slice(0, 200) || 'unknown');
}

/**
 * The text of OTLP's `partial_success.error_message`: how many, why, what a span needs, and from which instrumentation scopes
 * they came. Empty when nothing was refused.
 */
export function rejectionMessage({ spanCount, rejections }: DecodedExport): string {
  if (rejections.count === 0) return '';
  const reasons = [...rejections.reasons].map(([reason, count]) => (count === 1 ? reason : `${reason} (${count})`));
  const stored = spanCount - rejections.count;
  return (
    `Invalid OTLP trace export: ${rejections.count} of ${spanCount} span(s) cannot be processed (${reasons.join(', ')}). ` +
    'traceId and spanId are required on every span, and each must be a string or a byte array. ' +
    `${stored === 0 ? 'No spans were' : `The other ${stored} span(s) were`} ingested. ` +
    `Instrumentation scopes: ${[...rejections.scopes].join(', ')}. ` +
    'This endpoint accepts OpenTelemetry traces only; if you are exporting OpenTelemetry logs, point your log exporter at /v1/logs.'
  );
}

const ZEROS = /^0+$/;

/** OTLP: an id of zeros is no id. @throws RejectedSpanError */
export function checkIds(traceId: string | undefined, spanId: string | undefined): void {
  const problems = [...idProblems('traceId', traceId), ...idProblems('spanId', spanId)];
  if (problems.length === 0) return;
  const error = new RejectedSpanError(...problems);
  error.ids = { traceId, spanId };
  throw error;
}

function idProblems(field: string, id: string | undefined): string[] {
  if (id === undefined || id === '') return [`${field}:absent`];
  if (id.length > limits.idLength) return [`${field}:longer than ${limits.idLength} characters`];
  return id.charCodeAt(0) === 48 && ZEROS.test(id) ? [`${field}:all zeros`] : [];
}

/** A parent of zeros is how some exporters write "root". */
export const parentOrRoot = (id: string): string => (id.charCodeAt(0) === 48 && ZEROS.test(id) ? '' : id);

// The hot path's first stage. One pass over the bytes, no schema library: the wire format is walked by field number and
// unknown fields are skipped. Attribute keys are interned (they repeat in every span), so a later look-up in a Map finds a
// string whose hash is known. Field numbers: opentelemetry-proto v1.10, trace/v1/trace.proto and common/v1/common.proto.
import {
  checkIds,
  emptyExport,
  limits,
  OtlpParseError,
  parentOrRoot,
  reject,
  RejectedSpanError,
  TOO_MANY_SPANS,
  TOO_MANY_VALUES,
  type Attributes,
  type AttributeValue,
  type DecodedEvent,
  type DecodedExport,
  type DecodedLink,
  type DecodedResource,
  type DecodedScope,
  type DecodedSpan,
} from './span.ts';

/**
 * Decodes an ExportTraceServiceRequest. Spans that cannot be stored are counted in `rejections`; a group or a span whose own
 * bytes are spoilt costs only what is in it, for its length says where the next one begins.
 * @throws OtlpParseError when the bytes are not protobuf, or nothing in them could be read.
 */
export function decodeProtobuf(body: Uint8Array): DecodedExport {
  const reader = new Reader(body);
  const decoded = emptyExport('base64');
  reader.message(body.length, (field, wire) => {
    if (field !== 1 || wire !== LENGTH) return false;
    const resource = readResourceSpans(reader, reader.end(), decoded);
    if (resource.scopes.length > 0) decoded.resources.push(resource);
    return true;
  });
  if (reader.hasMalformed && decoded.rejections.count === decoded.spanCount) throw malformed();
  return decoded;
}

/** Encodes an ExportTraceServiceResponse; no bytes at all when there is nothing to say, which is what OTLP asks for. */
export function encodeExportResponse(partial: { rejectedSpans: number; errorMessage: string }): Uint8Array {
  if (partial.rejectedSpans === 0 && partial.errorMessage === '') return new Uint8Array(0);
  const message = Buffer.from(partial.errorMessage, 'utf8');
  const inner: number[] = [];
  if (partial.rejectedSpans > 0) inner.push(0x08, ...varint(partial.rejectedSpans));
  if (message.length > 0) inner.push(0x12, ...varint(message.length));
  const head = [0x0a, ...varint(inner.length + message.length), ...inner];
  return Buffer.concat([Uint8Array.from(head), message]);
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 127) {
    bytes.push((rest % 128) | 128);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
  return bytes;
}

function readResourceSpans(reader: Reader, end: number, decoded: DecodedExport): DecodedResource {
  const resource: DecodedResource = { attributes: new Map(), scopes: [] };
  reader.countGroup();
  let refusal: RejectedSpanError | null = null;
  const problem = readGroup(reader, end, () =>
    reader.message(end, (field, wire) => {
      if (wire !== LENGTH) return false;
      if (field === 1) {
        const resourceEnd = reader.end();
        refusal ??= readGroup(reader, resourceEnd, () => readAttributes(reader, resourceEnd, 1, resource.attributes));
        return true;
      }
      if (field !== 2) return false;
      const scope = readScopeSpans(reader, reader.end(), decoded);
      if (scope.spans.length > 0) resource.scopes.push(scope);
      return true;
    }),
  );
  if (problem) reject(decoded, problem.reasons, '');
  if (refusal) refuseAll(resource.scopes.splice(0), refusal, decoded);
  return resource;
}

function readScopeSpans(reader: Reader, end: number, decoded: DecodedExport): DecodedScope {
  const scope: DecodedScope = { name: '', version: '', attributes: new Map(), spans: [] };
  reader.countGroup();
  const refused: { problem: RejectedSpanError; start: number; end: number }[] = [];
  let refusal: RejectedSpanError | null = null;
  let unread = 0;
  const problem = readGroup(reader, end, () =>
    reader.message(end, (field, wire) => {
      if (wire !== LENGTH) return false;
      if (field === 1) {
        const scopeEnd = reader.end();
        refusal ??= readGroup(reader, scopeEnd, () => readScope(reader, scopeEnd, scope));
        return true;
      }
      if (field !== 2) return false;
      const spanEnd = reader.end();
      if (decoded.spanCount + refused.length >= limits.spansPerExport) {
        unread += 1;
        reader.at = spanEnd;
        return true;
      }
      const start = reader.at;
      const spanProblem = readGroup(reader, spanEnd, () => {
        scope.spans.push(readSpan(reader, spanEnd));
        decoded.spanCount += 1;
      });
      if (spanProblem) refused.push({ problem: spanProblem, start, end: spanEnd });
      return true;
    }),
  );
  if (problem) refused.push({ problem, start: end, end });
  // After the loop: the scope's name may stand behind its spans.
  for (const { problem: refusedSpan, start, end: spanEnd } of refused) {
    const { reasons, ids } = refusedSpan;
    const sent = (maxLength: number) => reader.base64At(start, Math.min(spanEnd, start + maxLength));
    reject(decoded, reasons, scope.name, { ids, ...(start < spanEnd && { sent }) });
  }
  if (unread > 0) reject(decoded, [TOO_MANY_SPANS], scope.name, { spans: unread });
  if (refusal) refuseAll([{ ...scope, spans: scope.spans.splice(0) }], refusal, decoded);
  return scope;
}

/** Runs `read`; what is wrong with these bytes alone is answered, and reading goes on behind them. */
function readGroup(reader: Reader, end: number, read: () => void): RejectedSpanError | null {
  try {
    read();
    return null;
  } catch (error) {
    reader.at = end;
    if (error instanceof RejectedSpanError) return error;
    if (!(error instanceof OtlpParseError) || reader.groups > limits.groupsPerExport) throw error;
    reader.hasMalformed = true;
    return new RejectedSpanError('span:malformed');
  }
}

/** Spans that were read and cannot be stored after all: what they share was refused. */
function refuseAll(scopes: readonly DecodedScope[], { reasons }: RejectedSpanError, decoded: DecodedExport): void {
  for (const { name, spans } of scopes) {
    decoded.spanCount -= spans.length;
    for (const { traceId, spanId } of spans) reject(decoded, reasons, name, { ids: { traceId, spanId } });
  }
}

/** The attributes of a resource. */
export function readAttributes(reader: Reader, end: number, number: number, into: Attributes): void {
  reader.message(end, (field, wire) => {
    if (field !== number || wire !== LENGTH) return false;
    readBoundedKeyValue(reader, reader.end(), into);
    return true;
  });
}

/** Beyond the limit attributes are not kept. */
export function readBoundedKeyValue(reader: Reader, end: number, into: Attributes): void {
  if (into.size < limits.attributesPerSpan) readKeyValue(reader, end, into);
  else reader.at = end;
}

function readScope(reader: Reader, end: number, scope: DecodedScope): void {
  reader.message(end, (field, wire) => {
    if (wire !== LENGTH) return false;
    if (field === 1) scope.name = reader.text();
    else if (field === 2) scope.version = reader.text();
    else if (field === 3) readBoundedKeyValue(reader, reader.end(), scope.attributes);
    else return false;
    return true;
  });
}

function readSpan(reader: Reader, end: number): DecodedSpan {
  const span: DecodedSpan = {
    traceId: '',
    spanId: '',
    parentSpanId: '',
    name: '',
    kind: 0,
    startTime: null,
    endTime: null,
    attributes: new Map(),
    events: [],
    links: [],
    statusCode: 0,
    statusMessage: '',
    flags: 0,
    droppedAttributes: 0,
  };
  // Written out instead of reader.message(): this loop runs for every field of every span.
  while (reader.at < end) {
    const tag = reader.varint();
    const wire = tag & 7;
    const field = tag >>> 3;
    if (wire === LENGTH) {
      if (field === 9) readSpanAttribute(reader, reader.end(), span);
      else if (field === 1) span.traceId = reader.hex();
      else if (field === 2) span.spanId = reader.hex();
      else if (field === 4) span.parentSpanId = parentOrRoot(reader.hex());
      else if (field === 5) span.name = reader.text();
      else if (field === 11) readEvent(reader, reader.end(), span);
      else if (field === 13) readLink(reader, reader.end(), span);
      else if (field === 15) readStatus(reader, reader.end(), span);
      else reader.skip(wire);
    } else if (wire === FIXED64 && field === 7) span.startTime = reader.nanosAsMicros();
    else if (wire === FIXED64 && field === 8) span.endTime = reader.nanosAsMicros();
    else if (wire === VARINT && field === 6) span.kind = reader.varint();
    else if (wire === FIXED32 && field === 16) span.flags = reader.fixed32();
    else reader.skip(wire);
  }
  reader.mustBeAt(end);
  checkIds(span.traceId, span.spanId);
  return span;
}

function readSpanAttribute(reader: Reader, end: number, span: DecodedSpan): void {
  if (span.attributes.size >= limits.attributesPerSpan) {
    span.droppedAttributes += 1;
    reader.at = end;
    return;
  }
  readKeyValue(reader, end, span.attributes);
}

function readEvent(reader: Reader, end: number, span: DecodedSpan): void {
  const event: DecodedEvent = { name: '', time: null, attributes: new Map() };
  reader.message(end, (field, wire) => {
    if (wire === FIXED64 && field === 1) event.time = reader.nanosAsMicros();
    else if (wire === LENGTH && field === 2) event.name = reader.text();
    else if (wire === LENGTH && field === 3 && event.attributes.size < limits.attributesPerSpan)
      readKeyValue(reader, reader.end(), event.attributes);
    else return false;
    return true;
  });
  if (span.events.length < limits.eventsPerSpan) span.events.push(event);
}

function readLink(reader: Reader, end: number, span: DecodedSpan): void {
  const link: DecodedLink = { traceId: '', spanId: '', attributes: new Map() };
  reader.message(end, (field, wire) => {
    if (wire !== LENGTH) return false;
    if (field === 1) link.traceId = reader.hex();
    else if (field === 2) link.spanId = reader.hex();
    else if (field === 4 && link.attributes.size < limits.attributesPerSpan)
      readKeyValue(reader, reader.end(), link.attributes);
    else return false;
    return true;
  });
  if (span.links.length < limits.eventsPerSpan) span.links.push(link);
}

function readStatus(reader: Reader, end: number, span: DecodedSpan): void {
  reader.message(end, (field, wire) => {
    if (wire === LENGTH && field === 2) span.statusMessage = reader.text();
    else if (wire === VARINT && field === 3) span.statusCode = reader.varint();
    else return false;
    return true;
  });
}

function readKeyValue(reader: Reader, end: number, into: Attributes): void {
  let key = '';
  let value: AttributeValue = null;
  while (reader.at < end) {
    const tag = reader.varint();
    if (tag === 0x0a) key = reader.key();
    else if (tag === 0x12) value = readAnyValue(reader, reader.end(), 1);
    else reader.skip(tag & 7);
  }
  reader.mustBeAt(end);
  into.set(key, value);
}

export function readAnyValue(reader: Reader, end: number, depth: number): AttributeValue {
  if (depth > limits.depth) throw new RejectedSpanError(`attributes:nested deeper than ${limits.depth}`);
  if ((reader.values += 1) > limits.valuesPerExport) throw new RejectedSpanError(TOO_MANY_VALUES);
  let value: AttributeValue = null;
  while (reader.at < end) {
    const tag = reader.varint();
    if (tag === 0x0a) value = reader.text();
    else if (tag === 0x10) value = reader.varint() !== 0;
    else if (tag === 0x18) value = reader.int64();
    else if (tag === 0x21) value = reader.double();
    else if (tag === 0x2a) value = readArray(reader, reader.end(), depth);
    else if (tag === 0x32) value = readKvlist(reader, reader.end(), depth);
    else if (tag === 0x3a) value = reader.base64();
    else reader.skip(tag & 7);
  }
  reader.mustBeAt(end);
  return value;
}

function readArray(reader: Reader, end: number, depth: number): AttributeValue[] {
  const values: AttributeValue[] = [];
  reader.message(end, (field, wire) => {
    if (field !== 1 || wire !== LENGTH) return false;
    values.push(readAnyValue(reader, reader.end(), depth + 1));
    return true;
  });
  return values;
}

function readKvlist(reader: Reader, end: number, depth: number): AttributeValue {
  const object = Object.create(null) as Record<string, AttributeValue>;
  reader.message(end, (field, wire) => {
    if (field !== 1 || wire !== LENGTH) return false;
    const entryEnd = reader.end();
    let key = '';
    let value: AttributeValue = null;
    reader.message(entryEnd, (inner, innerWire) => {
      if (innerWire !== LENGTH) return false;
      if (inner === 1) key = reader.key();
      else if (inner === 2) value = readAnyValue(reader, reader.end(), depth + 1);
      else return false;
      return true;
    });
    object[key] = value;
    return true;
  });
  return object;
}

const VARINT = 0;
/** Wire types. */
export const FIXED64 = 1;
export const LENGTH = 2;
const FIXED32 = 5;

const INTERNED = 4096; // slots; a collision replaces, so hostile keys cannot grow it
const INTERNED_LENGTH = 64;
const internedText: (string | undefined)[] = Array.from({ length: INTERNED });
const internedBytes: (Buffer | undefined)[] = Array.from({ length: INTERNED });

/** Of OTLP's messages: what is read is behind it, and lengths say where a part ends. */
export class Reader {
  readonly bytes: Buffer;
  at = 0;
  /** ResourceSpans and ScopeSpans so far. */
  groups = 0;
  /** AnyValues so far. */
  values = 0;
  /** Whether something inside was not what its length promised. */
  hasMalformed = false;

  constructor(body: Uint8Array) {
    this.bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  }

  /** @throws OtlpParseError when the request has too many of them */
  countGroup(): void {
    if ((this.groups += 1) > limits.groupsPerExport) throw malformed();
  }

  /** Walks the fields up to `end`; `read` answers false for a field it did not consume, which is then skipped. */
  message(end: number, read: (field: number, wire: number) => boolean): void {
    while (this.at < end) {
      const tag = this.varint();
      if (tag < 8) throw malformed(); // field number 0
      if (!read(tag >>> 3, tag & 7)) this.skip(tag & 7);
    }
    this.mustBeAt(end);
  }

  mustBeAt(end: number): void {
    if (this.at !== end) throw malformed();
  }

  /** Unsigned; a value above 2^53 (a negative int64) loses its low digits, use int64() where that matters. */
  varint(): number {
    const { bytes } = this;
    let byte = bytes[this.at++];
    if (byte === undefined) throw malformed();
    if (byte < 128) return byte;
    let value = byte & 127;
    let scale = 128;
    for (let i = 0; i < 9; i += 1) {
      byte = bytes[this.at++];
      if (byte === undefined) throw malformed();
      value += (byte & 127) * scale;
      if (byte < 128) return value;
      scale *= 128;
    }
    throw malformed();
  }

  int64(): number | string {
    const start = this.at;
    const value = this.varint();
    if (value <= Number.MAX_SAFE_INTEGER) return value;
    let exact = 0n;
    for (let i = start, shift = 0n; i < this.at; i += 1, shift += 7n) exact |= BigInt(this.bytes[i]! & 127) << shift;
    const signed = BigInt.asIntN(64, exact);
    return signed >= BigInt(Number.MIN_SAFE_INTEGER) && signed <= BigInt(Number.MAX_SAFE_INTEGER)
      ? Number(signed)
      : signed.toString();
  }

  /** Reads a length and answers where the field ends. */
  end(): number {
    const end = this.varint() + this.at;
    if (end > this.bytes.length) throw malformed();
    return end;
  }

  text(): string {
    const end = this.end();
    const start = this.at;
    this.at = end;
    return start === end ? '' : this.bytes.toString('utf8', start, end);
  }

  hex(): string {
    const end = this.end();
    const start = this.at;
    this.at = end;
    return this.bytes.toString('hex', start, end);
  }

  base64(): string {
    const end = this.end();
    const start = this.at;
    this.at = end;
    return this.base64At(start, end);
  }

  base64At(start: number, end: number): string {
    return this.bytes.toString('base64', start, end);
  }

  /** An attribute key: the same few hundred for ever, so the same string object each time. */
  key(): string {
    const end = this.end();
    const start = this.at;
    this.at = end;
    const length = end - start;
    const { bytes } = this;
    if (length > INTERNED_LENGTH) return bytes.toString('utf8', start, end);
    let hash = length;
    for (let i = start; i < end; i += 1) hash = (Math.imul(hash, 31) + bytes[i]!) | 0;
    const slot = (hash ^ (hash >>> 12)) & (INTERNED - 1);
    const known = internedBytes[slot];
    if (known !== undefined && known.length === length && sameBytes(known, bytes, start)) return internedText[slot]!;
    const text = bytes.toString('utf8', start, end);
    internedBytes[slot] = Buffer.from(bytes.subarray(start, end));
    internedText[slot] = text;
    return text;
  }

  fixed32(): number {
    const { at } = this;
    if (at + 4 > this.bytes.length) throw malformed();
    this.at = at + 4;
    return this.bytes.readUInt32LE(at);
  }

  double(): number {
    const { at } = this;
    if (at + 8 > this.bytes.length) throw malformed();
    this.at = at + 8;
    return this.bytes.readDoubleLE(at);
  }

  /** Null for 0: OTLP says "unknown" that way. Exact: 2^32 ns are 4,294,967 us and 296 ns. */
  nanosAsMicros(): number | null {
    const low = this.fixed32();
    const high = this.fixed32();
    return high === 0 && low === 0 ? null : high * 4_294_967 + Math.floor((high * 296 + low) / 1000);
  }

  fixed64(): bigint {
    const { at } = this;
    if (at + 8 > this.bytes.length) throw malformed();
    this.at = at + 8;
    return this.bytes.readBigUInt64LE(at);
  }

  /** Whether a text occurs in these bytes. */
  holds(text: string, start: number, end: number): boolean {
    return this.bytes.subarray(start, end).includes(text);
  }

  skip(wire: number): void {
    if (wire === VARINT) this.varint();
    else if (wire === FIXED64) this.at += 8;
    else if (wire === LENGTH) this.at = this.end();
    else if (wire === FIXED32) this.at += 4;
    else throw malformed();
    if (this.at > this.bytes.length) throw malformed();
  }
}

function sameBytes(known: Buffer, bytes: Buffer, start: number): boolean {
  for (let i = 0; i < known.length; i += 1) if (known[i] !== bytes[start + i]) return false;
  return true;
}

const malformed = (): OtlpParseError => new OtlpParseError('Failed to parse OTel Protobuf Trace');

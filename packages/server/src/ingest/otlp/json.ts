// OTLP/JSON as clients really send it: the standard says hex ids, decimal text for 64-bit integers and base64 bytes; JavaScript
// exporters send integers as numbers, older ones ids as byte arrays or serialized Buffers and times as {low, high}.
import { parseJson } from '../../http/json-body.ts';
import { jsonText } from '../ledger/refused-items.ts';
import type { Micros } from '../observation.ts';
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
  type DecodedExport,
  type DecodedScope,
  type DecodedSpan,
} from './span.ts';

type Json = Record<string, unknown>;

/**
 * Decodes an ExportTraceServiceRequest in JSON. Spans that cannot be stored are counted in `rejections`; a body without
 * `resourceSpans` is an empty export.
 * @throws OtlpParseError when the body is not JSON.
 */
export function decodeJson(body: Uint8Array): DecodedExport {
  const decoded = emptyExport('text');
  const request = parse(body);
  if (request['resourceSpans'] === undefined || request['resourceSpans'] === null) return decoded;
  const budget: Budget = { groups: 0, values: 0 };
  for (const resourceSpans of listOr(request['resourceSpans'], 'resourceSpans', '', decoded)) {
    const { resource, scopeSpans } = asObject(resourceSpans);
    countGroup(budget);
    const attributes: Attributes = new Map();
    try {
      readAttributes(asObject(resource)['attributes'], attributes, budget);
    } catch (error) {
      rejectAll(scopeSpans, error, decoded);
      continue;
    }
    const scopes = listOr(scopeSpans, 'scopeSpans', '', decoded)
      .map((each) => readScopeSpans(asObject(each), decoded, budget))
      .filter(({ spans }) => spans.length > 0);
    if (scopes.length > 0) decoded.resources.push({ attributes, scopes });
  }
  return decoded;
}

/** What one request has used of the limits that count over all of it. */
export interface Budget {
  groups: number;
  values: number;
}

/** @throws OtlpParseError when the request has too many of them */
export function countGroup(budget: Budget): void {
  if ((budget.groups += 1) > limits.groupsPerExport) throw new OtlpParseError('Failed to parse OTel JSON Trace');
}

/** @throws OtlpParseError */
export function parse(body: Uint8Array): Json {
  const parsed = readJson(body);
  if (typeof parsed !== 'object' || parsed === null) throw new OtlpParseError('Failed to parse OTel JSON Trace');
  return parsed as Json;
}

function readJson(body: Uint8Array): unknown {
  try {
    return parseJson(body);
  } catch (cause) {
    throw new OtlpParseError('Failed to parse OTel JSON Trace', { cause });
  }
}

function readScopeSpans(scopeSpans: Json, decoded: DecodedExport, budget: Budget): DecodedScope {
  countGroup(budget);
  const given = asObject(scopeSpans['scope']);
  const scope: DecodedScope = {
    name: asText(given['name']),
    version: asText(given['version']),
    attributes: new Map(),
    spans: [],
  };
  try {
    readAttributes(given['attributes'], scope.attributes, budget);
  } catch (error) {
    rejectSpans(scopeSpans['spans'], error, scope.name, decoded);
    return scope;
  }
  const spans = listOr(scopeSpans['spans'], 'spans', scope.name, decoded);
  const readable = Math.max(0, limits.spansPerExport - decoded.spanCount);
  if (spans.length > readable) reject(decoded, [TOO_MANY_SPANS], scope.name, { spans: spans.length - readable });
  for (const span of spans.slice(0, readable)) {
    try {
      scope.spans.push(readSpan(asObject(span), budget));
      decoded.spanCount += 1;
    } catch (error) {
      if (!(error instanceof RejectedSpanError)) throw error;
      reject(decoded, error.reasons, scope.name, { ids: idsOf(span), sent: () => jsonText(span) });
    }
  }
  return scope;
}

function readSpan(given: Json, budget: Budget): DecodedSpan {
  const traceId = readId(given['traceId'], 'traceId');
  const spanId = readId(given['spanId'], 'spanId');
  checkIds(traceId, spanId);
  const status = asObject(given['status']);
  const span: DecodedSpan = {
    traceId: traceId!,
    spanId: spanId!,
    parentSpanId: parentOrRoot(readId(given['parentSpanId'], 'parentSpanId') ?? ''),
    name: asText(given['name']),
    kind: asCode(given['kind'], 'SPAN_KIND_', kinds),
    startTime: readTime(given['startTimeUnixNano']),
    endTime: readTime(given['endTimeUnixNano']),
    attributes: new Map(),
    events: [],
    links: [],
    statusCode: asCode(status['code'], 'STATUS_CODE_', statusCodes),
    statusMessage: asText(status['message']),
    flags: typeof given['flags'] === 'number' ? given['flags'] : 0,
    droppedAttributes: 0,
  };
  span.droppedAttributes = readAttributes(given['attributes'], span.attributes, budget);
  for (const event of list(given['events'], 'events').slice(0, limits.eventsPerSpan)) {
    const { name, timeUnixNano, attributes } = asObject(event);
    const read: Attributes = new Map();
    readAttributes(attributes, read, budget, 'events.attributes');
    span.events.push({ name: asText(name), time: readTime(timeUnixNano), attributes: read });
  }
  for (const link of Array.isArray(given['links']) ? given['links'].slice(0, limits.eventsPerSpan) : []) {
    const { traceId: linkTrace, spanId: linkSpan, attributes } = asObject(link);
    const read: Attributes = new Map();
    if (Array.isArray(attributes)) readAttributes(attributes, read, budget);
    span.links.push({
      traceId: readId(linkTrace, 'links') ?? '',
      spanId: readId(linkSpan, 'links') ?? '',
      attributes: read,
    });
  }
  return span;
}

/** Answers how many were beyond the limit. @throws RejectedSpanError when it is not an array. */
export function readAttributes(given: unknown, into: Attributes, budget: Budget, field = 'attributes'): number {
  const pairs = list(given, field);
  let dropped = 0;
  for (const pair of pairs) {
    const { key, value } = asObject(pair);
    if (typeof key !== 'string') continue;
    if (into.size >= limits.attributesPerSpan) dropped += 1;
    else into.set(key, readAnyValue(value, 1, budget));
  }
  return dropped;
}

export function readAnyValue(given: unknown, depth: number, budget: Budget): AttributeValue {
  if (depth > limits.depth) throw new RejectedSpanError(`attributes:nested deeper than ${limits.depth}`);
  if ((budget.values += 1) > limits.valuesPerExport) throw new RejectedSpanError(TOO_MANY_VALUES);
  const value = asObject(given);
  if ('stringValue' in value) return asText(value['stringValue']);
  if ('intValue' in value) return readInt(value['intValue']);
  if ('doubleValue' in value) return readDouble(value['doubleValue']);
  if ('boolValue' in value) return value['boolValue'] === true || value['boolValue'] === 'true';
  if ('arrayValue' in value) {
    const { values } = asObject(value['arrayValue']);
    return Array.isArray(values) ? values.map((each) => readAnyValue(each, depth + 1, budget)) : [];
  }
  if ('kvlistValue' in value) {
    const { values } = asObject(value['kvlistValue']);
    const object = Object.create(null) as Record<string, AttributeValue>;
    for (const pair of Array.isArray(values) ? values : []) {
      const entry = asObject(pair);
      if (typeof entry['key'] === 'string') object[entry['key']] = readAnyValue(entry['value'], depth + 1, budget);
    }
    return object;
  }
  if ('bytesValue' in value) {
    const bytes = value['bytesValue'];
    return typeof bytes === 'string' ? bytes : (asBytes(bytes)?.toString('base64') ?? null);
  }
  return null;
}

function readInt(given: unknown): AttributeValue {
  if (typeof given === 'number') return given;
  if (typeof given === 'string') {
    const value = Number(given);
    return Number.isSafeInteger(value) && given.trim() !== '' ? value : given;
  }
  const wide = asWide(given);
  if (wide === null) return null;
  const signed = BigInt.asIntN(64, wide);
  return Number.isSafeInteger(Number(signed)) ? Number(signed) : signed.toString();
}

/** `"NaN"` and `"Infinity"` stay text, as upstream keeps them. */
function readDouble(given: unknown): AttributeValue {
  if (typeof given === 'number') return given;
  if (typeof given !== 'string') return null;
  const value = Number(given);
  return Number.isFinite(value) && given.trim() !== '' ? value : given;
}

/** Nanoseconds as decimal text, number or {low, high} → microseconds. Null for 0, absent or unreadable. */
function readTime(given: unknown): Micros | null {
  if (typeof given === 'string') {
    if (!/^\d{1,20}$/.test(given)) return null;
    return Number(given.slice(0, -3)) || null;
  }
  if (typeof given === 'number') return Number.isFinite(given) && given > 0 ? Math.floor(given / 1000) : null;
  const wide = asWide(given);
  return wide === null ? null : Number(wide / 1000n) || null;
}

/** Of a refused span, as far as they are text. */
function idsOf(span: unknown): { traceId?: string; spanId?: string } {
  const { traceId, spanId } = asObject(span);
  return { ...(typeof traceId === 'string' && { traceId }), ...(typeof spanId === 'string' && { spanId }) };
}

/** @throws RejectedSpanError for something that is neither text nor bytes. */
export function readId(given: unknown, field: string): string | undefined {
  if (given === undefined || given === null) return undefined;
  if (typeof given === 'string') return given;
  const bytes = asBytes(given);
  if (bytes === null) throw new RejectedSpanError(`${field}:${Array.isArray(given) ? 'array' : typeof given}`);
  return bytes.toString('hex');
}

/** A byte array, `{type: 'Buffer', data: [...]}`, `{data: [...]}`, or an array written as an object `{"0": 1, …}`. */
function asBytes(given: unknown): Buffer | null {
  if (Array.isArray(given)) return isBytes(given) ? Buffer.from(given) : null;
  if (typeof given !== 'object' || given === null) return null;
  const { data } = given as Json;
  if (data !== undefined) return Array.isArray(data) || typeof data === 'object' ? asBytes(data) : null;
  const values = Object.values(given);
  return values.length > 0 && isBytes(values) ? Buffer.from(values) : null;
}

const isBytes = (values: unknown[]): values is number[] =>
  values.every((value) => typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 255);

function asWide(given: unknown): bigint | null {
  const { low, high } = asObject(given);
  if (typeof low !== 'number' || typeof high !== 'number') return null;
  return (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
}

/** Nothing is an empty one. @throws RejectedSpanError for what is none */
export function list(given: unknown, field: string): unknown[] {
  if (given === undefined || given === null) return [];
  if (!Array.isArray(given)) throw new RejectedSpanError(`${field}:not an array`);
  return given;
}

/** Like list(), but what cannot be read counts as one refused span: how many it held nobody can know. */
function listOr(given: unknown, field: string, scope: string, decoded: DecodedExport): unknown[] {
  if (given === undefined || given === null || Array.isArray(given)) return given ?? [];
  reject(decoded, [`${field}:not an array`], scope);
  return [];
}

function rejectAll(scopeSpans: unknown, error: unknown, decoded: DecodedExport): void {
  for (const each of listOr(scopeSpans, 'scopeSpans', '', decoded)) {
    const { scope, spans } = asObject(each);
    rejectSpans(spans, error, asText(asObject(scope)['name']), decoded);
  }
}

function rejectSpans(spans: unknown, error: unknown, scope: string, decoded: DecodedExport): void {
  if (!(error instanceof RejectedSpanError)) throw error;
  const count = listOr(spans, 'spans', scope, decoded).length;
  if (count > 0) reject(decoded, error.reasons, scope, { spans: count });
}

const NOTHING: Json = Object.freeze({});
export const asObject = (given: unknown): Json =>
  typeof given === 'object' && given !== null ? (given as Json) : NOTHING;
/** A list or an object is no text: its `toString` may be anything, and may not return. */
export const asText = (given: unknown): string =>
  typeof given === 'string' ? given : given === null || typeof given === 'object' ? '' : String(given ?? '');

const kinds = ['UNSPECIFIED', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'];
const statusCodes = ['UNSET', 'OK', 'ERROR'];

/** Enums are numbers in OTLP/JSON; proto3 JSON writes their names. */
function asCode(given: unknown, prefix: string, names: string[]): number {
  if (typeof given === 'number') return given;
  return typeof given === 'string' && given.startsWith(prefix)
    ? Math.max(0, names.indexOf(given.slice(prefix.length)))
    : 0;
}

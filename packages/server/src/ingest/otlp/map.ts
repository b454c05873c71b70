// The hot path's second stage: decoded spans → rows. The tables of ../conventions say what an attribute means; here stands what
// is true of every span. Stages for one: times → rules → payload and tools → usage → leftovers → row.
import { readResource, readSpan, type Reading, type ResourceReading } from '../conventions/apply.ts';
import type { MetadataEntries, SpanContext } from '../conventions/convention.ts';
import { providerOfModel } from '../conventions/provider.ts';
import { toText } from '../conventions/readers.ts';
import { describeTools, toDefinitions, toolCallsOf, toolsOfInput, withTools } from '../conventions/tools.ts';
import { makeDisjoint, withTotal } from '../conventions/usage.ts';
import { normalizeEnvironment } from '../environment.ts';
import type { RefusedItems } from '../ledger/refused-items.ts';
import { emptyRow, type Level, type Micros, type ObservationRow } from '../observation.ts';
import {
  type RejectedSpans,
  rejectionMessage,
  type Attributes,
  type DecodedEvent,
  type DecodedExport,
  type DecodedResource,
  type DecodedScope,
  type DecodedSpan,
} from './span.ts';

export interface MapOptions {
  projectId: string;
  publicKey: string;
  /** From the request's headers. */
  sdkName: string;
  sdkVersion: string;
  /** Receipt. */
  now: Micros;
}

export interface MappedExport {
  rows: ObservationRow[];
  /** What goes into the partial success of the answer; count 0 and an empty message when all spans were taken. */
  rejected: { count: number; message: string; named: readonly RejectedSpans[]; sent: RefusedItems };
}

const SECOND = 1_000_000;
const DAY = 86_400 * SECOND;
const YEAR = 365.25 * DAY;

/** Times outside are a broken clock, and would land in partitions of their own. */
const OLDEST = 5 * YEAR;
const NEWEST = DAY;

/**
 * The version of an unfinished span lies this far below its receipt, so that the ended span of the same id wins whichever of
 * the two comes first. Still above nothing: a row of the JSON door takes max(previous + 1, now).
 */
const UNFINISHED = 10 * YEAR;

/** Rows of an export, unpriced: `usage` holds disjoint buckets and a total, cost only what the client stated. */
export function mapExport(decoded: DecodedExport, options: MapOptions): MappedExport {
  const rows: ObservationRow[] = [];
  for (const resource of decoded.resources) mapResource(resource, options, rows);
  const { count, named, sent } = decoded.rejections;
  return { rows, rejected: { count, message: rejectionMessage(decoded), named, sent } };
}

function mapResource(resource: DecodedResource, options: MapOptions, rows: ObservationRow[]): void {
  const resourceAttributes = toTexts(resource.attributes);
  let said: ResourceReading | undefined;
  for (const scope of resource.scopes) {
    const scopeAttributes = scope.attributes.size > 0 ? JSON.stringify(Object.fromEntries(scope.attributes)) : '';
    for (const span of scope.spans) {
      const times = readTimes(span, options.now);
      const context = toContext(span, scope, resource, times.given);
      said ??= readResource(context);
      rows.push(mapSpan({ span, scope, context, said, times, resourceAttributes, scopeAttributes }, options));
    }
  }
}

const toContext = (
  span: DecodedSpan,
  scope: DecodedScope,
  resource: DecodedResource,
  startTime: Micros,
): SpanContext => ({
  span,
  scopeName: scope.name,
  scopeVersion: scope.version,
  resource: resource.attributes,
  startTime,
});

interface Mapping {
  span: DecodedSpan;
  scope: DecodedScope;
  context: SpanContext;
  said: ResourceReading;
  times: Times;
  resourceAttributes: Record<string, string>;
  scopeAttributes: string;
}

function mapSpan(mapping: Mapping, options: MapOptions): ObservationRow {
  const { span, scope, context, said, times, resourceAttributes, scopeAttributes } = mapping;
  const { projectId, publicKey, sdkName, sdkVersion, now } = options;
  const reading = readSpan(context, said);
  const { fields, merged } = reading;

  const type = fields.type ?? 'SPAN';
  const level = fields.level ?? (span.statusCode === 2 ? 'ERROR' : 'DEFAULT');
  const model = fields.model ?? '';
  const isGeneration = type === 'GENERATION';
  const offered = reading.toolDefinitions.flatMap(toDefinitions);
  const input = offered.length > 0 ? withTools(reading.payload.input, offered) : reading.payload.input;
  const { output } = reading.payload;
  const called = isGeneration ? toolCallsOf(output) : { calls: [], names: [] };
  const usage = readUsage(reading);
  const cost = toUsdTexts(fields.cost);
  const metadata = toTexts(merged.metadata);

  return {
    ...emptyRow({
      projectId,
      kind: 'observation',
      id: span.spanId,
      traceId: span.traceId,
      startTime: times.start,
      source: 'otlp',
    }),
    parentId: span.parentSpanId,
    type,
    name: fields.name ?? span.name,
    endTime: times.end,
    completionStartTime: shifted(fields.completionStartTime ?? firstChunk(span.events), times, now),
    eventTime: times.end,
    environment: normalizeEnvironment(fields.environment ?? 'default'),
    version: fields.version ?? '',
    release: fields.release ?? '',
    level,
    statusMessage: fields.statusMessage ?? (span.statusMessage || failureOf(span.events, level, fields.errorMessage)),

    traceName: fields.traceName ?? '',
    userId: fields.userId ?? '',
    sessionId: fields.sessionId ?? '',
    tags: fields.tags ?? [],
    public: fields.public ?? null,
    traceInput: fields.traceInput ?? '',
    traceOutput: fields.traceOutput ?? '',
    traceMetadata: toTexts(merged.traceMetadata),
    isAppRoot: fields.isAppRoot ?? false,

    model,
    provider: fields.provider ?? providerOfModel(model),
    modelParameters: fields.modelParameters === undefined ? '' : JSON.stringify(fields.modelParameters),
    providedUsage: usage,
    usage: withTotal(usage),
    providedCost: cost,
    cost,
    promptName: isGeneration ? (fields.promptName ?? '') : '',
    promptVersion: isGeneration ? (fields.promptVersion ?? null) : null,

    input,
    output,
    metadata,
    attributes: leftovers(span.attributes, scope.name, reading),
    resourceAttributes,
    events: toEventsText(span.events),
    toolDefinitions: describeTools(offered.length > 0 ? offered : toolsOfInput(input)),
    toolCalls: called.calls,
    toolCallNames: called.names,

    experimentId: fields.experimentId ?? '',
    experimentName: fields.experimentName ?? '',
    experimentDescription: fields.experimentDescription ?? '',
    experimentMetadata: toObjectText(merged.experimentMetadata),
    experimentDatasetId: fields.experimentDatasetId ?? '',
    experimentItemId: fields.experimentItemId ?? '',
    experimentItemVersion: fields.experimentItemVersion ?? '',
    experimentItemMetadata: toObjectText(merged.experimentItemMetadata),
    experimentItemRootId: fields.experimentItemRootId ?? '',
    experimentItemExpectedOutput: fields.experimentItemExpectedOutput ?? '',

    publicKey,
    sdkName,
    sdkVersion,
    serviceName: fields.serviceName ?? '',
    serviceVersion: fields.serviceVersion ?? '',
    scopeName: scope.name,
    scopeVersion: scope.version,
    scopeAttributes,
    sizeBytes: sizeOf(input, output, metadata),
    timeAdjusted: times.adjusted,
    createdAt: now,
    updatedAt: now,
    rowVersion: span.endTime === null ? now - UNFINISHED : now,
  };
}

interface Times {
  start: Micros;
  end: Micros;
  /** The start the sender meant, for what it counts from there. */
  given: Micros;
  adjusted: boolean;
}

/** S1.2: a missing start is the end, a missing end is the start, with neither it is receipt. An end before its start is the start. */
function readTimes({ startTime, endTime }: DecodedSpan, now: Micros): Times {
  const given = startTime ?? endTime ?? now;
  const end = Math.max(given, endTime ?? given);
  if (isPlausible(given, now) && isPlausible(end, now)) return { start: given, end, given, adjusted: false };
  const lasted = end - given;
  return { start: now, end: lasted <= NEWEST ? now + lasted : now, given, adjusted: true };
}

/** Else a clock is broken. */
export const isPlausible = (time: Micros, now: Micros): boolean => time >= now - OLDEST && time <= now + NEWEST;

/** A first token moves with its span; one that then lies nowhere near is no statement. */
function shifted(time: Micros | undefined, { start, given, adjusted }: Times, now: Micros): Micros | null {
  if (time === undefined) return null;
  const moved = adjusted ? start + (time - given) : time;
  return isPlausible(moved, now) ? moved : null;
}

function readUsage({ fields, otherUsage }: Reading): Record<string, number> {
  if (fields.usage !== undefined) return fields.usage;
  const usage: Record<string, number> = { ...otherUsage };
  for (const field in fields) {
    if (field.startsWith('usage.') && field !== 'usage.none') {
      usage[field.slice('usage.'.length)] = fields[field as keyof typeof fields] as number;
    }
  }
  return makeDisjoint(usage);
}

const USD_DECIMALS = 12;

function toUsdTexts(amounts: Record<string, number> | undefined): Record<string, string> {
  if (amounts === undefined) return {};
  const texts = Object.create(null) as Record<string, string>;
  for (const [key, amount] of Object.entries(amounts)) texts[key] = toDecimal(amount);
  return texts;
}

/** 8.7e-06 → 0.0000087 */
function toDecimal(amount: number): string {
  const fixed = amount.toFixed(USD_DECIMALS);
  return fixed.includes('.') ? fixed.replace(/\.?0+$/, '') : fixed;
}

/** OpenLLMetry marks each chunk of a streamed answer with an event. */
const firstChunk = (events: readonly DecodedEvent[]): Micros | undefined =>
  events.length === 0
    ? undefined
    : (events.find(({ name }) => name === 'gen_ai.content.completion.chunk')?.time ?? undefined);

/** LiteLLM and others leave the status message empty and say it in an attribute, most SDKs in the exception event. */
function failureOf(events: readonly DecodedEvent[], level: Level, errorMessage: string | undefined): string {
  if (level !== 'ERROR') return '';
  if (errorMessage !== undefined) return errorMessage;
  const exception = events.findLast(({ name }) => name === 'exception')?.attributes;
  const message = exception?.get('exception.message') ?? exception?.get('exception.type');
  return typeof message === 'string' ? message : '';
}

/** S1.6: what no rule turned into payload or metadata; the SDK's own spans say nothing else. */
function leftovers(attributes: Attributes, scopeName: string, { isConsumed }: Reading): Record<string, string> {
  if (scopeName.startsWith('langfuse-sdk')) return {};
  const texts = Object.create(null) as Record<string, string>;
  for (const [key, value] of attributes) if (!isConsumed(key)) texts[key] = toText(value);
  return texts;
}

function toTexts(entries: Attributes | MetadataEntries): Record<string, string> {
  if ((Array.isArray(entries) ? entries.length : entries.size) === 0) return {};
  const texts = Object.create(null) as Record<string, string>;
  for (const [key, value] of entries) texts[key] = toText(value);
  return texts;
}

function toObjectText(entries: MetadataEntries): string {
  if (entries.length === 0) return '';
  const object = Object.create(null) as Record<string, unknown>;
  for (const [key, value] of entries) object[key] = value;
  return JSON.stringify(object);
}

function toEventsText(events: readonly DecodedEvent[]): string {
  if (events.length === 0) return '';
  return JSON.stringify(
    events.map(({ name, time, attributes }) => ({
      name,
      timestamp: time === null ? null : toIso(time),
      attributes: Object.fromEntries(attributes),
    })),
  );
}

const LAST_DATE = 8.64e15; // milliseconds, ECMAScript
/** Null for what no date can hold. */
export const toIso = (time: Micros): string | null =>
  Math.floor(time / 1000) <= LAST_DATE ? new Date(Math.floor(time / 1000)).toISOString() : null;

function sizeOf(input: string, output: string, metadata: Record<string, string>): number {
  let size = Buffer.byteLength(input) + Buffer.byteLength(output);
  for (const key in metadata) size += key.length + Buffer.byteLength(metadata[key]!);
  return size;
}

import type { ObservationFieldGroup, ObservationV2 } from '@tracehouse/contract/observations';
import type { ObservationRow } from '../../ingest/observation.ts';
import { secondsBetween, toIso } from '../filters/time.ts';
import { hidesAttributes, numbers, orNull, parsed, sumOf } from './payload.ts';

/** Characters of a metadata value that is not asked for by its key. */
const METADATA_LENGTH = 200;

/** What the trace of a row of the JSON door lends to it: upstream copies these onto each of its observations. */
export interface TraceContext {
  name: string;
  userId: string;
  sessionId: string;
  release: string;
  version: string;
  tags: string[];
  public: boolean;
  metadata: Readonly<Record<string, string>>;
}

export interface View {
  groups: ReadonlySet<ObservationFieldGroup>;
  expand: ReadonlySet<string>;
  /** For rows of the JSON door. */
  trace?: TraceContext;
  /** The trace is shown as a root of its own, `t-<traceId>`, above the observations without a parent. */
  hasTraceRoot: boolean;
}

/** The id under which v2 shows a trace of the JSON door (D3 of the contract's differences). */
export const traceRootId = (traceId: string): string => `t-${traceId}`;

/** Group of fields → what of a row it shows. A row whose other fields were not read shows the same. */
// oxfmt-ignore
const fieldsOfGroup: Record<ObservationFieldGroup, readonly (keyof ObservationRow)[]> = {
  core:          ['projectId', 'endTime', 'type'],
  basic:         ['name', 'traceName', 'level', 'statusMessage', 'version', 'environment', 'userId', 'sessionId', 'bookmarked', 'public'],
  time:          ['completionStartTime', 'createdAt', 'updatedAt'],
  io:            ['input', 'output', 'traceInput', 'traceOutput', 'payloadBlobs'],
  metadata:      ['scopeName', 'scopeVersion', 'scopeAttributes', 'resourceAttributes', 'attributes', 'metadata', 'traceMetadata', 'payloadBlobs'],
  model:         ['modelId', 'model', 'modelParameters', 'prices'],
  usage:         ['usage', 'cost', 'totalCost', 'pricingTierId', 'pricingTierName'],
  prompt:        ['promptId', 'promptName', 'promptVersion'],
  metrics:       ['completionStartTime'],
  trace_context: ['name', 'traceName', 'release', 'tags'],
};

/** What `toObservationV2` reads for these groups. */
export const v2Fields = (groups: Iterable<ObservationFieldGroup>): Set<keyof ObservationRow> =>
  new Set(Array.from(groups).flatMap((group) => fieldsOfGroup[group]));

/** A row as v2 reads show it; a row of kind `trace` becomes the root that stands for it. */
export function toObservationV2(row: ObservationRow, view: View): ObservationV2 {
  return row.kind === 'trace' ? show({ ...row, ...asRoot(row) }, true, view) : show(row, isRoot(row, view), view);
}

const isRoot = (row: ObservationRow, { hasTraceRoot }: View): boolean =>
  (row.parentId === '' && !(hasTraceRoot && row.source === 'json')) || row.isAppRoot;

const asRoot = (row: ObservationRow): Partial<ObservationRow> => ({
  id: traceRootId(row.traceId),
  name: row.traceName,
  input: row.traceInput,
  output: row.traceOutput,
  endTime: null,
});

function show(row: ObservationRow, isRoot: boolean, view: View): ObservationV2 {
  const { groups, trace } = view;
  const cost = numbers(row.cost);
  const usage = row.usage;
  // As recorded: a number's shortest text, `1.5e-7` below a millionth.
  const price = (key: string): string | null => {
    const usd = groups.has('model') ? row.prices[key] : undefined;
    return usd === undefined ? null : String(Number(usd));
  };
  // As recorded: asked for with `metrics`, a duration of 0 is none.
  const duration = (from: number, to: number): number | null =>
    groups.has('metrics') ? secondsBetween(from, to) || null : secondsBetween(from, to);
  const parent = row.parentId === '' && !isRoot ? traceRootId(row.traceId) : row.parentId;
  return {
    id: row.id,
    traceId: row.traceId,
    startTime: toIso(row.startTime),
    endTime: row.endTime === null ? null : toIso(row.endTime),
    projectId: row.projectId,
    parentObservationId: orNull(parent),
    type: row.type,
    latency: row.endTime === null ? null : duration(row.startTime, row.endTime),
    timeToFirstToken:
      row.completionStartTime !== null && (groups.has('time') || groups.has('metrics'))
        ? duration(row.startTime, row.completionStartTime)
        : null,
    modelId: groups.has('model') ? orNull(row.modelId) : null,
    inputPrice: price('input'),
    outputPrice: price('output'),
    totalPrice: price('total'),
    ...(groups.has('basic') && {
      name: row.name,
      level: row.level,
      statusMessage: row.statusMessage,
      version: row.version || (trace?.version ?? ''),
      environment: row.environment,
      userId: row.userId || (trace?.userId ?? ''),
      sessionId: row.sessionId || (trace?.sessionId ?? ''),
      isRootObservation: isRoot,
      bookmarked: row.bookmarked ?? false,
      public: row.public ?? trace?.public ?? false,
    }),
    ...(groups.has('time') && {
      completionStartTime: row.completionStartTime === null ? null : toIso(row.completionStartTime),
      createdAt: toIso(row.createdAt),
      updatedAt: toIso(row.updatedAt),
    }),
    ...(groups.has('io') && { input: orNull(row.input), output: orNull(row.output) }),
    ...(groups.has('metadata') && { metadata: flatMetadata(row, view) }),
    ...(groups.has('model') && {
      model: row.model,
      providedModelName: row.model,
      internalModelId: row.modelId,
      modelParameters: row.modelParameters === '' ? {} : parsed(row.modelParameters),
    }),
    ...(groups.has('usage') && {
      usageDetails: usage,
      inputUsage: sumOf(usage, 'input') ?? 0,
      outputUsage: sumOf(usage, 'output') ?? 0,
      totalUsage: usage['total'] ?? Object.values(usage).reduce((sum, units) => sum + units, 0),
      costDetails: cost,
      inputCost: sumOf(cost, 'input'),
      outputCost: sumOf(cost, 'output'),
      totalCost: Number(row.totalCost ?? 0),
      usagePricingTierId: orNull(row.pricingTierId),
      usagePricingTierName: orNull(row.pricingTierName),
    }),
    ...(groups.has('prompt') && {
      promptId: row.promptId,
      promptName: row.promptName,
      promptVersion: row.promptVersion,
    }),
    ...(groups.has('trace_context') && {
      traceName: orNull(row.traceName || (trace?.name ?? '') || (isRoot ? row.name : '')),
      release: row.release || (trace?.release ?? ''),
      tags: row.tags.length > 0 ? row.tags.toSorted() : (trace?.tags ?? []),
    }),
  };
}

/**
 * What the span was received with under dotted keys, then the observation's own and what it says about its trace, whose values
 * stay whole as recorded (S1.6 has them flattened; v3-core and v5-tracing show objects).
 */
function flatMetadata(row: ObservationRow, { expand, trace }: View): Record<string, unknown> {
  // Without a prototype: `__proto__` is a key like any other.
  const flat = Object.create(null) as Record<string, string>;
  const put = (prefix: string, values: Readonly<Record<string, string>>): void => {
    for (const [key, value] of Object.entries(values)) flat[prefix + key] = value;
  };
  if (row.source === 'otlp') {
    if (row.scopeName !== '') flat['scope.name'] = row.scopeName;
    if (row.scopeVersion !== '') flat['scope.version'] = row.scopeVersion;
    if (row.scopeAttributes !== '') flatten('scope.attributes', row.scopeAttributes, flat);
    put('resourceAttributes.', row.resourceAttributes);
    if (!hidesAttributes(row.scopeName)) put('attributes.', row.attributes);
  }
  for (const values of [trace?.metadata ?? {}, row.metadata, row.traceMetadata]) put('', values);
  return Object.fromEntries(Object.entries(flat).map(([key, value]) => [key, shorten(key, value, expand)]));
}

/** An object becomes one key for each of its leaves; anything else stays. */
function flatten(key: string, text: string, into: Record<string, string>): void {
  const value = text.startsWith('{') ? parsed(text) : text;
  if (typeof value !== 'object' || value === null || Array.isArray(value) || Object.keys(value).length === 0) {
    into[key] = text;
    return;
  }
  for (const [part, inner] of Object.entries(value)) {
    flatten(`${key}.${part}`, typeof inner === 'string' ? inner : JSON.stringify(inner), into);
  }
}

function shorten(key: string, value: string, expand: ReadonlySet<string>): unknown {
  const isWhole = value.length <= METADATA_LENGTH || expand.has(key) || expand.has(key.split('.')[0] ?? '');
  return isWhole ? parsed(value) : value.slice(0, METADATA_LENGTH).toWellFormed();
}

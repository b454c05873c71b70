import type { ObservationDetail } from '@tracehouse/contract/x-traces';
import type { ObservationRow } from '../../ingest/observation.ts';
import { toIsoMicros } from '../filters/time.ts';
import { withoutNotes } from './large.ts';
import { orNull, parsed } from './payload.ts';
import { toSummary } from './summary.ts';

/** What `toDetail` reads. */
export const detailFields = [
  'id',
  'traceId',
  'parentId',
  'type',
  'name',
  'startTime',
  'endTime',
  'completionStartTime',
  'level',
  'statusMessage',
  'model',
  'provider',
  'costSource',
  'usage',
  'providedUsage',
  'isAppRoot',
  'promptName',
  'promptVersion',
  'environment',
  'version',
  'release',
  'input',
  'output',
  'metadata',
  'payloadBlobs',
  'attributes',
  'resourceAttributes',
  'scopeName',
  'scopeVersion',
  'scopeAttributes',
  'cost',
  'totalCost',
  'prices',
  'modelId',
  'pricingTierName',
  'modelParameters',
  'toolDefinitions',
  'toolCalls',
  'sizeBytes',
  'source',
  'sdkName',
  'sdkVersion',
  'timeAdjusted',
  'events',
] as const satisfies (keyof ObservationRow)[];
type Read = Pick<ObservationRow, (typeof detailFields)[number]>;

/** An observation whole, as our own screens read it. */
export function toDetail(row: Read): ObservationDetail {
  const totalTokens = row.usage['total'] ?? Object.values(row.usage).reduce((sum, units) => sum + units, 0);
  const { input, output, metadata, attributes } = row;
  const shown = withoutNotes({ input, output, metadata, attributes }, row.payloadBlobs);
  return {
    ...toSummary(row, totalTokens),
    traceId: row.traceId,
    inputTokens: tokens(row, 'input'),
    outputTokens: tokens(row, 'output'),
    environment: row.environment,
    version: orNull(row.version),
    release: orNull(row.release),
    input: orNull(shown.input),
    output: orNull(shown.output),
    metadata: shown.metadata,
    attributes: shown.attributes,
    large: shown.large,
    resourceAttributes: row.resourceAttributes,
    scope: { name: row.scopeName, version: row.scopeVersion, attributes: textValues(row.scopeAttributes) },
    events: eventsOf(row),
    usage: row.usage,
    usageSource: isEmpty(row.usage) ? null : isEmpty(row.providedUsage) ? 'counted' : 'client',
    cost: row.cost,
    totalCost: row.totalCost,
    prices: row.prices,
    modelId: orNull(row.modelId),
    pricingTierName: orNull(row.pricingTierName),
    modelParameters: textValues(row.modelParameters),
    toolDefinitions: row.toolDefinitions,
    toolCalls: row.toolCalls,
    sizeBytes: row.sizeBytes,
    source: row.source,
    sdk: { name: row.sdkName, version: row.sdkVersion },
    timeAdjusted: row.timeAdjusted,
  };
}

const isEmpty = (record: object): boolean => Object.keys(record).length === 0;

const tokens = ({ usage }: Read, part: 'input' | 'output'): number =>
  Object.entries(usage).reduce((sum, [type, units]) => (type.includes(part) ? sum + units : sum), 0);

/** The members of a JSON object as text: bare strings, JSON text of anything else. */
const textValues = (json: string): Record<string, string> => textMembers(json === '' ? {} : parsed(json));

const textMembers = (value: unknown): Record<string, string> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(
        Object.entries(value).map(([key, one]) => [key, typeof one === 'string' ? one : JSON.stringify(one)]),
      )
    : {};

/** Span events as the mapping stored them: `{name, timestamp, attributes}`, the timestamp null when it was none. */
function eventsOf(row: Read): ObservationDetail['events'] {
  const events = row.events === '' ? [] : parsed(row.events);
  if (!Array.isArray(events)) return [];
  return events.map(({ name, timestamp, attributes }: Record<string, unknown>) => ({
    name: String(name),
    timestamp: typeof timestamp === 'string' ? timestamp : toIsoMicros(row.startTime),
    attributes: textMembers(attributes),
  }));
}

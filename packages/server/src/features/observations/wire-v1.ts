import type { Observation } from '@tracehouse/contract/observations';
import type { ObservationRow } from '../../ingest/observation.ts';
import type { ListedPrices } from '../../ingest/price/project-pricing.ts';
import { secondsBetween, toIso } from '../filters/time.ts';
import { numbers, orNull, parsed, parsedValues, payload, receivedMetadata, sumOf } from './payload.ts';

/** Where a v1 read shows an observation: the recorded server differs in what it says of prices. */
export type Place = 'alone' | 'list' | 'trace';

/** What `toObservationV1` reads. */
export const v1Fields = [
  'id',
  'traceId',
  'projectId',
  'parentId',
  'type',
  'environment',
  'name',
  'startTime',
  'endTime',
  'level',
  'statusMessage',
  'version',
  'createdAt',
  'updatedAt',
  'input',
  'output',
  'metadata',
  'payloadBlobs',
  'source',
  'attributes',
  'resourceAttributes',
  'scopeName',
  'scopeVersion',
  'scopeAttributes',
  'model',
  'modelParameters',
  'completionStartTime',
  'promptId',
  'promptName',
  'promptVersion',
  'usage',
  'cost',
  'totalCost',
  'prices',
  'pricingTierId',
  'pricingTierName',
  'modelId',
] as const satisfies (keyof ObservationRow)[];

/** An observation as v1 reads show it. `listed`: a price of a project's own model is that of its default tier. */
export function toObservationV1(
  row: Pick<ObservationRow, (typeof v1Fields)[number]>,
  place: Place,
  listed: ListedPrices,
): Observation {
  const cost = numbers(row.cost);
  const unknownPrice = place === 'trace' ? 0 : null;
  const prices: Readonly<Record<string, string | number>> = listed.get(row.modelId) ?? row.prices;
  const price = (key: string): number | null => (prices[key] === undefined ? unknownPrice : Number(prices[key]));
  const promptTokens = sumOf(row.usage, 'input') ?? 0;
  const completionTokens = sumOf(row.usage, 'output') ?? 0;
  const totalTokens = row.usage['total'] ?? Object.values(row.usage).reduce((sum, units) => sum + units, 0);
  const endTime = row.type === 'EVENT' ? null : row.endTime;
  return {
    id: row.id,
    traceId: row.traceId,
    projectId: row.projectId,
    parentObservationId: orNull(row.parentId),
    type: row.type,
    environment: row.environment,
    name: row.name,
    startTime: toIso(row.startTime),
    endTime: endTime === null ? null : toIso(endTime),
    level: row.level,
    statusMessage: orNull(row.statusMessage),
    version: orNull(row.version),
    createdAt: toIso(row.createdAt),
    updatedAt: toIso(row.updatedAt),
    input: payload(row.input),
    output: payload(row.output),
    metadata: { ...parsedValues(row.metadata), ...(row.source === 'otlp' && receivedMetadata(row)) },
    model: orNull(row.model),
    modelParameters: row.modelParameters === '' ? noParameters(row) : parsed(row.modelParameters),
    completionStartTime: row.completionStartTime === null ? null : toIso(row.completionStartTime),
    promptId: orNull(row.promptId),
    promptName: orNull(row.promptName),
    promptVersion: row.promptVersion,
    latency: endTime === null ? null : secondsBetween(row.startTime, endTime),
    timeToFirstToken: row.completionStartTime === null ? null : secondsBetween(row.startTime, row.completionStartTime),
    usageDetails: row.usage,
    costDetails: cost,
    usagePricingTierId: place === 'list' ? null : orNull(row.pricingTierId),
    usagePricingTierName: place === 'list' ? null : orNull(row.pricingTierName),
    modelId: orNull(row.modelId),
    inputPrice: price('input'),
    outputPrice: price('output'),
    totalPrice: price('total'),
    calculatedInputCost: sumOf(cost, 'input'),
    calculatedOutputCost: sumOf(cost, 'output'),
    // Upstream's clients read a number here: an unknown cost is 0 on this wire, and null on our own (`x/`).
    calculatedTotalCost: Number(row.totalCost ?? 0),
    unit: 'TOKENS',
    promptTokens,
    completionTokens,
    totalTokens,
    usage: { unit: 'TOKENS', input: promptTokens, output: completionTokens, total: totalTokens },
  };
}

/** As recorded: what may call a model and came by OTLP has an empty set of parameters, anything else has none. */
const noParameters = ({ source, type }: Pick<ObservationRow, 'source' | 'type'>): Record<string, never> | null =>
  source === 'otlp' && type !== 'SPAN' && type !== 'EVENT' ? {} : null;

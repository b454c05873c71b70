import type { Observation } from '@tracehouse/contract/observations';
import type { Micros, ObservationRow, WithPayload } from '../../ingest/observation.ts';
import type { ListedPrices } from '../../ingest/price/project-pricing.ts';
import {
  type Json,
  jsonDecimal,
  jsonNumber,
  jsonOf,
  type JsonPart,
  JsonText,
  jsonText,
  standingFor,
} from '../../json-text.ts';
import { secondsBetween, toIso } from '../filters/time.ts';
import { metadataText, numbersText, parsed, payloadText, sumOf } from './payload.ts';

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

type Row = WithPayload<Pick<ObservationRow, (typeof v1Fields)[number]>>;

/** Ids of the versions of prompts that there are, by name and number. */
export type PromptIds = ReadonlyMap<string, ReadonlyMap<number, string>>;

/** A row with what several of its fields follow from. */
interface Shown {
  row: Row;
  place: Place;
  /** Null for what has no end. */
  endTime: Micros | null;
  prices: Readonly<Record<string, string | number>>;
  /** Of the version it names; null where there is none, and then it names none. */
  promptId: string | null;
  promptTokens: number;
  completionTokens: number;
  totalTokens: number;
}

/**
 * An observation as v1 reads show it, made when it is written: a thousand of them are 35,000 fields, and objects of these,
 * written by JSON, took three times as long. `listed`: a price of a project's own model is that of its default tier. `prompts` has
 * the names in `promptNamesOf` the rows.
 */
export const toObservationV1 = (row: Row, place: Place, listed: ListedPrices, prompts: PromptIds): Observation =>
  standingFor<Observation>(new JsonText(() => partsOf(shownOf(row, place, listed, prompts))));

/** Of which prompts rows tell. */
export const promptNamesOf = (rows: Iterable<Pick<ObservationRow, 'promptName'>>): Set<string> => {
  const names = new Set<string>();
  for (const { promptName } of rows) if (promptName !== '') names.add(promptName);
  return names;
};

const shownOf = (row: Row, place: Place, listed: ListedPrices, prompts: PromptIds): Shown => ({
  row,
  place,
  endTime: row.type === 'EVENT' ? null : row.endTime,
  prices: listed.get(row.modelId) ?? row.prices,
  promptId: row.promptName === '' ? null : (prompts.get(row.promptName)?.get(row.promptVersion ?? 0) ?? null),
  promptTokens: sumOf(row.usage, 'input') ?? 0,
  completionTokens: sumOf(row.usage, 'output') ?? 0,
  totalTokens: row.usage['total'] ?? Object.values(row.usage).reduce((sum, units) => sum + units, 0),
});

/** In the order of the wire. */
const fields: { [Key in keyof Required<Observation>]: (shown: Shown) => Json<Observation[Key]> | Buffer } = {
  id: ({ row }) => jsonText(row.id),
  traceId: ({ row }) => jsonText(row.traceId),
  projectId: ({ row }) => jsonText(row.projectId),
  parentObservationId: ({ row }) => textOrNull(row.parentId),
  type: ({ row }) => jsonText(row.type),
  environment: ({ row }) => jsonText(row.environment),
  name: ({ row }) => jsonText(row.name),
  startTime: ({ row }) => time(row.startTime),
  endTime: ({ endTime }) => timeOrNull(endTime),
  level: ({ row }) => jsonText(row.level),
  statusMessage: ({ row }) => textOrNull(row.statusMessage),
  version: ({ row }) => textOrNull(row.version),
  createdAt: ({ row }) => time(row.createdAt),
  updatedAt: ({ row }) => time(row.updatedAt),
  input: ({ row }) => payloadText(row.input),
  output: ({ row }) => payloadText(row.output),
  metadata: ({ row }) => metadataText(row),
  model: ({ row }) => textOrNull(row.model),
  modelParameters: ({ row }) => (row.modelParameters === '' ? noParameters(row) : jsonOf(parsed(row.modelParameters))),
  completionStartTime: ({ row }) => timeOrNull(row.completionStartTime),
  promptId: ({ promptId }) => (promptId === null ? nothing : jsonText(promptId)),
  // As recorded: what names no prompt that there is names none.
  promptName: ({ row, promptId }) => (promptId === null ? nothing : jsonText(row.promptName)),
  promptVersion: ({ row, promptId }) => (promptId === null ? nothing : numberOrNull(row.promptVersion)),
  latency: ({ row, endTime }) => numberOrNull(endTime === null ? null : secondsBetween(row.startTime, endTime)),
  timeToFirstToken: ({ row: { startTime, completionStartTime } }) =>
    numberOrNull(completionStartTime === null ? null : secondsBetween(startTime, completionStartTime)),
  usageDetails: ({ row }) => jsonOf(row.usage),
  costDetails: ({ row }) => numbersText(row.cost),
  usagePricingTierId: ({ row, place }) => (place === 'list' ? nothing : textOrNull(row.pricingTierId)),
  usagePricingTierName: ({ row, place }) => (place === 'list' ? nothing : textOrNull(row.pricingTierName)),
  modelId: ({ row }) => textOrNull(row.modelId),
  inputPrice: (shown) => price(shown, 'input'),
  outputPrice: (shown) => price(shown, 'output'),
  totalPrice: (shown) => price(shown, 'total'),
  calculatedInputCost: ({ row }) => numberOrNull(sumOf(row.cost, 'input')),
  calculatedOutputCost: ({ row }) => numberOrNull(sumOf(row.cost, 'output')),
  // Upstream's clients read a number here: an unknown cost is 0 on this wire, and null on our own (`x/`).
  calculatedTotalCost: ({ row }) => jsonDecimal(row.totalCost ?? '0'),
  unit: () => tokens,
  promptTokens: ({ promptTokens }) => jsonNumber(promptTokens),
  completionTokens: ({ completionTokens }) => jsonNumber(completionTokens),
  totalTokens: ({ totalTokens }) => jsonNumber(totalTokens),
  usage: ({ promptTokens, completionTokens, totalTokens }) =>
    `{"unit":${tokens},"input":${jsonNumber(promptTokens)},"output":${jsonNumber(completionTokens)},"total":${jsonNumber(totalTokens)}}` as Json<
      Observation['usage']
    >,
};

const steps = Object.entries(fields).map(([key, of], i) => ({ before: `${i === 0 ? '{' : ','}"${key}":`, of }));

function partsOf(shown: Shown): JsonPart[] {
  const parts: JsonPart[] = [];
  let text = '';
  for (const { before, of } of steps) {
    text += before;
    const value = of(shown);
    if (typeof value === 'string' && value.length < LONG) text += value;
    else {
      parts.push(text, value);
      text = '';
    }
  }
  parts.push(`${text}}`);
  return parts;
}
/** Characters. */
const LONG = 200;

const nothing = jsonOf(null);
const tokens = jsonOf('TOKENS' as const);
const textOrNull = (text: string): Json<string | null> => (text === '' ? nothing : jsonText(text));
const numberOrNull = (value: number | null): Json<number | null> => (value === null ? nothing : jsonNumber(value));
const time = (value: Micros): Json<string> => `"${toIso(value)}"` as Json<string>;
const timeOrNull = (value: Micros | null): Json<string | null> => (value === null ? nothing : time(value));

/** USD a unit. As recorded, a trace says 0 where no price is known. */
function price({ prices, place }: Shown, key: string): Json<number | null> {
  const usd = prices[key];
  if (usd === undefined) return place === 'trace' ? jsonNumber(0) : nothing;
  return typeof usd === 'string' ? jsonDecimal(usd) : jsonNumber(usd);
}

/** As recorded: what may call a model and came by OTLP has an empty set of parameters, anything else has none. */
const noParameters = ({ source, type }: Row): Json<Record<string, never> | null> =>
  source === 'otlp' && type !== 'SPAN' && type !== 'EVENT' ? none : nothing;
const none = jsonOf({});

// The tables, compiled once for the hot path: attribute → what it can become, so that a span costs one look-up an attribute.
import type { AttributeValue } from '../otlp/span.ts';
import type { Field, Fields, MetadataEntries, Reader, SpanContext } from './convention.ts';
import type { MessageReader, Payload } from './messages.ts';
import { conventions, merged, payloads, precedence, summaries, type PayloadSource } from './registry.ts';

/** What the rules make of one span: the first answer for each field, lists of answers where all count. */
export interface Reading {
  fields: { [F in Exclude<Field, MergedField>]?: Fields[F] };
  merged: { [F in MergedField]: MetadataEntries };
  /** Buckets that no rule names. */
  otherUsage: Record<string, number>;
  toolDefinitions: AttributeValue[];
  payload: Payload;
  /** Attributes that became input, output or metadata; the others are kept as they are. */
  isConsumed: (key: string) => boolean;
}
type MergedField = (typeof merged)[number];

/** Reads a span by all conventions. `resource` is what readResource() made of its resource. */
export function readSpan(context: SpanContext, resource: ResourceReading): Reading {
  const best: Answers = {
    values: new Map(resource.values),
    merged: [...resource.merged],
    otherUsage: Object.create(null),
    tools: [],
  };
  for (const [key, value] of context.span.attributes) {
    const { rules } = planOf(key);
    for (const rule of rules) hear(rule, value, context, best);
  }
  const fields: Record<string, unknown> = {};
  for (const [field, answer] of best.values) fields[field] = answer.value;
  if (summaries.some(({ holds }) => holds(context))) forgetCall(fields, best);
  return {
    fields,
    merged: mergedOf(best),
    otherUsage: best.otherUsage,
    toolDefinitions: best.tools,
    payload: readPayload(context),
    isConsumed,
  };
}

export interface ResourceReading {
  values: ReadonlyMap<Field, Answer>;
  merged: readonly MergedAnswer[];
}

/** What the resource says about each of its spans; read once for all of them. */
export function readResource(context: SpanContext): ResourceReading {
  const best: Answers = { values: new Map(), merged: [], otherUsage: Object.create(null), tools: [] };
  for (const [key, value] of context.resource) {
    for (const rule of planOf(`${RESOURCE}${key}`).rules) hear(rule, value, context, best);
  }
  return best;
}

const RESOURCE = 'resource:';

interface Answer {
  rank: number;
  value: unknown;
}
interface MergedAnswer {
  field: MergedField;
  rank: number;
  entries: MetadataEntries;
}
interface Answers {
  values: Map<Field, Answer>;
  merged: MergedAnswer[];
  otherUsage: Record<string, number>;
  tools: AttributeValue[];
}

interface CompiledRule {
  field: Field;
  /** Lower wins. Rows of one source share the whole part, so that they can be told from another source. */
  rank: number;
  read: Reader<unknown>;
  scopes: ReadonlySet<string> | null;
  /** What stands for the star of `prefix.*`, or the attribute's name. */
  key: string;
}

function hear(rule: CompiledRule, value: AttributeValue, context: SpanContext, best: Answers): void {
  if (rule.scopes !== null && !rule.scopes.has(context.scopeName)) return;
  const { field, rank } = rule;
  const known = best.values.get(field);
  if (known !== undefined && known.rank < rank && field !== 'usage.*') return;
  const answer = rule.read(value, context, rule.key);
  if (answer === undefined) return;
  if (isMerged(field)) best.merged.push({ field, rank, entries: answer as MetadataEntries });
  else if (field === 'usage.*') best.otherUsage[rule.key] ??= answer as number;
  else if (field === 'toolDefinitions') best.tools.push(answer as AttributeValue);
  else if (known !== undefined && known.rank === rank && field === 'modelParameters')
    Object.assign(known.value as object, answer);
  else best.values.set(field, { rank, value: answer });
}

const mergedFields = new Set<string>(merged);
const isMerged = (field: Field): field is MergedField => mergedFields.has(field);

function mergedOf(best: Answers): Reading['merged'] {
  const all: Reading['merged'] = {
    metadata: [],
    traceMetadata: [],
    experimentMetadata: [],
    experimentItemMetadata: [],
  };
  if (best.merged.length === 0) return all;
  // Stable: keys of one source stay in the order they came.
  for (const { field, entries } of best.merged.toSorted((a, b) => a.rank - b.rank)) all[field].push(...entries);
  return all;
}

function forgetCall(fields: Record<string, unknown>, best: Answers): void {
  for (const field of Object.keys(fields)) {
    if (field === 'model' || field === 'cost' || field === 'usage' || field.startsWith('usage.')) delete fields[field];
  }
  best.otherUsage = Object.create(null);
}

function readPayload(context: SpanContext): Payload {
  for (const source of compiledPayloads) {
    const payload = 'read' in source ? source.read(context) : readSides(source, context);
    if (payload !== undefined) return payload;
  }
  return { input: '', output: '' };
}

function readSides({ input, output, otherwise }: Sides, context: SpanContext): Payload | undefined {
  const given = readSide(input, context);
  const answered = readSide(output, context);
  if (given === undefined && answered === undefined) return undefined;
  const rest = given && answered ? undefined : otherwise?.(context);
  return { input: given || (rest?.input ?? ''), output: answered || (rest?.output ?? '') };
}

interface Sides {
  input: Side;
  output: Side;
  otherwise: MessageReader | undefined;
}

type Side = readonly { attribute: string; read: Reader<string> }[];

function readSide(side: Side, context: SpanContext): string | undefined {
  for (const { attribute, read } of side) {
    const value = context.span.attributes.get(attribute);
    const text = value === undefined ? undefined : read(value, context, attribute);
    if (text !== undefined) return text;
  }
  return undefined;
}

// Compiling, at start -------------------------------------------------------------------------------------------------

interface Plan {
  rules: readonly CompiledRule[];
  consumed: boolean;
}

interface Listed extends CompiledRule {
  attribute: string;
}

const listedRules: readonly Listed[] = conventions.flatMap(({ name, rules, ...rest }) => {
  const scopes = 'scopes' in rest ? new Set<string>(rest.scopes) : null;
  return rules.map(([attribute, field, read], row) => ({
    attribute,
    field,
    rank: rankOf(`${name}/${attribute}`, field) + (field === 'modelParameters' ? 0 : row / 1000),
    read: read as Reader<unknown>,
    scopes,
    key: attribute,
  }));
});

function rankOf(source: string, field: Field): number {
  if (field === 'input' || field === 'output' || field === 'toolDefinitions') return 0;
  const rank = (precedence[field] as readonly string[]).indexOf(source);
  if (rank < 0)
    throw new Error(`conventions/registry.ts does not say where '${source}' stands for the field '${field}'`);
  return rank;
}

const exact = Map.groupBy(
  listedRules.filter(({ attribute }) => !attribute.endsWith('.*')),
  ({ attribute }) => attribute,
);
const stars = listedRules
  .filter(({ attribute }) => attribute.endsWith('.*'))
  .map((rule) => ({ ...rule, prefix: rule.attribute.slice(0, -1) }));

/** Fields whose star covers only what no other rule names. */
const restFields = new Set<Field>(['usage.*', 'modelParameters']);
const payloadFields = new Set<Field>(['input', 'output', 'traceInput', 'traceOutput', 'toolDefinitions']);
/** S1.5: besides payload attributes these leave the leftovers whatever they became. */
const consumedPrefixes = ['langfuse.trace.metadata', 'langfuse.observation.metadata', 'ai.telemetry.metadata'];

const PLANS = 20_000; // keys come from clients: forget them all rather than grow
const plans = new Map<string, Plan>();

function planOf(key: string): Plan {
  const known = plans.get(key);
  if (known !== undefined) return known;
  if (plans.size >= PLANS) plans.clear();
  const plan = makePlan(key);
  plans.set(key, plan);
  return plan;
}

function makePlan(key: string): Plan {
  const named = exact.get(key) ?? [];
  const covering = stars.filter(
    ({ prefix, field }) => key.startsWith(prefix) && !(restFields.has(field) && named.length > 0),
  );
  const consumed =
    [...named, ...covering].some(({ field }) => payloadFields.has(field)) ||
    consumedPrefixes.some((prefix) => key.startsWith(prefix));
  const rules = [...named, ...covering.map((rule) => ({ ...rule, key: restOf(key, rule.prefix, rule.field) }))].filter(
    // Input and output are read in the order of `payloads`; a bucket may repeat one that has a rule of its own.
    ({ field, key: rest }) =>
      field !== 'input' &&
      field !== 'output' &&
      !(field === 'usage.*' && key.includes('.details.') && exact.has(key.replace('.details.', '.')) && rest !== key),
  );
  return { rules, consumed };
}

/** S1.9: `details.` in front of a bucket says nothing. */
function restOf(key: string, prefix: string, field: Field): string {
  const rest = key.slice(prefix.length);
  return field === 'usage.*' && rest.startsWith('details.') ? rest.slice('details.'.length) : rest;
}

const isConsumed = (key: string): boolean => planOf(key).consumed;

const compiledPayloads = payloads.map(compilePayload);

function compilePayload(source: PayloadSource): Sides | Extract<PayloadSource, { read: unknown }> {
  if ('read' in source) return source;
  const side = (sources: readonly string[], field: Field): Side =>
    sources.map((each) => {
      const attribute = each.slice(each.indexOf('/') + 1);
      const rule = exact.get(attribute)?.find((candidate) => candidate.field === field);
      if (!rule) throw new Error(`conventions/registry.ts: no rule reads '${each}' as '${field}'`);
      return { attribute, read: rule.read as Reader<string> };
    });
  return {
    input: side(source.input, 'input'),
    output: side(source.output, 'output'),
    otherwise: source.otherwise?.read,
  };
}

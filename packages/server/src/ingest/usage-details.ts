/** A provider's own usage object, as SDKs hand it through; the parts of `details` are inside the count they belong to. */
interface Dialect {
  input: string;
  output: string;
  inputDetails: string;
  outputDetails: string;
}

const dialects: readonly Dialect[] = [
  // OpenAI Chat Completions
  {
    input: 'prompt_tokens',
    output: 'completion_tokens',
    inputDetails: 'prompt_tokens_details',
    outputDetails: 'completion_tokens_details',
  },
  // OpenAI Responses
  {
    input: 'input_tokens',
    output: 'output_tokens',
    inputDetails: 'input_tokens_details',
    outputDetails: 'output_tokens_details',
  },
];

/**
 * A usage object as a client states it → units by usage type, in buckets that do not overlap (S3.1). OpenAI's two shapes are
 * recognised even with unknown keys beside them: each detail `k` becomes `input_k` or `output_k` and is taken out of its parent.
 * Any other key keeps its name. Negative counts are 0; what is not a number is dropped.
 */
export function normalizeUsageDetails(given: Readonly<Record<string, unknown>>): Record<string, number> {
  const usage = Object.create(null) as Record<string, number>;
  const dialect = dialects.find(
    (each) =>
      each.input in given &&
      each.output in given &&
      ('total_tokens' in given || each.inputDetails in given || each.outputDetails in given),
  );
  if (dialect) {
    usage['input'] = toUnits(given[dialect.input]) ?? 0;
    usage['output'] = toUnits(given[dialect.output]) ?? 0;
    const total = toUnits(given['total_tokens']);
    if (total !== undefined) usage['total'] = total;
    takeOut('input', given[dialect.inputDetails], usage);
    takeOut('output', given[dialect.outputDetails], usage);
  }
  for (const [key, value] of Object.entries(given)) {
    const units = toUnits(value);
    if (units !== undefined && !(dialect && isNamedBy(dialect, key))) usage[key] ??= units;
  }
  return usage;
}

function takeOut(parent: 'input' | 'output', details: unknown, usage: Record<string, number>): void {
  if (typeof details !== 'object' || details === null) return;
  for (const [key, value] of Object.entries(details)) {
    const units = toUnits(value);
    if (units === undefined) continue;
    usage[`${parent}_${key}`] = units;
    usage[parent] = Math.max(0, usage[parent]! - units);
  }
}

const isNamedBy = (dialect: Dialect, key: string): boolean =>
  key === 'total_tokens' || Object.values(dialect).includes(key);

function toUnits(value: unknown): number | undefined {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  // A number past the safe integers is not a count.
  return typeof number === 'number' && Math.abs(number) <= Number.MAX_SAFE_INTEGER ? Math.max(0, number) : undefined;
}

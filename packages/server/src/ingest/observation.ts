/** Microseconds since 1970 UTC, a plain number (exact until 2255). */
export type Micros = number;

export type ObservationType =
  | 'SPAN'
  | 'GENERATION'
  | 'EVENT'
  | 'EMBEDDING'
  | 'AGENT'
  | 'TOOL'
  | 'CHAIN'
  | 'RETRIEVER'
  | 'EVALUATOR'
  | 'GUARDRAIL';
export type Level = 'DEBUG' | 'DEFAULT' | 'WARNING' | 'ERROR';

/** Who stated the cost: `client` sent it, `prices` computed it from a price list; `` when there is none. */
export type CostSource = 'client' | 'prices' | '';

/**
 * One row of `observations` before it is encoded. `''` and `{}` and `[]` mean "not said"; `null` where zero or false is a
 * statement. Payloads are text as received: a JSON value stays JSON text, a string stays bare.
 */
export interface ObservationRow {
  projectId: string;
  /** `trace`: what was said about the trace by itself; its `id` is then the trace's. */
  kind: 'observation' | 'trace';
  id: string;
  traceId: string;
  /** Empty for a root. */
  parentId: string;
  type: ObservationType;
  name: string;
  startTime: Micros;
  endTime: Micros | null;
  completionStartTime: Micros | null;
  /** Orders statements about a trace: the newest of equal precedence wins (architecture, "A trace is read from its rows"). */
  eventTime: Micros;
  environment: string;
  version: string;
  release: string;
  level: Level;
  statusMessage: string;

  // What this row says about its trace.
  traceName: string;
  userId: string;
  sessionId: string;
  tags: string[];
  public: boolean | null;
  bookmarked: boolean | null;
  traceInput: string;
  traceOutput: string;
  /** Top-level key → bare string, or JSON text of any other value. */
  traceMetadata: Record<string, string>;
  /** The SDK marked this as the application's root although its parent is remote. */
  isAppRoot: boolean;

  // The model call.
  model: string;
  /** As the convention names it (`openai`, `aws.bedrock`); also the prefix of `openai/gpt-4o`. */
  provider: string;
  /** Id of the price entry that matched, empty when none did. */
  modelId: string;
  /** JSON object text, or empty. */
  modelParameters: string;
  /** Tokens (or units) by usage type, disjoint buckets plus `total`; what reads return. */
  usage: Record<string, number>;
  /** As the client sent it, before normalisation added `total` or a price was looked up. */
  providedUsage: Record<string, number>;
  /** USD by usage type as decimal text with at most 12 decimals. */
  cost: Record<string, string>;
  providedCost: Record<string, string>;
  /** USD decimal text; null means unknown, which is not 0. */
  totalCost: string | null;
  costSource: CostSource;
  pricingTierId: string;
  pricingTierName: string;
  /** USD a unit by usage type as the matched entry has it, decimal text, whoever stated the cost; `input` and `output` even without usage. */
  prices: Record<string, string>;
  promptId: string;
  promptName: string;
  promptVersion: number | null;

  // Payload.
  input: string;
  output: string;
  /** The observation's own metadata: top-level key → bare string, or JSON text of any other value. */
  metadata: Record<string, string>;
  /** Received attributes that no rule consumed (OTLP); non-strings as JSON text. */
  attributes: Record<string, string>;
  /** Hashes of the fields that are too large for a row, of which it has the beginning (large-fields/cut.ts). Never from a sender. */
  payloadBlobs: readonly string[];
  resourceAttributes: Record<string, string>;
  /** JSON array text of span events `{name, timestamp, attributes}`, or empty. */
  events: string;
  /** Tool name → JSON text `{description, parameters}`. */
  toolDefinitions: Record<string, string>;
  /** JSON text of each call `{id, name, arguments, …}`. */
  toolCalls: string[];
  toolCallNames: string[];

  // Experiment, when the span is part of one.
  experimentId: string;
  experimentName: string;
  experimentDescription: string;
  experimentMetadata: string;
  experimentDatasetId: string;
  experimentItemId: string;
  /** ISO 8601, or empty. */
  experimentItemVersion: string;
  experimentItemMetadata: string;
  experimentItemRootId: string;
  experimentItemExpectedOutput: string;

  // Where it came from.
  source: 'otlp' | 'json' | 'ui';
  publicKey: string;
  sdkName: string;
  sdkVersion: string;
  serviceName: string;
  serviceVersion: string;
  scopeName: string;
  scopeVersion: string;
  /** JSON object text, or empty. */
  scopeAttributes: string;
  /** Bytes of input, output and metadata as received. */
  sizeBytes: number;
  /** True when the sender's time was outside [now − 5 years, now + 1 day] and receipt time was stored instead. */
  timeAdjusted: boolean;
  /** JSON of the field clocks (JSON door only, see merge), or empty. */
  clocks: string;
  createdAt: Micros;
  updatedAt: Micros;
  /** The newest version of a row wins in the engine. */
  rowVersion: number;
  isDeleted: boolean;
}

/** A row as it lies in the engine: with what follows from it and is kept beside it for lists. */
export interface StoredObservation extends ObservationRow {
  inputTokens: number;
  outputTokens: number;
  totalTokens: number;
  inputPreview: string;
  outputPreview: string;
}

/** A row of which input and output may still be the bytes of an answer, in UTF-8. */
export type WithPayload<Row> = Omit<Row, 'input' | 'output'> &
  Record<keyof Row & ('input' | 'output'), string | Buffer>;

/** A row that says nothing but who it is; callers spread their statements over it. */
export function emptyRow(
  identity: Pick<ObservationRow, 'projectId' | 'kind' | 'id' | 'traceId' | 'startTime' | 'source'>,
): ObservationRow {
  return {
    parentId: '',
    type: 'SPAN',
    name: '',
    endTime: null,
    completionStartTime: null,
    eventTime: identity.startTime,
    environment: 'default',
    version: '',
    release: '',
    level: 'DEFAULT',
    statusMessage: '',
    traceName: '',
    userId: '',
    sessionId: '',
    tags: [],
    public: null,
    bookmarked: null,
    traceInput: '',
    traceOutput: '',
    traceMetadata: {},
    isAppRoot: false,
    model: '',
    provider: '',
    modelId: '',
    modelParameters: '',
    usage: {},
    providedUsage: {},
    cost: {},
    providedCost: {},
    totalCost: null,
    costSource: '',
    pricingTierId: '',
    pricingTierName: '',
    prices: {},
    promptId: '',
    promptName: '',
    promptVersion: null,
    input: '',
    output: '',
    metadata: {},
    attributes: {},
    payloadBlobs: [],
    resourceAttributes: {},
    events: '',
    toolDefinitions: {},
    toolCalls: [],
    toolCallNames: [],
    experimentId: '',
    experimentName: '',
    experimentDescription: '',
    experimentMetadata: '',
    experimentDatasetId: '',
    experimentItemId: '',
    experimentItemVersion: '',
    experimentItemMetadata: '',
    experimentItemRootId: '',
    experimentItemExpectedOutput: '',
    publicKey: '',
    sdkName: '',
    sdkVersion: '',
    serviceName: '',
    serviceVersion: '',
    scopeName: '',
    scopeVersion: '',
    scopeAttributes: '',
    sizeBytes: 0,
    timeAdjusted: false,
    clocks: '',
    createdAt: 0,
    updatedAt: 0,
    rowVersion: 0,
    isDeleted: false,
    ...identity,
  };
}

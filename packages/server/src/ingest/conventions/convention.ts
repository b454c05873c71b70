import type { Level, Micros, ObservationType } from '../observation.ts';
import type { Attributes, AttributeValue, DecodedSpan } from '../otlp/span.ts';

/**
 * What an attribute may become, and what kind of value it is then. A rule whose reader does not give that kind does not
 * compile. `trace…` fields speak about the trace; the row that says it is enough (architecture, "A trace is read from its rows").
 */
export interface Fields {
  type: ObservationType;
  name: string;
  level: Level;
  statusMessage: string;
  /** What went wrong, for a failed span whose status says nothing. */
  errorMessage: string;
  environment: string;
  version: string;
  release: string;
  serviceName: string;
  serviceVersion: string;

  traceName: string;
  userId: string;
  sessionId: string;
  tags: string[];
  public: boolean;
  isAppRoot: boolean;
  traceInput: string;
  traceOutput: string;

  input: string;
  output: string;
  /** Merged, not first-wins: a whole object first, single keys over it. */
  metadata: MetadataEntries;
  traceMetadata: MetadataEntries;

  model: string;
  provider: string;
  /** Values as the row keeps them; the first source that gives any is the only one. */
  modelParameters: ModelParameters;
  completionStartTime: Micros;
  promptName: string;
  promptVersion: number;

  /** A whole usage map that replaces all buckets below. */
  usage: Record<string, number>;
  'usage.input': number;
  'usage.output': number;
  'usage.total': number;
  'usage.input_cached_tokens': number;
  'usage.input_cache_creation': number;
  'usage.input_cache_creation_5m': number;
  'usage.input_cache_creation_1h': number;
  'usage.input_cache_read': number;
  'usage.input_cache_write': number;
  'usage.input_audio_tokens': number;
  'usage.input_image_tokens': number;
  'usage.input_video_tokens': number;
  'usage.output_reasoning_tokens': number;
  'usage.output_audio_tokens': number;
  'usage.accepted_prediction_tokens': number;
  'usage.rejected_prediction_tokens': number;
  /** Counted inside another bucket already: named so that it is not taken for a bucket of its own. */
  'usage.none': number;
  /** What no other rule names: the rest of the key is the bucket. */
  'usage.*': number;
  /** USD by usage type. */
  cost: Record<string, number>;

  toolDefinitions: AttributeValue;

  experimentId: string;
  experimentName: string;
  experimentDescription: string;
  experimentMetadata: MetadataEntries;
  experimentDatasetId: string;
  experimentItemId: string;
  experimentItemVersion: string;
  experimentItemMetadata: MetadataEntries;
  experimentItemRootId: string;
  experimentItemExpectedOutput: string;
}
export type Field = keyof Fields;

export type MetadataEntries = [key: string, value: AttributeValue][];
export type ModelParameters = Record<string, string | number | null>;

/** What a reader may look at beside the value: the span it stands on and where that comes from. */
export interface SpanContext {
  span: DecodedSpan;
  scopeName: string;
  scopeVersion: string;
  resource: Attributes;
  /** Start of the span, or what stands in for it. */
  startTime: Micros;
}

/**
 * Answers `undefined` for a value that is not of its kind: a bad attribute is skipped, never an error. `key` is the attribute's
 * name, or for a rule `prefix.*` what stands for the star.
 */
export interface Reader<T> {
  (value: AttributeValue, context: SpanContext, key: string): T | undefined;
  /** A word for the documentation. */
  readonly label: string;
}

/**
 * How we know: `seen` in traffic recorded from a published client, read in its `documentation` or, where that names no attributes,
 * in its public `code`. `upstream`: only from how upstream reads it.
 */
export type Provenance = 'seen' | 'documentation' | 'code' | 'upstream';

/**
 * attribute → field. An attribute `prefix.*` covers all keys that begin with `prefix.`, for `usage.*` and `modelParameters` only
 * those without a rule of their own; `resource:name` is read from the resource instead of the span.
 */
type Rule = {
  [F in Field]: readonly [attribute: string, field: F, read: Reader<Fields[F]>, from: Provenance];
}[Field];

export interface Convention {
  readonly name: string;
  /** Where it is written down. */
  readonly source: string;
  /** Instrumentation scopes (exact names) the rules hold for; all when absent. */
  readonly scopes?: readonly string[];
  readonly rules: readonly Rule[];
}

// The definition of stores/clickhouse/resolved-traces.ts once more, over rows that were read: the engine takes 0.1 ms to
// understand each function of a statement, which for all of a trace is more than reading its rows. A property test holds
// the two together.
import { decimalText, scaledDecimal } from '../stores/clickhouse/row-binary.ts';
import type { Level, Micros, StoredObservation, WithPayload } from './observation.ts';

type Row = WithPayload<StoredObservation>;
type Field = keyof Row & string;

/** A trace as its rows tell. `''` is "not said"; flags are 0 or 1; `root_*` is what the root received over OTLP. */
export interface ResolvedTrace {
  trace_id: string;
  name: string;
  user_id: string;
  session_id: string;
  release: string;
  version: string;
  environment: string;
  tags: string[];
  public: number;
  bookmarked: number;
  input: string;
  output: string;
  input_preview: string;
  output_preview: string;
  metadata: Record<string, string>;
  /** Without what the root says of itself: that is not for the other observations. */
  said_metadata: Record<string, string>;
  root_attributes: Record<string, string>;
  root_resource_attributes: Record<string, string>;
  /** Name, version, attributes as JSON object text. */
  root_scope: [string, string, string];
  has_otlp_root: number;
  /** v2 shows the trace's event as a root when it carries a payload and no root came over OTLP (D3). */
  has_trace_root: number;
  timestamp: Micros;
  /** Of its observations, like `last_end`; 0 when there are none. */
  first_start: Micros;
  last_end: Micros;
  ended_count: number;
  running: number;
  observation_count: number;
  observation_ids: string[];
  /** USD, decimal text; null when no observation has a known cost. */
  total_cost: string | null;
  input_tokens: number;
  output_tokens: number;
  total_tokens: number;
  calls: number;
  unpriced_calls: number;
  models: string[];
  error_count: number;
  warning_count: number;
  level: Level;
  error_message: string;
  created_at: Micros;
  updated_at: Micros;
  /** Of all its rows, in order: where the whole of a field is of which they have the beginning. */
  payload_blobs: string[];
}
export type TraceColumn = keyof ResolvedTrace;

/** Read of any row: whose it is, which version, and what its word counts. */
export const rowIdentity = [
  'traceId',
  'kind',
  'id',
  'parentId',
  'isAppRoot',
  'source',
  'startTime',
  'eventTime',
  'rowVersion',
  'isDeleted',
] as const satisfies Field[];
export type RowIdentity = (typeof rowIdentity)[number];

/** The fields of rows that these columns follow from. */
export const fieldsOf = (names: Iterable<TraceColumn>): Set<Field> =>
  new Set([...rowIdentity, ...Array.from(names).flatMap((name): readonly Field[] => columns[name].reads)]);

/**
 * One trace from its rows in force. `rows` need no fields but `fieldsOf(names)`.
 * @throws RangeError without rows
 */
export function resolveTrace<Name extends TraceColumn>(
  rows: readonly Partial<Row>[],
  names: readonly Name[],
): Pick<ResolvedTrace, Name> {
  if (rows.length === 0) throw new RangeError('A trace has at least one row');
  const trace = new Statements(rows as readonly Row[]);
  return Object.fromEntries(names.map((name) => [name, columns[name].of(trace)])) as Pick<ResolvedTrace, Name>;
}

/**
 * Of rows in any version those in force, by trace. A row counts once: the newest version of its id, wherever in time older
 * ones lie. Statements about a trace share its id and are united, so of them the newest of each key (each hour) counts.
 */
export function rowsInForce<Of extends Pick<Row, RowIdentity>>(versions: readonly Of[]): Map<string, Of[]> {
  const traces = new Map<string, Map<string, Of>>();
  for (const row of versions) {
    let newest = traces.get(row.traceId);
    if (!newest) traces.set(row.traceId, (newest = new Map()));
    const key = row.kind === 'trace' ? `${Math.floor(row.startTime / HOUR)} ${row.id}` : ` ${row.id}`;
    const other = newest.get(key);
    if (!other || other.rowVersion < row.rowVersion) newest.set(key, row);
  }
  const inForce = new Map<string, Of[]>();
  for (const [traceId, newest] of traces) {
    const rows = [...newest.values()].filter((row) => !row.isDeleted);
    if (rows.length > 0) inForce.set(traceId, rows);
  }
  return inForce;
}

const HOUR = 3_600_000_000;

/** What counts for the timestamp of a trace: the start of its event, where the JSON door got one, else its first. */
const timestampOf = (rows: readonly Pick<Row, 'kind' | 'source' | 'startTime'>[]): Micros => {
  const events = rows.filter(isTraceEvent);
  return least((events.length > 0 ? events : rows).map((row) => row.startTime));
};

const isTraceEvent = (row: Pick<Row, 'kind' | 'source'>): boolean => row.kind === 'trace' && row.source === 'json';
const isObservation = (row: Row): boolean => row.kind === 'observation';
const isRoot = (row: Row): boolean => isObservation(row) && (row.parentId === '' || row.isAppRoot);

/**
 * The precedence of what a row says about its trace: 4 for a statement about the trace by itself, (3 for an explicit
 * `langfuse.trace.*` on a span, see `lent`,) 2 for the root, 1 for any span. An observation of the JSON door says nothing
 * about its trace, which has an event of its own: it has rank 0, and its values count only where that event is missing.
 */
function rankOf(row: Row): number {
  if (row.kind === 'trace') return 4;
  if (row.source === 'json') return 0;
  return isRoot(row) ? 2 : 1;
}
const EXPLICIT = 3;

/** Something a row says, with what it counts. */
interface Statement<Value> {
  value: Value;
  rank: number;
  row: Row;
}

/** Below 0 when `a` counts less. Later of equal rank wins; the id makes the choice the same on every read. */
const compareStatements = (a: Statement<unknown>, b: Statement<unknown>): number =>
  a.rank - b.rank || Number(isRoot(a.row)) - Number(isRoot(b.row)) || compareTimes(a.row, b.row);

const compareTimes = (a: Row, b: Row): number => a.eventTime - b.eventTime || compareUtf8(a.id, b.id);

/** As the engine orders text: by its bytes, which differs from the order of UTF-16 above U+FFFF. */
export function compareUtf8(a: string, b: string): number {
  if (a === b) return 0;
  for (let i = 0; i < a.length && i < b.length; i += 1) {
    const [x, y] = [a.charCodeAt(i), b.charCodeAt(i)];
    if (x === y) continue;
    const isSurrogate = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdfff;
    return isSurrogate(x) === isSurrogate(y)
      ? x - y
      : isSurrogate(x)
        ? y > 0xdfff
          ? 1
          : x - y
        : x > 0xdfff
          ? -1
          : x - y;
  }
  return a.length - b.length;
}

/** The rows of a trace, asked for what they say. */
class Statements {
  readonly rows: readonly Row[];
  readonly observations: readonly Row[];
  readonly hasTraceEvent: boolean;
  /** Of the rows, in their order. */
  readonly #ranks: readonly number[];
  #otlpRoots: readonly Row[] | undefined;

  constructor(rows: readonly Row[]) {
    this.rows = rows;
    this.observations = rows.filter(isObservation);
    this.hasTraceEvent = rows.some(isTraceEvent);
    this.#ranks = rows.map(rankOf);
  }

  get otlpRoots(): readonly Row[] {
    return (this.#otlpRoots ??= this.rows.filter((row) => isRoot(row) && row.source === 'otlp'));
  }

  /** The value said with the highest precedence. */
  said(value: (row: Row) => string): string {
    return this.#best(value)?.value ?? '';
  }

  /** The same for a value of the row's own which counts for the trace, or, of a span, only when nobody says more. */
  own(value: (row: Row) => string, isExplicit?: (row: Row) => boolean): string {
    const best = this.#best(value, isExplicit);
    return best && !(best.rank === 0 && this.hasTraceEvent) ? best.value : '';
  }

  /** A value the root lends to its trace, unless a span says it explicitly. */
  lent(explicit: (row: Row) => string, value: (row: Row) => string): string {
    return this.own(
      (row) => explicit(row) || (row.kind === 'trace' || isRoot(row) ? value(row) : ''),
      (row) => explicit(row) !== '',
    );
  }

  #best(value: (row: Row) => string, isExplicit?: (row: Row) => boolean): Statement<string> | undefined {
    let best: Statement<string> | undefined;
    for (let i = 0; i < this.rows.length; i += 1) {
      const row = this.rows[i]!;
      const text = value(row);
      if (text === '') continue;
      const rank = isExplicit?.(row) ? Math.max(EXPLICIT, this.#ranks[i]!) : this.#ranks[i]!;
      if (best && rank < best.rank) continue;
      const statement = { value: text, rank, row };
      if (!best || compareStatements(best, statement) < 0) best = statement;
    }
    return best;
  }

  /** The row that is last in time. */
  latest(rows: readonly Row[]): Row | undefined {
    let latest: Row | undefined;
    for (const row of rows) if (!latest || compareTimes(latest, row) < 0) latest = row;
    return latest;
  }

  flag(field: 'public' | 'bookmarked'): number {
    return Number(this.latest(this.rows.filter((row) => row[field] !== null))?.[field] ?? false);
  }

  /** By key, statements of higher precedence over lower ones; `isOwn` are rows whose own metadata is the trace's too. */
  metadata(isOwn: (row: Row) => boolean): Record<string, string> {
    const statements: Statement<Readonly<Record<string, string>>>[] = [];
    this.rows.forEach((row, i) => {
      if (isEmpty(row.traceMetadata)) return;
      statements.push({ value: row.traceMetadata, rank: Math.max(EXPLICIT, this.#ranks[i]!), row });
    });
    this.rows.forEach((row, i) => {
      if (isOwn(row) && !isEmpty(row.metadata)) statements.push({ value: row.metadata, rank: this.#ranks[i]!, row });
    });
    const inOrder = statements.filter(({ rank }) => !(rank === 0 && this.hasTraceEvent)).toSorted(compareStatements);
    return Object.fromEntries(inOrder.flatMap(({ value }) => Object.entries(value)));
  }

  sum(field: 'inputTokens' | 'outputTokens' | 'totalTokens'): number {
    return this.observations.reduce((sum, row) => sum + row[field], 0);
  }

  levels(level: Level): number {
    return this.observations.filter((row) => row.level === level).length;
  }

  get calls(): Row[] {
    return this.observations.filter(
      (row) => (row.type === 'GENERATION' || row.type === 'EMBEDDING') && row.model !== '',
    );
  }

  /** The span of this trace that was received as its root over OTLP. */
  get otlpRoot(): Row | undefined {
    return this.latest(this.otlpRoots);
  }
}

// Rows may be tens of thousands, which is more than a call takes as arguments.
const least = (values: readonly number[]): number => values.reduce((a, b) => (b < a ? b : a), values[0] ?? 0);
const most = (values: readonly number[]): number => values.reduce((a, b) => (b > a ? b : a), values[0] ?? 0);

const sorted = (values: Iterable<string>): string[] => [...new Set(values)].toSorted(compareUtf8);

function totalCost({ observations }: Statements): string | null {
  const known = observations.flatMap(({ totalCost: usd }) => (usd === null ? [] : [usd]));
  return known.length === 0 ? null : decimalText(known.reduce((sum, usd) => sum + scaledDecimal(usd), 0n));
}

function worstLevel(trace: Statements): Level {
  if (trace.levels('ERROR') > 0) return 'ERROR';
  if (trace.levels('WARNING') > 0) return 'WARNING';
  return trace.levels('DEFAULT') > 0 || trace.levels('DEBUG') === 0 ? 'DEFAULT' : 'DEBUG';
}

function firstError({ rows }: Statements): string {
  const first = rows
    .filter((row) => row.level === 'ERROR' && row.statusMessage !== '')
    .reduce<Row | undefined>(
      (a, b) => (a && (a.startTime - b.startTime || compareUtf8(a.id, b.id)) <= 0 ? a : b),
      undefined,
    );
  return first?.statusMessage ?? '';
}

interface Column<Value> {
  /** Beside what is read for any column. */
  reads: readonly Field[];
  of(trace: Statements): Value;
}

/** Column of a resolved trace → how it follows from the trace's rows. */
// oxfmt-ignore
const columns: { [Name in TraceColumn]: Column<ResolvedTrace[Name]> } = {
  trace_id:        { reads: [],                        of: (trace) => trace.rows[0]!.traceId },
  name:            { reads: ['traceName', 'name'],     of: (trace) => trace.lent((row) => row.traceName, (row) => row.name) },
  user_id:         { reads: ['userId'],                of: (trace) => trace.said((row) => row.userId) },
  session_id:      { reads: ['sessionId'],             of: (trace) => trace.said((row) => row.sessionId) },
  release:         { reads: ['release'],               of: (trace) => trace.said((row) => row.release) },
  version:         { reads: ['version'],               of: (trace) => trace.own((row) => row.version) },
  // Who says nothing gets 'default' (S1.7), so that is what is left when nobody says more.
  environment:     { reads: ['environment'],           of: (trace) => trace.own((row) => (row.environment === 'default' ? '' : row.environment)) || 'default' },
  tags:            { reads: ['tags'],                  of: (trace) => sorted(trace.rows.flatMap((row) => row.tags)) },
  public:          { reads: ['public'],                of: (trace) => trace.flag('public') },
  bookmarked:      { reads: ['bookmarked'],            of: (trace) => trace.flag('bookmarked') },
  input:           { reads: ['traceInput', 'input'],   of: (trace) => trace.lent((row) => row.traceInput, (row) => row.input.toString()) },
  output:          { reads: ['traceOutput', 'output'], of: (trace) => trace.lent((row) => row.traceOutput, (row) => row.output.toString()) },
  input_preview:   { reads: ['traceInput', 'inputPreview'],   of: (trace) => trace.lent((row) => preview(row.traceInput), (row) => row.inputPreview) },
  output_preview:  { reads: ['traceOutput', 'outputPreview'], of: (trace) => trace.lent((row) => preview(row.traceOutput), (row) => row.outputPreview) },
  metadata:        { reads: ['traceMetadata', 'metadata'],    of: (trace) => trace.metadata((row) => row.kind === 'trace' || isRoot(row)) },
  said_metadata:   { reads: ['traceMetadata', 'metadata'],    of: (trace) => trace.metadata((row) => row.kind === 'trace') },
  root_attributes: { reads: ['attributes'],            of: (trace) => trace.otlpRoot?.attributes ?? {} },
  root_resource_attributes: { reads: ['resourceAttributes'], of: (trace) => trace.otlpRoot?.resourceAttributes ?? {} },
  root_scope:      { reads: ['scopeName', 'scopeVersion', 'scopeAttributes'], of: ({ otlpRoot: root }) => [root?.scopeName ?? '', root?.scopeVersion ?? '', root?.scopeAttributes ?? ''] },
  has_otlp_root:   { reads: [],                        of: (trace) => Number(trace.otlpRoots.length > 0) },
  has_trace_root:  { reads: ['traceInput', 'traceOutput', 'traceMetadata'], of: (trace) => Number(trace.otlpRoots.length === 0 && trace.rows.some((row) => isTraceEvent(row) && carriesPayload(row))) },
  timestamp:       { reads: [],                        of: (trace) => timestampOf(trace.rows) },
  first_start:     { reads: [],                        of: (trace) => least(trace.observations.map((row) => row.startTime)) },
  last_end:        { reads: ['endTime'],               of: (trace) => most(trace.observations.map((row) => Math.max(row.endTime ?? row.startTime, row.startTime))) },
  ended_count:     { reads: ['endTime'],               of: (trace) => trace.observations.filter((row) => row.endTime !== null).length },
  running:         { reads: ['endTime', 'type'],       of: (trace) => Number(trace.observations.some((row) => isRoot(row) && row.endTime === null && row.type !== 'EVENT')) },
  observation_count: { reads: [],                      of: (trace) => trace.observations.length },
  observation_ids: { reads: [],                        of: (trace) => trace.observations.map((row) => row.id) },
  total_cost:      { reads: ['totalCost'],             of: totalCost },
  input_tokens:    { reads: ['inputTokens'],           of: (trace) => trace.sum('inputTokens') },
  output_tokens:   { reads: ['outputTokens'],          of: (trace) => trace.sum('outputTokens') },
  total_tokens:    { reads: ['totalTokens'],           of: (trace) => trace.sum('totalTokens') },
  calls:           { reads: ['type', 'model'],         of: (trace) => trace.calls.length },
  unpriced_calls:  { reads: ['type', 'model', 'totalCost', 'totalTokens'], of: (trace) => trace.calls.filter((row) => row.totalCost === null && row.totalTokens > 0).length },
  models:          { reads: ['model'],                 of: (trace) => sorted(trace.rows.flatMap((row) => row.model || [])) },
  error_count:     { reads: ['level'],                 of: (trace) => trace.levels('ERROR') },
  warning_count:   { reads: ['level'],                 of: (trace) => trace.levels('WARNING') },
  level:           { reads: ['level'],                 of: worstLevel },
  error_message:   { reads: ['level', 'statusMessage'], of: firstError },
  created_at:      { reads: ['createdAt'],             of: (trace) => least(trace.rows.map((row) => row.createdAt)) },
  updated_at:      { reads: ['updatedAt'],             of: (trace) => most(trace.rows.map((row) => row.updatedAt)) },
  payload_blobs:   { reads: ['payloadBlobs'],          of: (trace) => sorted(trace.rows.flatMap((row) => row.payloadBlobs)) },
};

/** The first 200 characters, as the engine counts them. */
const preview = (text: string): string =>
  text.length <= PREVIEW
    ? text
    : Array.from(text.slice(0, 2 * PREVIEW))
        .slice(0, PREVIEW)
        .join('');
const PREVIEW = 200;

const carriesPayload = (row: Row): boolean =>
  row.traceInput !== '' || row.traceOutput !== '' || !isEmpty(row.traceMetadata);

function isEmpty(map: Readonly<Record<string, string>>): boolean {
  for (const _ in map) return false;
  return true;
}

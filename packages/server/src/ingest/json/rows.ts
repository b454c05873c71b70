import { describeTools, toolCallsOf, toolsOfInput } from '../conventions/tools.ts';
import { providerOfModel } from '../conventions/provider.ts';
import { emptyRow, type Micros, type ObservationRow } from '../observation.ts';
import { emptyScore, type ScoreRow } from '../score.ts';
import { type Clock, ClockTable, ZERO } from './clock.ts';
import { observationFields, scoreFields } from './fields.ts';
import { payloadOfLogs, readEvents, showEvents } from './log-events.ts';
import { type Entity, type Fields, silent, type Statement } from './merge.ts';
import { encodeMetadata, type EncodedClocks, readMetadata, showMetadata } from './metadata.ts';

/**
 * The row that shows an entity, unpriced and without a version. What follows from other columns is derived afresh each time,
 * so that it depends on the statements alone.
 */
export function toObservationRow(
  entity: Entity<ObservationRow>,
  kind: ObservationRow['kind'],
  receivedAt: Micros,
): ObservationRow {
  const { projectId, id, base, statements } = entity;
  const row: ObservationRow = {
    ...(base ?? emptyRow({ projectId, kind, id, traceId: id, startTime: 0, source: 'json' })),
    ...stated(statements),
  };
  const metadataColumn = metadataOf(kind);
  row[metadataColumn] = showMetadata(entity.metadata, base?.[metadataColumn]);
  row.tags = [...entity.tags];
  row.eventTime = Math.max(entity.eventTime, base?.eventTime ?? 0) || row.startTime;
  row.timeAdjusted = entity.isTimeAdjusted;
  row.createdAt = entity.createdAt;
  row.updatedAt = receivedAt;
  // S2.3: an end before the start is shown as the start. The end as it was said stays with the clocks: the start may move.
  const endTime = row.endTime;
  if (endTime !== null) row.endTime = Math.max(endTime, row.startTime);
  const unshown: Partial<ObservationRow> = row.endTime === endTime ? {} : { endTime };
  row.events = showEvents(base?.events ?? '', entity.logs);
  const logged = entity.logs.length > 0 ? payloadOfLogs(entity.logs) : { input: '', output: '' };
  for (const side of ['input', 'output'] as const) {
    // What the span says itself goes before it, and so does an event of the JSON door, which may also have cleared it.
    if (logged[side] === '' || row[side] !== '' || isStated(statements, side)) continue;
    row[side] = logged[side];
    unshown[side] = '';
  }
  row.clocks = encodeClocks(observationFields, entity, unshown);
  deriveModelCall(row, statements, unshown.output === '');
  row.usage = row.providedUsage;
  row.cost = row.providedCost;
  row.sizeBytes = sizeOf(row);
  return row;
}

/** The reverse: a row as read, whoever wrote it. */
export function fromObservationRow(row: ObservationRow): Entity<ObservationRow> {
  const { projectId, id, eventTime, createdAt, timeAdjusted, tags } = row;
  const saved = decodeClocks(row.clocks);
  const isOurs = row.source === 'json' && saved !== null;
  const events = readEvents(row.events, saved?.logs ?? 0);
  return {
    ...silent<ObservationRow>(projectId, id),
    base: isOurs ? null : events.logs.length > 0 ? { ...row, ...saved?.unclamped, events: events.own } : row,
    logs: events.logs,
    statements: readStatements(observationFields, { ...row, ...saved?.unclamped }, saved, isOurs),
    metadata: readMetadata(row[metadataOf(row.kind)], saved?.metadata ?? null, saved?.clocks ?? []),
    tags: tags.toSorted(),
    eventTime: saved?.isSilent ? 0 : eventTime,
    isTimeAdjusted: timeAdjusted,
    createdAt,
  };
}

/** The row that shows a score, without a version. */
export function toScoreRow(entity: Entity<ScoreRow>, receivedAt: Micros): ScoreRow {
  const { projectId, id, base, statements } = entity;
  return {
    ...(base ?? emptyScore(projectId, id)),
    ...stated(statements),
    metadata: showMetadata(entity.metadata, base?.metadata),
    clocks: encodeClocks(scoreFields, entity, {}),
    createdAt: entity.createdAt,
    updatedAt: receivedAt,
  };
}

export function fromScoreRow(row: ScoreRow): Entity<ScoreRow> {
  const saved = decodeClocks(row.clocks);
  return {
    ...silent<ScoreRow>(row.projectId, row.id),
    base: saved ? null : row,
    statements: readStatements(scoreFields, row, saved, saved !== null),
    metadata: readMetadata(row.metadata, saved?.metadata ?? null, saved?.clocks ?? []),
    createdAt: row.createdAt,
  };
}

const metadataOf = (kind: ObservationRow['kind']): 'metadata' | 'traceMetadata' =>
  kind === 'trace' ? 'traceMetadata' : 'metadata';

const stated = <Row>(statements: Entity<Row>['statements']): Partial<Row> =>
  Object.assign({}, ...Object.values(statements).map((statement) => statement?.set)) as Partial<Row>;

type Statements = Entity<ObservationRow>['statements'];

const isStated = (statements: Statements, field: keyof typeof observationFields): boolean =>
  statements[field] !== undefined && statements[field].clock !== ZERO;

function deriveModelCall(row: ObservationRow, statements: Statements, isOutputLogged: boolean): void {
  if (isStated(statements, 'model')) row.provider = providerOfModel(row.model);
  if (row.type !== 'GENERATION') return;
  if (isStated(statements, 'input')) row.toolDefinitions = describeTools(toolsOfInput(row.input));
  if (isStated(statements, 'output') || isOutputLogged) {
    const { calls, names } = toolCallsOf(row.output);
    row.toolCalls = calls;
    row.toolCallNames = names;
  }
}

function sizeOf(row: ObservationRow): number {
  const texts = [row.input, row.output, row.traceInput, row.traceOutput];
  for (const record of [row.metadata, row.traceMetadata]) texts.push(...Object.keys(record), ...Object.values(record));
  return texts.reduce((size, text) => size + Buffer.byteLength(text), 0);
}

/** The JSON of a row's `clocks`: each clock once, everything else its position. Most rows have one or two. */
interface ClocksJson {
  /** The clocks. */
  c: Clock[];
  /** Field → clock of its statement. */
  f: Record<string, number>;
  /** The same for weak statements. */
  w?: Record<string, number>;
  /** Metadata. */
  m?: EncodedClocks;
  /** Columns whose value in the row is not the one that was said. */
  u?: Record<string, unknown>;
  /** No event has said anything that can change: `eventTime` is the start. */
  s?: 1;
  /** So many of the row's events, the last ones, are log records. */
  l?: number;
}

function encodeClocks<Row>(fields: Fields<Row>, entity: Entity<Row>, unclamped: Record<string, unknown>): string {
  const table = new ClockTable();
  const json: ClocksJson = { c: table.clocks, f: {} };
  for (const name of Object.keys(fields)) {
    const statement = entity.statements[name];
    if (!statement || statement.clock === ZERO) continue;
    const position = table.position(statement.clock);
    if (statement.isWeak) (json.w ??= {})[name] = position;
    else json.f[name] = position;
  }
  const metadata = encodeMetadata(entity.metadata, table);
  if (metadata !== null) json.m = metadata;
  if (Object.keys(unclamped).length > 0) json.u = unclamped;
  if (entity.eventTime === 0) json.s = 1;
  if (entity.logs.length > 0) json.l = entity.logs.length;
  return JSON.stringify(json);
}

interface SavedClocks {
  clocks: readonly Clock[];
  strong: Readonly<Record<string, number>>;
  weak: Readonly<Record<string, number>>;
  metadata: EncodedClocks | null;
  unclamped: Readonly<Record<string, unknown>>;
  isSilent: boolean;
  logs: number;
}

/** Null for a row that carries none. */
function decodeClocks(text: string): SavedClocks | null {
  if (text === '') return null;
  const { c, f, w = {}, m = null, u = {}, s, l = 0 } = JSON.parse(text) as ClocksJson;
  return { clocks: c, strong: f, weak: w, metadata: m, unclamped: u, isSilent: s === 1, logs: l };
}

/** A column without a clock was never stated in a row of ours; in another's row it is what that row says, older than any event. */
function readStatements<Row>(
  fields: Fields<Row>,
  row: Row,
  saved: SavedClocks | null,
  isOurs: boolean,
): Entity<Row>['statements'] {
  const statements: Record<string, Statement<Row>> = {};
  for (const [name, { columns }] of Object.entries(fields)) {
    const strong = saved?.strong[name];
    const weak = saved?.weak[name];
    const position = strong ?? weak;
    if (position === undefined && isOurs) continue;
    const set = Object.fromEntries(columns.map((column) => [column, row[column]])) as Partial<Row>;
    const clock = position === undefined ? ZERO : saved!.clocks[position]!;
    statements[name] = { set, clock, ...(weak !== undefined && { isWeak: true }) };
  }
  return statements;
}

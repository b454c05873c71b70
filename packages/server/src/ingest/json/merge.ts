/*
 * The merge of the JSON door (S2.3, architecture "Merge"). What an event says, and what is known of an entity, have the same
 * form: for each field the statement that stands, with its clock. `join` of any number of them, in any order, grouping and
 * repetition, gives the same result, so no log of events is kept and one that comes a week late still lands right.
 *
 * Stages of an event: events.ts states it → join within the request → join with the known state → rows.ts writes a row.
 */
import type { Micros } from '../observation.ts';
import { type Clock, compareClocks, ZERO } from './clock.ts';
import { joinLogs, type LogEvent } from './log-events.ts';
import { joinMetadata, type MetadataNode, NOTHING, statedMetadata } from './metadata.ts';

/**
 * Which statement about a field stands.
 * - `newest`: the last one said.
 * - `oldest`: the first one said; what S2.3 calls immutable.
 * - `create`: the newest among creates, and an update's only where there is no create: its type is a generic one.
 */
export type Keeps = 'newest' | 'oldest' | 'create';

/** Columns that are stated together, and which statement stands. */
export interface Field<Row> {
  readonly keeps: Keeps;
  readonly columns: readonly (keyof Row & string)[];
}

/** Name of a field → its rule, for one kind of row. */
export type Fields<Row> = Readonly<Record<string, Field<Row>>>;

export interface Statement<Row> {
  readonly set: Readonly<Partial<Row>>;
  readonly clock: Clock;
  /** A default, or an empty object: counts only where nothing was said. */
  readonly isWeak?: boolean;
}

/** What is known of one entity, or what one event says of it. */
export interface Entity<Row> {
  readonly projectId: string;
  readonly id: string;
  /** The row of an entity that did not come through this door: its other columns stay as they are. */
  readonly base: Row | null;
  readonly statements: Readonly<Partial<Record<string, Statement<Row>>>>;
  readonly metadata: MetadataNode;
  /** Sorted, each once. */
  readonly tags: readonly string[];
  /** Log records about an observation, earliest first, each once. */
  readonly logs: readonly LogEvent[];
  /** Of the newest event that said anything that can change; 0 when none did. */
  readonly eventTime: Micros;
  readonly isTimeAdjusted: boolean;
  /** First receipt. */
  readonly createdAt: Micros;
}

/** Commutative, associative, idempotent; of two rows of another door the newer version stands, and what the other said goes. */
export function join<Row>(fields: Fields<Row>, left: Entity<Row>, right: Entity<Row>): Entity<Row> {
  const [a, b] = withOneBase(left, right);
  const statements = { ...a.statements };
  for (const [name, theirs] of Object.entries(b.statements)) {
    const ours = statements[name];
    if (theirs) statements[name] = ours ? standing(fields[name]!.keeps, ours, theirs) : theirs;
  }
  return {
    projectId: a.projectId,
    id: a.id,
    base: a.base ?? b.base,
    statements,
    metadata: joinMetadata(a.metadata, b.metadata),
    tags: unite(a.tags, b.tags),
    logs: joinLogs(a.logs, b.logs),
    eventTime: Math.max(a.eventTime, b.eventTime),
    isTimeAdjusted: a.isTimeAdjusted || b.isTimeAdjusted,
    createdAt: Math.min(a.createdAt, b.createdAt),
  };
}

function withOneBase<Row>(a: Entity<Row>, b: Entity<Row>): [Entity<Row>, Entity<Row>] {
  if (!a.base || !b.base || a.base === b.base) return [a, b];
  return versionOf(a.base) > versionOf(b.base) ? [a, withoutBase(b)] : [withoutBase(a), b];
}

const versionOf = (row: unknown): number => (row as { rowVersion: number }).rowVersion;

function withoutBase<Row>(entity: Entity<Row>): Entity<Row> {
  const stated = Object.entries(entity.statements).filter(([, statement]) => statement?.clock !== ZERO);
  return {
    ...entity,
    base: null,
    statements: Object.fromEntries(stated),
    metadata: statedMetadata(entity.metadata),
    tags: [],
    eventTime: 0,
  };
}

function standing<Row>(keeps: Keeps, a: Statement<Row>, b: Statement<Row>): Statement<Row> {
  if (Boolean(a.isWeak) !== Boolean(b.isWeak)) return a.isWeak ? b : a;
  const order = compareFor[keeps](a.clock, b.clock);
  if (order !== 0) return order > 0 ? a : b;
  // The same event with another body: a time of receipt that stands in for a broken clock, or a client that reuses event
  // ids. Any fixed choice converges; for a receipt it is the first.
  return compareText(JSON.stringify(a.set), JSON.stringify(b.set)) <= 0 ? a : b;
}

/** Positive when the first stands. */
const compareFor: Record<Keeps, (a: Clock, b: Clock) => number> = {
  newest: compareClocks,
  oldest: (a, b) => compareClocks(b, a),
  create: (a, b) => b[1] - a[1] || compareClocks(a, b),
};

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function unite(a: readonly string[], b: readonly string[]): readonly string[] {
  if (b.length === 0) return a;
  if (a.length === 0) return b;
  return [...new Set([...a, ...b])].toSorted(compareText);
}

/** An entity of which nothing is said yet; events.ts and rows.ts spread what they know over it. */
export const silent = <Row>(projectId: string, id: string): Entity<Row> => ({
  projectId,
  id,
  base: null,
  statements: {},
  metadata: NOTHING,
  tags: [],
  logs: [],
  eventTime: 0,
  isTimeAdjusted: false,
  createdAt: Number.MAX_SAFE_INTEGER,
});

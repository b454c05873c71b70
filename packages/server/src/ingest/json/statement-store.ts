import type { ProjectScope } from '../../stores/scope.ts';
import type { Journal } from '../journal.ts';
import type { LedgerEntry } from '../ledger/receipt.ts';
import type { Micros, ObservationRow } from '../observation.ts';
import type { ScoreRow } from '../score.ts';
import { nextTurn } from '../../turns.ts';
import { createEntities, type Wanted } from './entities.ts';
import type { EventStatement } from './events.ts';
import { observationFields, scoreFields } from './fields.ts';
import { type ObservationKey, observationKind, type ReadEntities, type ReadScores, scoreKind } from './kinds.ts';
import { type Entity, type Fields, join } from './merge.ts';
import type { StoredIds } from './stored-ids.ts';

export interface StatementStoreNeeds {
  journal: Journal;
  readEntities: ReadEntities;
  readScores: ReadScores;
  /** Where this process is the only one that writes; its rows are noted on their way (stored-ids.ts). */
  storedIds?: Pick<StoredIds, 'isNew'>;
  /** Those of the given traces that were deleted in the last 24 h. */
  deletedTraces(scope: ProjectScope, traceIds: readonly string[]): Promise<ReadonlySet<string>>;
  price(row: ObservationRow): ObservationRow;
  /** Told how many events and scores of a request were stored. */
  countStored?(scope: ProjectScope, items: number): void;
  /** Memory for the last states of traces and observations. */
  maxCacheBytes?: number;
}

/** What became of statements: known before their rows are handed over. */
export interface StoredStatements {
  /** Of deleted traces: acknowledged, not stored. */
  dropped: { id: string; traceId: string; count: number }[];
  /** Of the rows; may hold one twice, or be empty. */
  traceIds: string[];
  /** Of the traces of the rows and of those `mentioned`. */
  deleted: ReadonlySet<string>;
}

/** Scores are rarely said twice. */
const MAX_SCORE_BYTES = 4 * 1024 * 1024;

export type StatementStore = ReturnType<typeof createStatementStore>;

/** Merges what requests say with what is known, and stores the rows that result. Both kinds of a request are one block. */
export function createStatementStore({
  journal,
  readEntities,
  readScores,
  storedIds,
  deletedTraces,
  price,
  countStored = () => undefined,
  maxCacheBytes,
}: StatementStoreNeeds) {
  // Our own rows in the journal are pinned in memory; those of other doors and of the last run must be in the engine first.
  const othersApplied = (scope: ProjectScope): Promise<void> =>
    journal.barrier({ projectId: scope.projectId, exceptKept: true });
  const whenApplied = (scope: ProjectScope): Promise<void> => journal.barrier({ projectId: scope.projectId });
  const observations = createEntities(
    observationKind(async (scope, ...asked) => {
      await othersApplied(scope);
      return readEntities(scope, ...asked);
    }, price),
    {
      whenApplied,
      ...(storedIds && { isNew: storedIds.isNew }),
      ...(maxCacheBytes !== undefined && { maxBytes: maxCacheBytes }),
    },
  );
  const scores = createEntities(
    scoreKind(async (scope, ids) => {
      await othersApplied(scope);
      return readScores(scope, ids);
    }),
    { maxBytes: MAX_SCORE_BYTES, whenApplied },
  );

  function forgetTraces(scope: ProjectScope, traceIds: ReadonlySet<string>): void {
    observations.forget(scope, (entity) => isIn(traceIds, entity));
    scores.forget(scope, (entity) => isIn(traceIds, entity));
  }

  /** Part of a request; `events` and `scores` are about other entities than those of its other parts. */
  async function storePart(
    scope: ProjectScope,
    { events, scores: newScores, mentioned }: Part,
    receivedAt: Micros,
    ledgerOf?: (became: StoredStatements) => LedgerEntry,
  ): Promise<StoredStatements> {
    if (events.length === 0 && newScores.length === 0) {
      const became = { dropped: [], traceIds: [], deleted: await deletedTraces(scope, mentioned) };
      const ledger = ledgerOf?.(became);
      if (ledger) await journal.append({ projectId: scope.projectId, observations: [], scores: [], ledger });
      return became;
    }

    const openedEvents = await observations.open(scope, events);
    let openedScores: Awaited<ReturnType<typeof scores.open>> | null = null;
    let deleted: ReadonlySet<string> = new Set();
    const release = (stored: boolean): void => {
      openedScores?.release({ stored });
      openedEvents.release({ stored });
      if (deleted.size > 0) forgetTraces(scope, deleted);
    };
    try {
      openedScores = await scores.open(scope, newScores);
      deleted = await deletedTraces(scope, [
        ...new Set([
          ...events.flatMap(({ key, entity }) => [
            key.id,
            ...tracesOf(entity),
            ...tracesOf(openedEvents.get(key).entity),
          ]),
          ...newScores.flatMap(({ entity }) => tracesOf(entity)),
          ...mentioned,
        ]),
      ]);

      // From here to the append nothing awaits, so no other request's statements are lost in between.
      const block = {
        projectId: scope.projectId,
        observations: [] as ObservationRow[],
        scores: [] as ScoreRow[],
        isKeptUntilApplied: true as const,
      };
      const dropped: StoredStatements['dropped'] = [];
      const drop = (entity: Traced, count: number): void =>
        void dropped.push({ id: entity.id, traceId: tracesOf(entity)[0] ?? '', count });
      for (const { key, entity, count } of events) {
        const merged = joined(observationFields, openedEvents.get(key).entity, entity);
        if (isIn(deleted, merged)) drop(merged, count);
        else block.observations.push(...openedEvents.apply(key, merged, receivedAt));
      }
      for (const { key, entity, count } of newScores) {
        const merged = joined(scoreFields, openedScores.get(key).entity, entity);
        if (isIn(deleted, merged)) drop(merged, count);
        else block.scores.push(...openedScores.apply(key, merged, receivedAt));
      }
      const traceIds = [...block.observations, ...block.scores].map(({ traceId }) => traceId);
      const became = { dropped, traceIds, deleted };
      const ledger = ledgerOf?.(became);
      if (traceIds.length > 0) {
        const { applied } = await journal.append({ ...block, ...(ledger && { ledger }) });
        void applied.then((fate) => release(fate === 'stored'));
      } else {
        if (ledger) await journal.append({ ...block, ledger });
        release(true);
      }
      return became;
    } catch (error) {
      release(false);
      throw error;
    }
  }

  return {
    /**
     * Resolves once the rows are acknowledged by the journal, together with what `ledgerOf` says of them. What is about many
     * entities is stored in parts, so that other requests have their turn; the ledger then comes with the last, after the others.
     * @throws OverloadedError when they could not be; sending the same statements again is always right
     */
    async store(
      scope: ProjectScope,
      said: {
        events?: readonly EventStatement[];
        scores?: readonly Entity<ScoreRow>[];
        /** Traces of what was refused: the ledger must not keep what it said of deleted ones. */
        mentioned?: readonly string[];
      },
      receivedAt: Micros,
      ledgerOf?: (became: StoredStatements) => LedgerEntry,
    ): Promise<void> {
      const { events = [], scores: given = [], mentioned = [] } = said;
      const [last, ...others] = parts(groupEvents(events), groupScores(given), mentioned);
      const storing: Promise<StoredStatements>[] = [];
      for (const part of others) {
        const one = storePart(scope, part, receivedAt);
        one.catch(() => undefined); // told below
        storing.push(one);
        await nextTurn();
      }
      const before = await Promise.all(storing);
      const ledgerOfAll = ledgerOf && ((those: StoredStatements) => ledgerOf(united([...before, those])));
      const { dropped, traceIds } = united([...before, await storePart(scope, last, receivedAt, ledgerOfAll)]);
      if (traceIds.length === 0) return;
      countStored(scope, events.length + given.length - dropped.reduce((sum, { count }) => sum + count, 0));
    },

    /** To be called when traces are deleted: their last states must not come back after the mark of 24 h is gone. */
    forgetTraces,

    /** To be called when another door has stored these observations: the next event about them reads them again. */
    overwritten: (scope: ProjectScope, keys: readonly ObservationKey[]): void => observations.overwritten(scope, keys),
  };
}

interface Part {
  events: readonly Grouped<ObservationRow, ObservationKey>[];
  scores: readonly Grouped<ScoreRow, string>[];
  mentioned: readonly string[];
}

/** Entities of one part: those of a few milliseconds, and of as many events as SDKs send at once. */
const PART = 200;

function parts(events: Part['events'], scores: Part['scores'], mentioned: Part['mentioned']): [Part, ...Part[]] {
  const last: Part = { events: events.slice(0, PART), scores: scores.slice(0, PART), mentioned };
  const others: Part[] = [];
  for (let from = PART; from < Math.max(events.length, scores.length); from += PART) {
    const to = from + PART;
    others.push({ events: events.slice(from, to), scores: scores.slice(from, to), mentioned: [] });
  }
  return [last, ...others];
}

const united = (all: readonly StoredStatements[]): StoredStatements => ({
  dropped: all.flatMap(({ dropped }) => dropped),
  traceIds: all.flatMap(({ traceIds }) => traceIds),
  deleted: new Set(all.flatMap(({ deleted }) => [...deleted])),
});

type Grouped<Row, Key> = Wanted<Key> & { entity: Entity<Row>; count: number };

/** What a request says of one entity, as one: events are merged among themselves first. */
function groupEvents(events: readonly EventStatement[]): Grouped<ObservationRow, ObservationKey>[] {
  const groups = Map.groupBy(events, ({ kind, entity }) => `${kind}\n${entity.id}`);
  return [...groups.values()].map((group) => ({
    key: { kind: group[0]!.kind, id: group[0]!.entity.id },
    times: [...new Set(group.flatMap(({ times }) => times))],
    // With its create in the same request there is nothing older to find.
    isUpdate: group.every(({ isUpdate }) => isUpdate),
    entity: group.map(({ entity }) => entity).reduce((a, b) => join(observationFields, a, b)),
    count: group.length,
  }));
}

/** A score may be replaced at any time later, and is found by its id alone. */
function groupScores(scores: readonly Entity<ScoreRow>[]): Grouped<ScoreRow, string>[] {
  return [...Map.groupBy(scores, ({ id }) => id)].map(([id, group]) => ({
    key: id,
    times: [],
    isUpdate: true,
    entity: group.reduce((a, b) => join(scoreFields, a, b)),
    count: group.length,
  }));
}

const joined = <Row>(fields: Fields<Row>, known: Entity<Row> | null, said: Entity<Row>): Entity<Row> =>
  known ? join(fields, known, said) : said;

type Traced = Entity<ObservationRow> | Entity<ScoreRow>;

/** The trace an entity belongs to; none for a score of a session or a run. */
function tracesOf(entity: Traced | null): string[] {
  const statement = entity?.statements['traceId'] ?? entity?.statements['target'];
  const traceId = statement?.set.traceId;
  return traceId ? [traceId] : [];
}

const isIn = (traceIds: ReadonlySet<string>, entity: Traced): boolean =>
  tracesOf(entity).some((traceId) => traceIds.has(traceId));

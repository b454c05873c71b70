import type { ProjectScope } from '../../stores/scope.ts';
import type { Fate, Journal, Receipt } from '../journal.ts';
import type { LedgerEntry } from '../ledger/receipt.ts';
import type { Micros, ObservationRow } from '../observation.ts';
import type { Pricing } from '../price/pricing.ts';
import type { ScoreRow } from '../score.ts';
import { createTurns, nextTurn } from '../../turns.ts';
import { type Change, createEntities, type Wanted } from './entities.ts';
import type { EventStatement } from './events.ts';
import { observationFields, scoreFields } from './fields.ts';
import { type ObservationKey, observationKind, type ReadEntities, type ReadScores, scoreKind } from './kinds.ts';
import { type Entity, type Fields, join } from './merge.ts';
import { toObservationRow } from './rows.ts';
import { createSharedEntities, type SharedStates } from './shared-entities.ts';
import type { StoredIds } from './stored-ids.ts';

export interface StatementStoreNeeds {
  journal: Journal;
  readEntities: ReadEntities;
  readScores: ReadScores;
  /** Where this process is the only one that writes; its rows are noted on their way (stored-ids.ts). */
  storedIds?: Pick<StoredIds, 'isNew'>;
  /** Those of the given traces that were deleted in the last 24 h. */
  deletedTraces(scope: ProjectScope, traceIds: readonly string[]): Promise<ReadonlySet<string>>;
  /** How the project's rows are priced now; counts the tokens of those that report none. */
  pricing(
    scope: ProjectScope,
    rows: readonly ObservationRow[],
    options?: { waitMs?: number },
  ): Promise<Pick<Pricing, 'priceRow' | 'tokenizerOf'>>;
  /** Told how many events and scores of a request were stored. */
  countStored?(scope: ProjectScope, items: number): void;
  /** Memory for the last states of traces and observations. */
  maxCacheBytes?: number;
  /** For those of them that are packed. */
  maxPackedBytes?: number;
  /** Where several processes write: the states that they share, instead of memory and `storedIds`. */
  shared?: { observations: SharedStates<ObservationRow>; scores: SharedStates<ScoreRow> };
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

/** Nobody waits for an answer while stored rows are priced again. */
const COUNTING_MS = 30_000;

/** How often a request looks again at what others said meanwhile, before it goes on. */
const MAX_ROUNDS = 5;

export type StatementStore = ReturnType<typeof createStatementStore>;

/** Merges what requests say with what is known, and stores the rows that result. Both kinds of a request are one block. */
export function createStatementStore({
  journal,
  readEntities,
  readScores,
  storedIds,
  deletedTraces,
  pricing,
  countStored = () => undefined,
  maxCacheBytes,
  maxPackedBytes,
  shared,
}: StatementStoreNeeds) {
  // Our own rows in the journal are pinned in memory; those of other doors and of the last run must be in the engine first.
  const othersApplied = (scope: ProjectScope): Promise<void> =>
    journal.barrier({ projectId: scope.projectId, exceptKept: true });
  const whenApplied = (scope: ProjectScope): Promise<void> => journal.barrier({ projectId: scope.projectId });
  const ofObservations = observationKind(async (scope, ...asked) => {
    await othersApplied(scope);
    return readEntities(scope, ...asked);
  });
  const ofScores = scoreKind(async (scope, ids) => {
    await othersApplied(scope);
    return readScores(scope, ids);
  });
  const observations = shared
    ? createSharedEntities(ofObservations, { states: shared.observations })
    : createEntities(ofObservations, {
        whenApplied,
        ...(storedIds && { isNew: storedIds.isNew }),
        ...(maxCacheBytes !== undefined && { maxBytes: maxCacheBytes }),
        ...(maxPackedBytes !== undefined && { maxPackedBytes }),
      });
  const scores = shared
    ? createSharedEntities(ofScores, { states: shared.scores })
    : createEntities(ofScores, { maxBytes: MAX_SCORE_BYTES, whenApplied });

  function forgetTraces(scope: ProjectScope, traceIds: ReadonlySet<string>): void {
    observations.forget(scope, (entity) => isIn(traceIds, entity));
    scores.forget(scope, (entity) => isIn(traceIds, entity));
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
      const { projectId } = scope;
      const { mentioned = [] } = said;
      const events = groupEvents(said.events ?? []);
      const newScores = groupScores(said.scores ?? []);
      if (events.length === 0 && newScores.length === 0) {
        const deletedOnes = await deletedTraces(scope, mentioned);
        const ledger = ledgerOf?.({ dropped: [], traceIds: [], deleted: deletedOnes });
        if (ledger) await journal.append({ projectId, observations: [], scores: [], ledger });
        return;
      }

      const openedEvents = await observations.open(scope, events);
      let openedScores: Awaited<ReturnType<typeof scores.open>> | null = null;
      const deleted = new Set<string>();
      const appended: Promise<Receipt>[] = [];
      let isAcknowledgedInPart = false;
      const release = (stored: boolean): void => {
        openedScores?.release({ stored });
        openedEvents.release({ stored });
        if (deleted.size > 0) forgetTraces(scope, deleted);
      };
      try {
        openedScores = await scores.open(scope, newScores);
        const dropped: StoredStatements['dropped'] = [];
        const traceIds: string[] = [];
        const drop = <Row extends Traced>(entity: Entity<Row>, count: number): void =>
          void dropped.push({ id: entity.id, traceId: tracesOf(entity)[0] ?? '', count });

        /** The rows that store what is said of some entities; what is of deleted traces is dropped. */
        const written = <Row extends Traced, Key>(
          fields: Fields<Row>,
          opened: { write(changes: Change<Row, Key>[], at: Micros): Rows<Row> | Promise<Rows<Row>> },
          some: readonly Grouped<Row, Key>[],
        ): Row[] | Promise<Row[]> => {
          const merged: Entity<Row>[] = [];
          const changes = some.map(({ key, entity }, i) => ({
            key,
            to(known: Entity<Row> | null) {
              merged[i] = joined(fields, known, entity);
              return isIn(deleted, merged[i]) ? null : merged[i];
            },
          }));
          const kept = (rows: Rows<Row>): Row[] =>
            rows.flatMap((those, i) => {
              if (those === null) drop(merged[i]!, some[i]!.count);
              return those ?? [];
            });
          const rows = opened.write(changes, receivedAt);
          return isPromise(rows) ? rows.then(kept) : kept(rows);
        };

        const all = parts(events, newScores);
        const stateOf = ({ key }: { key: ObservationKey }) => openedEvents.get(key).entity;
        const states = new Map<object, Entity<ObservationRow> | null>();
        /** What of these has changed since it was asked before. */
        const uncounted = (some: Part['events']): ObservationRow[] =>
          some.flatMap((event) => {
            const state = stateOf(event);
            if (states.has(event) && states.get(event) === state) return [];
            states.set(event, state);
            const merged = joined(observationFields, state, event.entity);
            return mayLackUsage(merged) ? [toObservationRow(merged, event.key.kind, receivedAt)] : [];
          });
        const lacking: ObservationRow[] = [];
        for (const part of all) {
          lacking.push(...uncounted(part.events));
          if (!part.isLast) await nextTurn();
        }
        // All at once, for an acknowledgement waits for it once.
        if (lacking.length > 0) await pricing(scope, lacking);

        for (const part of all) {
          isAcknowledgedInPart = appended.length > 0;
          if (part.isLast) await Promise.all(appended);
          let priceRow: Pricing['priceRow'];
          let more: ObservationRow[] = [];
          let rounds = 0;
          do {
            ({ priceRow } = await pricing(scope, more));
            const deletedOnes = await deletedTraces(scope, [
              ...new Set([
                ...part.events.flatMap(({ key, entity }) => [
                  key.id,
                  ...tracesOf(entity),
                  ...tracesOf(openedEvents.get(key).entity),
                ]),
                ...part.scores.flatMap(({ entity }) => tracesOf(entity)),
                ...(part.isLast ? mentioned : []),
              ]),
            ]);
            for (const id of deletedOnes) deleted.add(id);
            // Another request may have said more of an entity meanwhile, such as its model: there may be more to count.
            more = uncounted(part.events);
            rounds += 1;
          } while (more.length > 0 && rounds < MAX_ROUNDS);

          // From here to the append nothing awaits, so no other request's statements are lost in between.
          const block = {
            projectId,
            observations: [] as ObservationRow[],
            scores: [] as ScoreRow[],
            isKeptUntilApplied: true as const,
          };
          const observationRows = written(observationFields, openedEvents, part.events);
          for (const row of isPromise(observationRows) ? await observationRows : observationRows) {
            block.observations.push(row.isDeleted ? row : priceRow(row));
          }
          const scoreRows = written(scoreFields, openedScores, part.scores);
          block.scores.push(...(isPromise(scoreRows) ? await scoreRows : scoreRows));
          for (const { traceId } of [...block.observations, ...block.scores]) traceIds.push(traceId);
          const ledger = part.isLast ? ledgerOf?.({ dropped, traceIds, deleted }) : undefined;
          if (block.observations.length + block.scores.length > 0) {
            const receipt = journal.append({ ...block, ...(ledger && { ledger }) });
            receipt.catch(() => undefined); // told at the last part
            appended.push(receipt);
          } else if (ledger) await journal.append({ ...block, ledger });
          if (!part.isLast) await nextTurn();
        }
        const receipts = await Promise.all(appended);
        if (receipts.length === 0) release(true);
        else void areApplied(receipts).then(release);
        if (traceIds.length === 0) return;
        const lost = dropped.reduce((sum, { count }) => sum + count, 0);
        countStored(scope, (said.events?.length ?? 0) + (said.scores?.length ?? 0) - lost);
      } catch (error) {
        if (!isAcknowledgedInPart) release(false);
        else {
          // Parts that were acknowledged must be found in the engine once what they said is forgotten here.
          const outcomes = await Promise.allSettled(appended);
          const receipts = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
          void areApplied(receipts).then(() => release(false));
        }
        throw error;
      }
    },

    /**
     * Resolves once the journal has it that these scores are gone; what says so lies above every row of them, whatever is
     * applied again after a crash. Unknown ids are no error.
     */
    async deleteScores(scope: ProjectScope, ids: readonly string[], at: Micros): Promise<void> {
      const opened = await scores.open(
        scope,
        ids.map((key) => ({ key, times: [], isUpdate: true })),
      );
      try {
        const rows = (await Promise.all(ids.map((id) => opened.remove(id, at)))).flat();
        if (rows.length === 0) return opened.release({ stored: true });
        const block = { projectId: scope.projectId, observations: [], scores: rows, isKeptUntilApplied: true as const };
        const { applied } = await journal.append(block);
        void applied.then((fate) => opened.release({ stored: fate === 'stored' }));
      } catch (error) {
        opened.release({ stored: false });
        throw error;
      }
    },

    /**
     * Prices stored observations again and stores those whose price has changed, above what was read and below whatever is
     * said of them meanwhile. `read` is called once they are held; it answers the newest row of each key. `textsOf` answers input
     * and output of a row that has the beginning of large fields, whole, or null when they are gone: tokens that nobody reported
     * are counted of the same text as at the door. `skipped` are those that something was said of while they were read: its door
     * has priced them, by the prices it knew.
     * @throws OverloadedError when they could not be stored
     */
    async reprice(
      scope: ProjectScope,
      keys: readonly ObservationKey[],
      {
        read,
        textsOf,
      }: {
        read(): Promise<ObservationRow[]>;
        textsOf(row: ObservationRow): Promise<Pick<ObservationRow, 'input' | 'output'> | null>;
      },
      at: Micros,
    ): Promise<{ changed: number; skipped: number }> {
      const held = observations.hold(scope, keys);
      try {
        const rows = (await read()).filter(({ isDeleted }) => !isDeleted);
        const isCut = ({ payloadBlobs }: ObservationRow): boolean => payloadBlobs.length > 0;
        const ofRow = rows.filter((row) => !isCut(row));
        const { priceRow, tokenizerOf } = await pricing(scope, ofRow, { waitMs: COUNTING_MS });
        // One at a time: such texts may be megabytes each.
        const pricedWhole = async (row: ObservationRow): Promise<ObservationRow> => {
          const texts = await textsOf(row);
          if (texts === null) return priceRow(row);
          const whole = { ...row, ...texts };
          const counted = await pricing(scope, [whole], { waitMs: COUNTING_MS });
          return { ...counted.priceRow(whole), input: row.input, output: row.output };
        };
        const turns = createTurns();
        const repriced: ObservationRow[] = [];
        for (const row of rows) {
          if (turns.isUp()) await turns.pass();
          const priced = isCut(row) && tokenizerOf(row) ? await pricedWhole(row) : priceRow(row);
          if (!isPricedAlike(row, priced)) repriced.push(priced);
        }
        const deleted = await deletedTraces(scope, [...new Set(repriced.map(({ traceId }) => traceId))]);
        // From here to the append nothing awaits: what is said of them now comes after, and deleted traces do not come back.
        let skipped = 0;
        const changed: ObservationRow[] = [];
        for (const row of repriced) {
          if (deleted.has(row.traceId)) continue;
          const rowVersion = held.next(row, row);
          if (rowVersion === null) skipped += 1;
          else changed.push({ ...row, rowVersion, updatedAt: at });
        }
        if (changed.length > 0) {
          await journal.append({ projectId: scope.projectId, observations: changed, scores: [] });
        }
        return { changed: changed.length, skipped };
      } finally {
        held.release();
      }
    },

    /** False only for an observation that is sure to be new, so that its row replaces nothing. */
    mayBeStored: (scope: ProjectScope, { id, startTime }: Pick<ObservationRow, 'id' | 'startTime'>): boolean =>
      observations.mayBeStored(scope, { kind: 'observation', id }, [startTime]),

    /** To be called when traces are deleted: their last states must not come back after the mark of 24 h is gone. */
    forgetTraces,

    /** To be called when another door has stored these observations: the next event about them reads them again. */
    overwritten: (scope: ProjectScope, keys: readonly ObservationKey[]): void => observations.overwritten(scope, keys),
  };
}

/** What `priceRow` sets. */
const priceFields = [
  'usage',
  'cost',
  'totalCost',
  'costSource',
  'modelId',
  'pricingTierId',
  'pricingTierName',
  'prices',
] as const;

const isPricedAlike = (row: ObservationRow, priced: ObservationRow): boolean =>
  priceFields.every((field) => isEqual(row[field], priced[field]));

function isEqual(a: ObservationRow[(typeof priceFields)[number]], b: typeof a): boolean {
  if (a === null || b === null || typeof a !== 'object' || typeof b !== 'object') return a === b;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}

interface Part {
  events: readonly Grouped<ObservationRow, ObservationKey>[];
  scores: readonly Grouped<ScoreRow, string>[];
  isLast: boolean;
}

/** Entities of one part: those of some milliseconds, and as many as SDKs send at once. */
const PART = 200;

function parts(events: Part['events'], scores: Part['scores']): Part[] {
  const count = Math.ceil(Math.max(events.length, scores.length) / PART);
  return Array.from({ length: count }, (_, i) => {
    const [from, to] = [i * PART, (i + 1) * PART];
    return { events: events.slice(from, to), scores: scores.slice(from, to), isLast: i === count - 1 };
  });
}

/** Once the rows of all are in the engine, or refused by it: whether none was. */
const areApplied = (receipts: readonly Receipt[]): Promise<boolean> =>
  receipts.length === 1
    ? receipts[0]!.applied.then(isStored)
    : Promise.all(receipts.map(({ applied }) => applied)).then((fates) => fates.every(isStored));

const isStored = (fate: Fate): boolean => fate === 'stored';

/** Of each entity; null for one that is not stored. */
type Rows<Row> = readonly (readonly Row[] | null)[];

/** In memory it is done at once, and must not be waited for. */
const isPromise = <T>(value: T | Promise<T>): value is Promise<T> => value instanceof Promise;

type Grouped<Row, Key> = Wanted<Key> & { entity: Entity<Row>; count: number };

/** What a request says of one entity, as one: events are merged among themselves first. */
function groupEvents(events: readonly EventStatement[]): Grouped<ObservationRow, ObservationKey>[] {
  const groups = [...Map.groupBy(events, ({ kind, entity }) => `${kind}\n${entity.id}`).values()].map((group) => ({
    key: { kind: group[0]!.kind, id: group[0]!.entity.id },
    times: [...new Set(group.flatMap(({ times }) => times))],
    // With its create in the same request there is nothing older to find.
    isUpdate: group.every(({ isUpdate }) => isUpdate),
    entity: group.map(({ entity }) => entity).reduce((a, b) => join(observationFields, a, b)),
    count: group.length,
  }));
  return groups.map((group) => ({ ...group, home: homeOf(group) }));
}

/** The trace it says it belongs to, of what is likely to be there: traces are said again and again, observations updated. */
function homeOf({ key, isUpdate, entity }: Grouped<ObservationRow, ObservationKey>): string | undefined {
  const said = entity.statements['traceId'];
  const isLikely = key.kind === 'trace' || (isUpdate && said?.isWeak !== true);
  return isLikely ? said?.set.traceId : undefined;
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

/** Whether a call has ended whose model was named and whose usage was not reported: its tokens may have to be counted. */
function mayLackUsage({ statements, base }: Entity<ObservationRow>): boolean {
  if (!base && !statements['endTime'] && !statements['output']) return false;
  const model = statements['model']?.set.model ?? base?.model ?? '';
  return model !== '' && Object.keys(statements['usage']?.set.providedUsage ?? {}).length === 0;
}

type Traced = ObservationRow | ScoreRow;

/** The trace an entity belongs to; none for a score of a session or a run. */
function tracesOf<Row extends Traced>(entity: Entity<Row> | null): string[] {
  const statement = entity?.statements['traceId'] ?? entity?.statements['target'];
  const traceId = (statement?.set as Partial<Traced> | undefined)?.traceId;
  return traceId ? [traceId] : [];
}

const isIn = <Row extends Traced>(traceIds: ReadonlySet<string>, entity: Entity<Row>): boolean =>
  tracesOf(entity).some((traceId) => traceIds.has(traceId));

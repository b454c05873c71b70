/*
 * The open entities when several processes write: their last states lie in a cache that all of them share, and a state is
 * replaced only by who has seen it. Nothing is remembered in the process, so two requests meet there in the same way whether
 * they came to one process or to two.
 *
 * A request looks at the states (`open`), those that the cache does not have are read from the engine; `write` puts the next
 * ones, and looks again at those that somebody else has replaced meanwhile. What it says is joined with what it then finds, so
 * nothing is lost. The rows follow; until they are in the engine the cache keeps the states (`settled`).
 */
import type { ProjectScope } from '../../stores/scope.ts';
import type { Micros } from '../observation.ts';
import {
  type Change,
  type EntityKind,
  loadEntities,
  nextRows,
  type Opened,
  type StoredRow,
  type Wanted,
} from './entities.ts';
import type { Entity } from './merge.ts';

/** The last state of an entity. Plain, so that it can be written as JSON. */
export interface SharedState<Row> {
  version: number;
  /** Null for one that is not stored. */
  row: Row | null;
  /** Rows that may be stored and not removed, by their place. */
  places: Record<string, Row>;
}

/** What is known of a name. The revision counts its states, and is kept for minutes when the state is not. */
export interface Seen<Row> {
  revision: number;
  state: SharedState<Row> | null;
}

/**
 * The cache. It may forget a state once it is `settled`, and its revision no sooner than the slowest request takes: else one
 * that has read the engine before would not notice that there was a state in between.
 */
export interface SharedStates<Row> {
  /** In the order of the names; of one that it knows nothing of, revision 0 without a state. */
  get(names: readonly string[]): Promise<Seen<Row>[]>;
  /** Puts the state as the next revision and answers null; where the revision is another by now, what there is. */
  replace(name: string, revision: number, state: SharedState<Row>): Promise<Seen<Row> | null>;
  /** The rows of this revision, and of those before, are in the engine. */
  settled(name: string, revision: number): Promise<void>;
  /** Another door has written the row: the state is not the last one, and the next who asks reads the engine. */
  overwritten(names: readonly string[]): Promise<void>;
}

interface Slot<Row, Key> {
  key: Key;
  name: string;
  revision: number;
  entity: Entity<Row> | null;
  version: number;
  places: Map<string, Row>;
}

export function createSharedEntities<Row extends StoredRow, Key>(
  kind: EntityKind<Row, Key>,
  { states }: { states: SharedStates<Row> },
) {
  const nameOf = (scope: ProjectScope, key: Key): string => `${scope.projectId}\n${kind.nameOf(key)}`;

  function adopt(slot: Slot<Row, Key>, { revision, state }: Seen<Row>): boolean {
    slot.revision = revision;
    if (state === null) return false;
    slot.entity = state.row === null ? null : kind.fromRow(state.row);
    slot.version = state.version;
    slot.places = new Map(Object.entries(state.places));
    return true;
  }

  async function read(
    scope: ProjectScope,
    wanted: readonly Wanted<Key>[],
    slotOf: (key: Key) => Slot<Row, Key>,
  ): Promise<void> {
    for (const [{ key }, row] of await loadEntities(kind, scope, wanted)) {
      const slot = slotOf(key);
      slot.version = row?.rowVersion ?? 0;
      slot.entity = row && !row.isDeleted ? kind.fromRow(row) : null;
      slot.places = new Map(row && !row.isDeleted ? [[kind.placeOf(row), row]] : []);
    }
  }

  return {
    async open(scope: ProjectScope, wanted: readonly Wanted<Key>[]) {
      const slots = new Map(
        wanted.map(({ key }): [string, Slot<Row, Key>] => [
          kind.nameOf(key),
          { key, name: nameOf(scope, key), revision: 0, entity: null, version: 0, places: new Map() },
        ]),
      );
      const slotOf = (key: Key): Slot<Row, Key> => slots.get(kind.nameOf(key))!;
      const wantedOf = new Map(wanted.map((each) => [kind.nameOf(each.key), each]));
      const written = new Set<Slot<Row, Key>>();

      async function look(some: readonly Slot<Row, Key>[], seen: readonly Seen<Row>[]): Promise<void> {
        const unknown = some.filter((slot, i) => !adopt(slot, seen[i]!));
        if (unknown.length === 0) return;
        await read(
          scope,
          unknown.map(({ key }) => wantedOf.get(kind.nameOf(key))!),
          slotOf,
        );
      }
      const all = [...slots.values()];
      await look(all, await states.get(all.map(({ name }) => name)));

      /** Null where the state is another by now; the slot then has that one. */
      async function attempt(slot: Slot<Row, Key>, rows: Row[], entityRow: Row | null): Promise<Row[] | null> {
        const places = new Map(slot.places);
        if (entityRow) places.set(kind.placeOf(entityRow), entityRow);
        else places.clear();
        const version = Math.max(...rows.map(({ rowVersion }) => rowVersion));
        const state = { version, row: entityRow, places: Object.fromEntries(places) };
        const other = await states.replace(slot.name, slot.revision, state);
        if (other) {
          await look([slot], [other]);
          return null;
        }
        Object.assign(slot, { revision: slot.revision + 1, version, places });
        slot.entity = entityRow && kind.fromRow(entityRow);
        written.add(slot);
        return rows;
      }

      return {
        get: (key: Key): Opened<Row> => slotOf(key),

        write: (changes: readonly Change<Row, Key>[], receivedAt: Micros): Promise<(Row[] | null)[]> =>
          Promise.all(
            changes.map(async ({ key, to }) => {
              const slot = slotOf(key);
              for (;;) {
                const entity = to(slot.entity);
                if (entity === null) return null;
                const rows = nextRows(kind, slot, key, entity, receivedAt);
                const stored = await attempt(slot, rows, rows[0]!);
                if (stored) return stored;
              }
            }),
          ),

        async remove(key: Key, receivedAt: Micros): Promise<Row[]> {
          const slot = slotOf(key);
          for (;;) {
            const removed = [...slot.places.values()].map((row) => kind.tombstone(row));
            if (removed.length === 0) return [];
            for (const tombstone of removed) tombstone.rowVersion = Math.max(slot.version + 1, receivedAt);
            const stored = await attempt(slot, removed, null);
            if (stored) return stored;
          }
        },

        /** `stored`: the rows are in the engine. Where they are not, the states stay, for others may have built on them. */
        release({ stored }: { stored: boolean }): void {
          if (!stored) return;
          for (const { name, revision } of written) states.settled(name, revision).catch(() => undefined); // it stays a while
        },
      };
    },

    /** Nothing is remembered here, and the cache forgets within minutes. */
    forget(): void {},

    overwritten(scope: ProjectScope, keys: readonly Key[]): void {
      void states.overwritten(keys.map((key) => nameOf(scope, key)));
    },

    mayBeStored: (): boolean => true,

    hold(): never {
      throw new Error('Stored rows are priced anew by a process that writes alone');
    },
  };
}

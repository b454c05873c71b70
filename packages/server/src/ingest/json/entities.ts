/*
 * The open entities of the JSON door: the last state of what events are about, so that an update need not read its row.
 *
 * A request looks at all its entities at once (`open`): each is pinned before the first await and stays in memory until the
 * request's rows are in the engine (`release`), which is after it was acknowledged: requests that overlap see each other's
 * statements, and so does one that comes while the rows are in the journal alone. The step from one state to the next
 * (`apply`) does not await: none can come between. What is not pinned is packed, least recently used first, when the memory
 * bound is reached: its row as bytes, a third of the memory and none of it looked at by the garbage collector. Beyond a second
 * bound it is forgotten, and read again from the engine.
 */
import { OverloadedError } from '../../http/errors.ts';
import type { ProjectScope } from '../../stores/scope.ts';
import type { Micros } from '../observation.ts';
import type { Entity } from './merge.ts';

const HOUR: Micros = 3_600_000_000;
const DAY: Micros = 24 * HOUR;

/** Heap of an entity beside its texts: row, statements and slot (measured on Node 24 with generations of 1.2 KB). */
const SLOT_BYTES = 4500;
/** What is pinned may exceed the bound of the memory this many times, while the engine takes no rows; then requests are refused. */
const MAX_PINNED = 4;
const MIN_BOUND_BYTES = 1024 * 1024;
/** Of a packed entity, beside its bytes: name, buffer and place in the map. */
const PACKED_BYTES = 400;

/** Which rows to read. Without bounds, at whatever time. */
export interface TimeRange {
  from?: Micros;
  to?: Micros;
}

/** Columns every stored row has, whatever it is about. */
export interface StoredRow {
  id: string;
  rowVersion: number;
  isDeleted: boolean;
}

/** How one kind of entity is kept as rows. */
export interface EntityKind<Row extends StoredRow, Key> {
  /** Unique in a project. */
  nameOf(key: Key): string;
  keyOf(row: Row): Key;
  /**
   * The newest version of each key among the rows of the range, deleted ones included: the row of an entity that moved out of
   * the range has left a deleted one. With `homes`, of the rows of these alone.
   */
  read(scope: ProjectScope, keys: readonly Key[], range: TimeRange, homes?: readonly string[]): Promise<Row[]>;
  fromRow(row: Row): Entity<Row>;
  /** Without a version. */
  toRow(entity: Entity<Row>, key: Key, receivedAt: Micros): Row;
  /** The sort key of the row within its id: versions in another place do not replace it. */
  placeOf(row: Row): string;
  /** What removes the row from its place; `rowVersion` is added. */
  tombstone(row: Row): Row;
  sizeOf(row: Row): number;
  /** The row of an entity as bytes from which `unpack` makes one that says the same; null where that cannot be. */
  pack?(entity: Entity<Row>, row: Row): Uint8Array | null;
  unpack?(scope: ProjectScope, bytes: Uint8Array): Row;
}

/** What a request needs to know of one entity. */
export interface Wanted<Key> {
  key: Key;
  /** Times its row may have: it is looked for within a day of each. Empty: at any time at once. */
  times: readonly Micros[];
  /** An update says that there is something to update; what only creates speak of and is not found nearby is new. */
  isUpdate: boolean;
  /** Where its row is most likely, which costs less to look into than a day: the trace it says it belongs to. */
  home?: string | undefined;
}

interface Slot<Row, Key> {
  name: string;
  key: Key;
  pins: number;
  /** Another door wrote the row meanwhile: to be read again before the next request builds on it. */
  isOverwritten: boolean;
  /** Set while the engine is being asked. */
  loading: Promise<void> | null;
  isKnown: boolean;
  entity: Entity<Row> | null;
  version: number;
  /** Counts calls of `apply`. */
  writes: number;
  /** Place → newest row of ours there that may be stored and not removed. More than one only while an entity moves. */
  places: Map<string, Row>;
  bytes: number;
}

/** What becomes of an entity, given what is known of it; null when nothing is to be stored. May be asked more than once. */
export interface Change<Row, Key> {
  key: Key;
  to(known: Entity<Row> | null): Entity<Row> | null;
}

/** A pinned entity. `entity` is null for one that is not stored. */
export interface Opened<Row> {
  readonly entity: Entity<Row> | null;
}

export function createEntities<Row extends StoredRow, Key>(
  kind: EntityKind<Row, Key>,
  {
    maxBytes = 32 * 1024 * 1024,
    maxPackedBytes = 2 * maxBytes,
    isNew = () => false,
    whenApplied = async () => undefined,
  }: {
    maxBytes?: number;
    /** Of those that are packed. */
    maxPackedBytes?: number;
    /** Whether it is sure that the engine has no such row within a day of these times. */
    isNew?(scope: ProjectScope, key: Key, times: readonly Micros[]): boolean;
    /** Resolves once all rows of the project acknowledged before are in the engine. */
    whenApplied?(scope: ProjectScope): Promise<void>;
  } = {},
) {
  /** Least recently used first. */
  const slots = new Map<string, Slot<Row, Key>>();
  let bytes = 0;
  /** Of entities that have no slot; least recently used first. */
  const packed = new Map<string, Uint8Array>();
  let packedBytes = 0;

  const slotName = (scope: ProjectScope, key: Key): string => `${scope.projectId}\n${kind.nameOf(key)}`;

  function pin(scope: ProjectScope, key: Key): Slot<Row, Key> {
    const name = slotName(scope, key);
    const slot = slots.get(name) ?? {
      name,
      key,
      pins: 0,
      isOverwritten: false,
      loading: null,
      isKnown: false,
      entity: null,
      version: 0,
      writes: 0,
      places: new Map(),
      bytes: 0,
    };
    unpack(scope, slot);
    slot.pins += 1;
    slots.delete(name);
    slots.set(name, slot);
    return slot;
  }

  function unpin(slot: Slot<Row, Key>, isKept: boolean): void {
    slot.pins -= 1;
    if (slot.pins === 0 && !(isKept && slot.isKnown && !slot.isOverwritten)) drop(slot);
  }

  function drop(slot: Slot<Row, Key>): void {
    bytes -= slot.bytes;
    slots.delete(slot.name);
  }

  function evict(): void {
    if (bytes <= maxBytes) return;
    for (const slot of slots.values()) {
      if (slot.pins === 0) {
        pack(slot);
        drop(slot);
      }
      if (bytes <= maxBytes) break;
    }
    for (const name of packed.keys()) {
      if (packedBytes <= maxPackedBytes) break;
      unpacked(name);
    }
  }

  /** What is about to be dropped and is no more than its one row. */
  function pack({ name, entity, places, version }: Slot<Row, Key>): void {
    const [row, more] = places.values();
    if (!kind.pack || !entity || !row || more || row.rowVersion !== version) return;
    const content = kind.pack(entity, row);
    if (!content) return;
    packed.set(name, content);
    packedBytes += content.length + PACKED_BYTES;
  }

  /** What was packed under the name, which is there no more. */
  function unpacked(name: string): Uint8Array | undefined {
    const content = packed.get(name);
    if (!content) return undefined;
    packed.delete(name);
    packedBytes -= content.length + PACKED_BYTES;
    return content;
  }

  function unpack(scope: ProjectScope, slot: Slot<Row, Key>): void {
    const content = unpacked(slot.name);
    if (!content || slot.isKnown) return;
    know(slot, kind.unpack!(scope, content));
    slot.bytes = SLOT_BYTES + content.length;
    bytes += slot.bytes;
  }

  function know(slot: Slot<Row, Key>, row: Row | undefined): void {
    slot.isKnown = true;
    slot.version = Math.max(slot.version, row?.rowVersion ?? 0);
    slot.entity = row && !row.isDeleted ? kind.fromRow(row) : null;
    slot.places = new Map(row && !row.isDeleted ? [[kind.placeOf(row), row]] : []);
  }

  async function load(
    scope: ProjectScope,
    wanted: readonly Wanted<Key>[],
    slotOf: (key: Key) => Slot<Row, Key>,
    isStillWanted: () => boolean = () => true,
  ): Promise<void> {
    const loaded = await loadEntities(kind, scope, wanted);
    if (!isStillWanted()) return;
    for (const [{ key }, row] of loaded) know(slotOf(key), row);
  }

  /** For entities that another door has written to while they were pinned: both doors' rows must be in the engine first. */
  async function reload(
    scope: ProjectScope,
    wanted: readonly Wanted<Key>[],
    slotOf: (key: Key) => Slot<Row, Key>,
  ): Promise<void> {
    const writes = (): number => wanted.reduce((sum, { key }) => sum + slotOf(key).writes, 0);
    try {
      for (let before = -1; before !== writes();) {
        before = writes();
        for (const { key } of wanted) slotOf(key).isOverwritten = false;
        await whenApplied(scope);
        // A request that had them before may write meanwhile: what is read then does not have that.
        await load(scope, wanted, slotOf, () => before === writes());
      }
    } catch (error) {
      for (const { key } of wanted) slotOf(key).isOverwritten = true;
      throw error;
    }
  }

  return {
    /**
     * Pins the entities and finds out what is stored of them. Every `open` that resolves needs its `release`.
     * @throws OverloadedError when too many are pinned by rows that the engine does not take
     */
    async open(scope: ProjectScope, wanted: readonly Wanted<Key>[]) {
      evict();
      if (bytes > Math.max(maxBytes, MIN_BOUND_BYTES) * MAX_PINNED) {
        throw new OverloadedError('Ingestion is behind; send this again', 5);
      }
      const pinned = new Map(wanted.map((each) => [kind.nameOf(each.key), pin(scope, each.key)]));
      const slotOf = (key: Key): Slot<Row, Key> => pinned.get(kind.nameOf(key))!;
      const unknown = wanted.filter(({ key, times, isUpdate }) => {
        const slot = slotOf(key);
        if (slot.isKnown || slot.loading) return false;
        slot.isKnown = !isUpdate && times.length > 0 && isNew(scope, key, times);
        return !slot.isKnown;
      });
      const stale = wanted.filter(({ key }) => {
        const { isKnown, isOverwritten, loading } = slotOf(key);
        return isKnown && isOverwritten && !loading;
      });
      for (const [those, read] of [
        [unknown, load],
        [stale, reload],
      ] as const) {
        if (those.length === 0) continue;
        const loading = read(scope, those, slotOf).finally(() => {
          for (const { key } of those) slotOf(key).loading = null;
        });
        for (const { key } of those) slotOf(key).loading = loading;
      }
      /** What this request wrote to, and the rows it removed from where they were. */
      const written: { slot: Slot<Row, Key>; removed: Row[] }[] = [];

      try {
        await Promise.all(pinned.values().map((slot) => slot.loading));
      } catch (error) {
        for (const slot of pinned.values()) unpin(slot, false);
        throw error;
      }

      return {
        get: (key: Key): Opened<Row> => slotOf(key),

        /** Makes `entity` the state and answers the rows that store it: its own, and what removes it from where it was. */
        apply(key: Key, entity: Entity<Row>, receivedAt: Micros): Row[] {
          const slot = slotOf(key);
          const rows = nextRows(kind, slot, key, entity, receivedAt);
          const [row, ...removed] = rows as [Row, ...Row[]];
          slot.entity = entity;
          slot.writes += 1;
          slot.version = row.rowVersion;
          slot.places.set(kind.placeOf(row), row);
          bytes -= slot.bytes;
          slot.bytes = SLOT_BYTES + kind.sizeOf(row);
          bytes += slot.bytes;
          written.push({ slot, removed });
          return rows;
        },

        /** The rows of each change. No other request comes in between. */
        write(changes: readonly Change<Row, Key>[], receivedAt: Micros): (Row[] | null)[] {
          return changes.map(({ key, to }) => {
            const entity = to(slotOf(key).entity);
            return entity && this.apply(key, entity, receivedAt);
          });
        },

        /** Makes it an entity that is not stored; answers the rows that say so. */
        remove(key: Key, receivedAt: Micros): Row[] {
          const slot = slotOf(key);
          const removed = [...slot.places.values()].map((row) => kind.tombstone(row));
          if (removed.length === 0) return [];
          slot.version = Math.max(slot.version + 1, receivedAt);
          for (const tombstone of removed) tombstone.rowVersion = slot.version;
          slot.entity = null;
          slot.writes += 1;
          slot.places.clear();
          written.push({ slot, removed: [] });
          return removed;
        },

        /**
         * Ends the request: `stored` tells whether its rows are in the engine. When they are not (they could not be written, and
         * the sender is told to send them again), what they said is forgotten as soon as no other request builds on it.
         */
        release({ stored }: { stored: boolean }): void {
          for (const { slot, removed } of stored ? written : []) {
            for (const tombstone of removed) {
              const place = kind.placeOf(tombstone);
              // The entity may have come back meanwhile: then the place holds a newer row than the one removed.
              if ((slot.places.get(place)?.rowVersion ?? 0) < tombstone.rowVersion) slot.places.delete(place);
            }
          }
          const failed = new Set(stored ? [] : written.map(({ slot }) => slot));
          for (const slot of pinned.values()) unpin(slot, !failed.has(slot));
          evict();
        },
      };
    },

    /**
     * For rows that are stored again with the same statements and other derived values: pins the entities until `release`,
     * so that nothing said of them meanwhile goes unnoticed. To be called before the rows are read from the engine.
     */
    hold(scope: ProjectScope, keys: readonly Key[]) {
      const held = new Map<string, { slot: Slot<Row, Key>; writes: number }>();
      for (const key of keys) {
        const name = kind.nameOf(key);
        if (held.has(name)) continue;
        const slot = pin(scope, key);
        held.set(name, { slot, writes: slot.writes });
      }
      return {
        /**
         * The version of a row that replaces the one which was read, and nothing newer; null when there is something newer.
         * Nothing may await from here to the append.
         */
        next(key: Key, { rowVersion }: Pick<Row, 'rowVersion'>): number | null {
          const { slot, writes } = held.get(kind.nameOf(key))!;
          if (slot.writes !== writes || (slot.isKnown && slot.version > rowVersion)) return null;
          slot.version = Math.max(slot.version, rowVersion + 1);
          return rowVersion + 1;
        },
        release(): void {
          for (const { slot } of held.values()) unpin(slot, true);
        },
      };
    },

    /** Whether it may be stored, or is about to be: false only for what is sure to be new. */
    mayBeStored: (scope: ProjectScope, key: Key, times: readonly Micros[]): boolean =>
      slots.has(slotName(scope, key)) || !isNew(scope, key, times),

    /** Drops what is known of deleted entities. One in use is left to the requests that use it. */
    forget(scope: ProjectScope, isGone: (entity: Entity<Row>) => boolean): void {
      for (const slot of slots.values()) {
        if (slot.pins === 0 && slot.name.startsWith(`${scope.projectId}\n`) && slot.entity && isGone(slot.entity)) {
          drop(slot);
        }
      }
      // Which of these are gone is not looked up: it would cost more than to read the others again.
      for (const name of packed.keys()) if (name.startsWith(`${scope.projectId}\n`)) unpacked(name);
    },

    /** To be called when rows of these keys were stored past this cache: what it knows of them is not the last state. */
    overwritten(scope: ProjectScope, keys: Iterable<Key>): void {
      if (slots.size + packed.size === 0) return;
      for (const key of keys) {
        const name = slotName(scope, key);
        unpacked(name);
        const slot = slots.get(name);
        if (!slot) continue;
        slot.isOverwritten = true;
        if (slot.pins === 0) drop(slot);
      }
    },

    /** Entities and estimated bytes in memory. */
    size: () => ({ entities: slots.size, bytes, packed: packed.size, packedBytes }),
  };
}

/**
 * The rows that store an entity: its own, and what removes it from where it was, which lies one version below and still above
 * everything before it.
 */
export function nextRows<Row extends StoredRow, Key>(
  kind: EntityKind<Row, Key>,
  { version, places }: { version: number; places: ReadonlyMap<string, Row> },
  key: Key,
  entity: Entity<Row>,
  receivedAt: Micros,
): Row[] {
  const row = kind.toRow(entity, key, receivedAt);
  const place = kind.placeOf(row);
  const left = places.entries().filter(([other]) => other !== place);
  const removed = [...left].map(([, old]) => kind.tombstone(old));
  row.rowVersion = Math.max(version + (removed.length > 0 ? 2 : 1), receivedAt);
  for (const tombstone of removed) tombstone.rowVersion = row.rowVersion - 1;
  return [row, ...removed];
}

/** The newest row of each, asked of the engine in as few questions as their times allow. */
export async function loadEntities<Row extends StoredRow, Key>(
  kind: EntityKind<Row, Key>,
  scope: ProjectScope,
  wanted: readonly Wanted<Key>[],
): Promise<(readonly [Wanted<Key>, Row | undefined])[]> {
  const found = new Map<string, Row>();
  const read = async (keys: readonly Key[], range: TimeRange, homes?: readonly string[]): Promise<void> => {
    if (keys.length === 0) return;
    for (const row of await kind.read(scope, keys, range, homes)) {
      const name = kind.nameOf(kind.keyOf(row));
      const known = found.get(name);
      if (!known || known.rowVersion < row.rowVersion) found.set(name, row);
    }
  };
  const atHome = questions(
    wanted.filter(({ home }) => home !== undefined),
    HOUR,
  );
  await Promise.all(atHome.map(({ keys, range, homes }) => read(keys, range, homes)));
  // One that has moved has left a deleted row there.
  const elsewhere = wanted.filter(({ key }) => found.get(kind.nameOf(key))?.isDeleted !== false);
  const nearby = questions(elsewhere, DAY);
  await Promise.all(nearby.map(({ keys, range }) => read(keys, range)));
  const anywhere = elsewhere.filter(({ key, times, isUpdate }) => {
    const row = found.get(kind.nameOf(key));
    return times.length === 0 || (row ? row.isDeleted : isUpdate);
  });
  await read(
    anywhere.map(({ key }) => key),
    {},
  );
  return wanted.map((each) => [each, found.get(kind.nameOf(each.key))] as const);
}

/** One question for each run of times that lie within `near` of each other. */
function questions<Key>(
  wanted: readonly Wanted<Key>[],
  near: Micros,
): { keys: Key[]; range: TimeRange; homes: string[] }[] {
  const looks = wanted
    .flatMap(({ key, times, home }) => times.map((time) => ({ key, home, from: time - near, to: time + near })))
    .toSorted((a, b) => a.from - b.from);
  const runs: { keys: Set<Key>; homes: Set<string>; from: Micros; to: Micros }[] = [];
  for (const { key, home, from, to } of looks) {
    let run = runs.at(-1);
    if (!run || from > run.to) runs.push((run = { keys: new Set(), homes: new Set(), from, to }));
    run.to = Math.max(run.to, to);
    run.keys.add(key);
    if (home !== undefined) run.homes.add(home);
  }
  return runs.map(({ keys, homes, from, to }) => ({ keys: [...keys], homes: [...homes], range: { from, to } }));
}

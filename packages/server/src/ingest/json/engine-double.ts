/*
 * Stands in for the engine in tests of the merge: keeps rows as a ReplacingMergeTree would, so that nothing needs chDB. The real
 * one runs in the tests that go through HTTP.
 */
import { IngestionEvent } from '@tracehouse/contract/ingestion';
import { projectScope } from '../../stores/scope.ts';
import type { Journal, RowBlock } from '../journal.ts';
import type { Arrival, ReceiptRow } from '../ledger/receipt.ts';
import type { Micros, ObservationRow } from '../observation.ts';
import type { ScoreRow } from '../score.ts';
import { type EventStatement, readEvent } from './events.ts';
import { observationKind, type ReadEntities, type ReadScores } from './kinds.ts';
import type { Seen, SharedState, SharedStates } from './shared-entities.ts';
import { createStatementStore, type StatementStoreNeeds } from './statement-store.ts';
import { toMicros } from './time.ts';

export type EngineDouble = ReturnType<typeof createEngineDouble>;

export function createEngineDouble() {
  const kind = observationKind(async () => []);
  /** Sort key → newest version; of two equal versions the later insert stays. */
  const observations = new Map<string, ObservationRow>();
  const scores = new Map<string, ScoreRow>();
  const receipts: ReceiptRow[] = [];
  let reads = 0;

  function put<Row extends { rowVersion: number }>(table: Map<string, Row>, key: string, row: Row): void {
    const known = table.get(key);
    if (!known || known.rowVersion <= row.rowVersion) table.set(key, structuredClone(row));
  }

  const readEntities: ReadEntities = async (scope, keys, { from = -Infinity, to = Infinity }, traceIds) => {
    reads += 1;
    const names = new Set(keys.map((key) => kind.nameOf(key)));
    const newest = new Map<string, ObservationRow>();
    for (const row of observations.values()) {
      const name = kind.nameOf(row);
      const isAsked =
        row.projectId === scope.projectId &&
        names.has(name) &&
        row.startTime >= from &&
        row.startTime <= to &&
        (traceIds?.includes(row.traceId) ?? true);
      if (isAsked && row.rowVersion > (newest.get(name)?.rowVersion ?? -1)) newest.set(name, structuredClone(row));
    }
    return [...newest.values()];
  };

  const readScores: ReadScores = async (scope, ids) =>
    ids.flatMap((id) => {
      const row = scores.get(`${scope.projectId}\n${id}`);
      return row ? [structuredClone(row)] : [];
    });

  return {
    insert(block: RowBlock): void {
      for (const row of block.observations) {
        put(observations, `${row.projectId}\n${kind.placeOf(row)}\n${kind.nameOf(row)}`, row);
      }
      if (block.ledger) receipts.push(block.ledger.receipt);
      for (const row of block.scores) put(scores, `${row.projectId}\n${row.id}`, row);
    },
    readEntities,
    readScores,
    /** What SELECT … FINAL answers, by project, kind and id. */
    observations: (projectId = 'p1'): ObservationRow[] =>
      [...observations.values()]
        .filter((row) => row.projectId === projectId && !row.isDeleted)
        .toSorted((a, b) => (kind.nameOf(a) < kind.nameOf(b) ? -1 : 1)),
    scores: (projectId = 'p1'): ScoreRow[] =>
      [...scores.values()].filter((row) => row.projectId === projectId && !row.isDeleted),
    deleteTrace(traceId: string): void {
      for (const [key, row] of observations) if (row.traceId === traceId) observations.delete(key);
    },
    receipts: (): readonly ReceiptRow[] => receipts,
    reads: () => reads,
  };
}

export const p1 = projectScope('p1');

/** A request of the tests. */
export const arrived: Arrival = {
  receiptId: 'receipt',
  time: toMicros('2026-11-20T12:00:00Z'),
  door: 'JSON',
  route: '',
  publicKey: 'pk-lf-0123456789',
  sdkName: 'python',
  sdkVersion: '2.60.10',
  userAgent: '',
  bodyBytes: 0,
  startedMs: 0,
};

/** When requests of the tests are received, unless they say otherwise. */
export const receipt: Micros = toMicros('2026-11-20T12:00:00Z');

/** Acknowledges what `insert` has taken. */
export const journalOver = (insert: (block: RowBlock) => Promise<unknown>): Journal => ({
  async append(block) {
    await insert(block);
    return { applied: Promise.resolve('stored') };
  },
  barrier: async () => {},
  settled: async () => {},
  hasRoom: async () => {},
  close: async () => {},
});

/** Stands in for the cache that several processes share: it holds text, and forgets a state as soon as it may. */
export function createSharedDouble<Row>(): SharedStates<Row> {
  const known = new Map<string, { revision: number; text: string | null }>();
  const seen = (name: string): Seen<Row> => {
    const { revision, text } = known.get(name) ?? { revision: 0, text: null };
    return { revision, state: text === null ? null : (JSON.parse(text) as SharedState<Row>) };
  };
  return {
    get: async (names) => names.map(seen),
    async replace(name, revision, state) {
      if ((known.get(name)?.revision ?? 0) !== revision) return seen(name);
      known.set(name, { revision: revision + 1, text: JSON.stringify(state) });
      return null;
    },
    async settled(name, revision) {
      if (known.get(name)?.revision === revision) known.set(name, { revision, text: null });
    },
    async overwritten(names) {
      for (const name of names) known.set(name, { revision: (known.get(name)?.revision ?? 0) + 1, text: null });
    },
  };
}

/** A store on that engine; `needs` replace single parts of it. */
export function createStoreOn(engine: EngineDouble, needs: Partial<StatementStoreNeeds> = {}) {
  return createStatementStore({
    journal: journalOver(async (block) => engine.insert(block)),
    readEntities: engine.readEntities,
    readScores: engine.readScores,
    deletedTraces: async () => new Set(),
    pricing: async () => ({ priceRow: (row) => row, tokenizerOf: () => null }),
    ...needs,
  });
}

export interface GivenEvent {
  id: string;
  type: string;
  timestamp: string;
  body: Record<string, unknown>;
}

/** What events about traces and observations say, as the door would read them. */
export function state(
  events: readonly GivenEvent[],
  { receivedAt = receipt, projectId = 'p1' }: { receivedAt?: Micros; projectId?: string } = {},
): EventStatement[] {
  const sender = { projectId, publicKey: 'pk', sdkName: 'sdk', sdkVersion: '1', receivedAt };
  return events.flatMap((given) => {
    const event = IngestionEvent.parse(given);
    if (event.type === 'score-create' || event.type === 'sdk-log') throw new Error(`${event.type} is about neither`);
    return readEvent(event, sender) ?? [];
  });
}

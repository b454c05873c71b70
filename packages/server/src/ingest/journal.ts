import type { LargeText } from './large-fields/cut.ts';
import type { LedgerEntry } from './ledger/receipt.ts';
import type { ObservationRow } from './observation.ts';
import type { ScoreRow } from './score.ts';

/** Which row it is, of which trace, and when it starts. */
export type RowKey = Pick<ObservationRow, 'kind' | 'id' | 'traceId' | 'startTime'> &
  Partial<Pick<ObservationRow, 'source' | 'isDeleted'>>;

/** Observation rows as they lie in the journal. */
export interface EncodedRows {
  /** One record (journal/segment.ts); empty without rows. */
  bytes: Uint8Array;
  rows: number;
  traces: Set<string>;
  /** Of these rows, and perhaps of those that no column takes. */
  keys: readonly RowKey[];
  /** Why rows are missing that should be in it: no column takes one of their values. */
  unwritable: readonly string[];
  /** Fields too large for the rows, whole. */
  large: readonly LargeText[];
}

/** The rows of one request; acknowledged together or not at all. */
export interface RowBlock {
  projectId: string;
  observations: readonly ObservationRow[];
  /** Observations that are encoded already, instead of `observations`. */
  encoded?: EncodedRows;
  scores: readonly ScoreRow[];
  /** The sender keeps the state of these rows in memory until they are applied, so it need not wait to read it (JSON door). */
  isKeptUntilApplied?: true;
  /** What the ledger says of the request; without one the rows were not sent by anybody. */
  ledger?: LedgerEntry;
}

/** What a read could have been told is stored. Without `traceId` it waits for the whole project. */
export interface Reach {
  projectId: string;
  traceId?: string;
  /** Does not wait for blocks with `isKeptUntilApplied`. */
  exceptKept?: true;
  /** Waits for the ledger's rows, and for no others. */
  ledger?: true;
}

/** What became of acknowledged rows: readable, or refused by the engine for what they say (and set aside). */
export type Fate = 'stored' | 'rejected';

/** An acknowledgement. */
export interface Receipt {
  /** When the rows, those of the ledger apart, are in the engine. Never rejects; stays open while the engine takes nothing. */
  applied: Promise<Fate>;
}

/**
 * The one way rows reach the engine. `append` resolving is the acknowledgement: what it took survives a crash and is seen by
 * every read that awaited `barrier` afterwards.
 */
export interface Journal {
  /** @throws OverloadedError when the rows could not be stored; the caller may send them again. */
  append(block: RowBlock): Promise<Receipt>;
  /** @throws OverloadedError when what was acknowledged cannot be read for now */
  barrier(reach: Reach): Promise<void>;
  /**
   * Resolves when the project's rows that are under way now, acknowledged or not, are in the engine or have failed: before a
   * deletion.
   * @throws OverloadedError when they do not get there for now
   */
  settled(projectId: string): Promise<void>;
  /** @throws OverloadedError when the disk has too little room for what the engine would write: before a deletion */
  hasRoom(): Promise<void>;
  /** Stores what is under way, then refuses more. */
  close(): Promise<void>;
}

/** The same journal, to which rows come another way. */
export const withAppend = (journal: Journal, append: Journal['append']): Journal => ({
  append,
  barrier: (reach) => journal.barrier(reach),
  settled: (projectId) => journal.settled(projectId),
  hasRoom: () => journal.hasRoom(),
  close: () => journal.close(),
});

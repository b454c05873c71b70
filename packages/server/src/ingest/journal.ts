import type { ObservationRow } from './observation.ts';
import type { ScoreRow } from './score.ts';

/** The rows of one request; stored together or not at all. */
export interface RowBlock {
  projectId: string;
  observations: readonly ObservationRow[];
  scores: readonly ScoreRow[];
}

/** What a read could have been told is stored. Without `traceId` it waits for the whole project. */
export interface Reach {
  projectId: string;
  traceId?: string;
}

/**
 * The one way rows reach the engine. `append` resolving is the acknowledgement: what it stored survives a crash and is seen
 * by every read that awaited `barrier` afterwards.
 */
export interface Journal {
  /** @throws OverloadedError when the rows could not be stored; the caller may send them again. */
  append(block: RowBlock): Promise<void>;
  barrier(reach: Reach): Promise<void>;
  /** Resolves when the project's rows that are under way now, acknowledged or not, are stored or have failed: before a deletion. */
  settled(projectId: string): Promise<void>;
  /** Stores what is under way, then refuses more. */
  close(): Promise<void>;
}

import type { Actor } from '../../identity/audit/audit.ts';
import type { Postgres } from '../../stores/postgres/postgres.ts';
import type { ProjectScope } from '../../stores/scope.ts';

/** An A/B test of a label that is scheduled, running or paused, with all that decides which version a fetch gets. */
export interface OpenTest {
  id: string;
  prompt: string;
  label: string;
  state: 'scheduled' | 'running' | 'paused';
  /** The first is control; `share` is percent. */
  arms: readonly { version: number; share: number }[];
  salt: string;
  /** Of the current phase; empty before the first. */
  segments: readonly { from: number; to: number; arm: number }[];
  startAt: Date | null;
  endAt: Date | null;
}

/** What prompts need of A/B tests. */
export interface LabelTests {
  /** Open tests of a prompt with their segments, read with the label cache entry. */
  openOf(db: Postgres, scope: ProjectScope, name: string): Promise<OpenTest[]>;
  /** The same of all prompts, for lists. */
  allOpen(db: Postgres, scope: ProjectScope): Promise<OpenTest[]>;
  /** In the transaction that moves or removes a label, before it commits. */
  labelMoved(
    tx: Postgres,
    scope: ProjectScope,
    actor: Actor,
    at: Date,
    change: { name: string; label: string; from: number | null; to: number | null },
  ): Promise<void>;
  /** In the transaction that deletes versions. */
  versionsDeleted(
    tx: Postgres,
    scope: ProjectScope,
    actor: Actor,
    at: Date,
    change: { name: string; versions: readonly number[] },
  ): Promise<void>;
  /** Which version a fetch by a label under test gets now; null: control. Pure. */
  choose(
    test: OpenTest,
    key: string | null,
    at: Date,
    draw: () => number,
  ): { version: number; arm: number; by: 'key' | 'slot' | 'draw' } | null;
}

/** Where there are none. */
export const noTests: LabelTests = {
  openOf: () => Promise.resolve([]),
  allOpen: () => Promise.resolve([]),
  labelMoved: () => Promise.resolve(),
  versionsDeleted: () => Promise.resolve(),
  choose: () => null,
};

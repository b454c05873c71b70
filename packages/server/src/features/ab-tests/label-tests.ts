import type { AbArm } from '@tracehouse/contract/x-ab-tests';
import { type Actor, recordAudit, systemActor } from '../../identity/audit/audit.ts';
import type { Postgres } from '../../stores/postgres/postgres.ts';
import type { ProjectScope } from '../../stores/scope.ts';
import { assign, type Segment } from './assign.ts';
import { isKey } from './key.ts';
import { asOf, ended, isOpen, type Life } from './lifecycle.ts';
import {
  deleteStretch,
  insertStretch,
  selectOpen,
  selectStretches,
  type StretchRow,
  type TestRow,
  updateStretch,
  updateTest,
} from './store.ts';
import { toWire } from './wire.ts';

/** What a fetch needs to know of a test of the label it asks for. */
interface OpenTest {
  id: string;
  prompt: string;
  label: string;
  state: 'scheduled' | 'running' | 'paused';
  /** Control first. */
  arms: readonly AbArm[];
  salt: string;
  /** How it splits while it runs. */
  segments: readonly Segment[];
  /** When it begins; null: it has. */
  startAt: Date | null;
  endAt: Date | null;
}

/** What prompts ask of A/B tests: which there are, which arm a fetch gets, and that tests end with what they stand on. */
export function createLabelTests({ now }: { now: () => Date }) {
  const endAll = async (
    tx: Postgres,
    scope: ProjectScope,
    actor: Actor,
    at: Date,
    name: string,
    reason: 'label-moved' | 'version-deleted',
    isMeant: (test: TestRow) => boolean,
  ): Promise<void> => {
    for (const life of await settle(tx, scope, name, at)) {
      if (!isMeant(life.test)) continue;
      const after = ended(life, at, { reason });
      await save(tx, scope, life, after);
      await recordAudit(tx, actor, at, entryOf(scope, 'end', { before: life, after }, at));
    }
  };

  return {
    /** Scheduled, running and paused ones of a prompt; to be kept as long as nothing of the prompts changes. */
    openOf: async (db: Postgres, scope: ProjectScope, name: string): Promise<OpenTest[]> =>
      (await openLives(db, scope, name, now())).flatMap(toOpen),

    /** The same of all prompts, for lists. */
    allOpen: async (db: Postgres, scope: ProjectScope): Promise<OpenTest[]> =>
      (await openLives(db, scope, null, now())).flatMap(toOpen),

    /** In the transaction that moves a label, or takes it away, with the prompt's name locked. */
    async labelMoved(
      tx: Postgres,
      scope: ProjectScope,
      actor: Actor,
      at: Date,
      { name, label, from, to }: { name: string; label: string; from: number | null; to: number | null },
    ): Promise<void> {
      if (from === to) return;
      await endAll(tx, scope, actor, at, name, 'label-moved', (test) => test.label === label);
    },

    /** In the transaction that deletes versions, with the prompt's name locked. */
    async versionsDeleted(
      tx: Postgres,
      scope: ProjectScope,
      actor: Actor,
      at: Date,
      { name, versions }: { name: string; versions: readonly number[] },
    ): Promise<void> {
      await endAll(tx, scope, actor, at, name, 'version-deleted', ({ arms }) =>
        arms.some(({ version }) => versions.includes(version)),
      );
    },

    /**
     * The version that a fetch of the label gets at this time; null: the one that the label points at, for nothing is split.
     * `arm` counts from 0, which is control. `draw`: a number from 0 up to and without 1.
     */
    choose(
      { state, startAt, endAt, arms, ...split }: OpenTest,
      key: string | null,
      at: Date,
      draw: () => number,
    ): { version: number; arm: number; by: 'key' | 'slot' | 'draw' } | null {
      const isRunning = state !== 'paused' && (startAt === null || at >= startAt) && (endAt === null || at < endAt);
      if (!isRunning) return null;
      const { arm, by } = assign(split, key !== null && isKey(key) ? key : null, draw);
      return { version: arms[arm]!.version, arm, by };
    },
  };
}

function toOpen({ test, stretches }: Life): OpenTest[] {
  const last = stretches.at(-1);
  if (!isOpen(test) || !last) return [];
  return [
    {
      id: test.id,
      prompt: test.prompt_name,
      label: test.label,
      state: test.state as OpenTest['state'],
      arms: test.arms,
      salt: test.salt,
      segments: last.segments,
      startAt: test.state === 'scheduled' ? test.start_at : null,
      endAt: test.end_at,
    },
  ];
}

export async function lifeOf(db: Postgres, test: TestRow): Promise<Life> {
  return asOf({ test, stretches: await selectStretches(db, [test.id]) });
}

/** Tests with their stretches. */
export async function livesOf(db: Postgres, tests: readonly TestRow[]): Promise<Life[]> {
  const byTest = new Map<string, StretchRow[]>();
  const ids = tests.map(({ id }) => id);
  for (const stretch of ids.length === 0 ? [] : await selectStretches(db, ids)) {
    byTest.set(stretch.test_id, [...(byTest.get(stretch.test_id) ?? []), stretch]);
  }
  return tests.map((test) => asOf({ test, stretches: byTest.get(test.id) ?? [] }));
}

const openLives = async (db: Postgres, scope: ProjectScope, name: string | null, at: Date): Promise<Life[]> =>
  livesOf(db, await selectOpen(db, scope, name, at));

const clock = systemActor('A/B tests');

/** Writes down what the clock has done to the tests of a prompt, whose name is locked; answers those that are open. */
export async function settle(tx: Postgres, scope: ProjectScope, name: string, at: Date): Promise<Life[]> {
  const lives = await openLives(tx, scope, name, at);
  for (const life of lives) {
    const { state, written_state, end_at, start_at } = life.test;
    if (state === written_state) continue;
    const stretches = await selectStretches(tx, [life.test.id]);
    const before = { test: { ...life.test, state: written_state, ended_at: null, end_reason: null }, stretches };
    const after = { ...life, test: { ...life.test, updated_at: (state === 'ended' ? end_at : start_at) ?? at } };
    await save(tx, scope, before, after);
    await recordAudit(tx, clock, at, entryOf(scope, state === 'ended' ? 'end' : 'start', { before, after }, at));
  }
  return lives.filter(({ test }) => isOpen(test));
}

/** Writes what a step has changed. */
export async function save(tx: Postgres, scope: ProjectScope, before: Life, after: Life): Promise<void> {
  await updateTest(tx, scope, after.test);
  const known = new Map(before.stretches.map((stretch) => [stretch.stretch, stretch]));
  for (const stretch of after.stretches) {
    const old = known.get(stretch.stretch);
    known.delete(stretch.stretch);
    if (!old) await insertStretch(tx, stretch);
    else if (JSON.stringify(old) !== JSON.stringify(stretch)) await updateStretch(tx, stretch);
  }
  for (const gone of known.values()) await deleteStretch(tx, gone);
}

/** A line of the audit log. */
export const entryOf = (
  scope: ProjectScope,
  action: string,
  { before, after }: { before?: Life; after?: Life },
  at: Date,
) => ({
  place: scope,
  action,
  objectType: 'abTest',
  objectId: (after ?? before)!.test.id,
  ...(before && { before: toWire(before, at) }),
  ...(after && { after: toWire(after, at) }),
});

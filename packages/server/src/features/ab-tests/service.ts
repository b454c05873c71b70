import { randomBytes } from 'node:crypto';
import { type AbTest, AbTestState, type AbTestUpdate, type NewAbTest } from '@tracehouse/contract/x-ab-tests';
import * as z from 'zod';
import { ApiError, ConflictError, InvalidRequestError, NotFoundError } from '../../http/errors.ts';
import { type Actor, recordAudit } from '../../identity/audit/audit.ts';
import type { Postgres } from '../../stores/postgres/postgres.ts';
import type { ProjectScope } from '../../stores/scope.ts';
import { assign } from './assign.ts';
import { isKey } from './key.ts';
import { entryOf, lifeOf, livesOf, save, settle } from './label-tests.ts';
import { ended, isOpen, type Life, paused, reshared, resumed, sharesOf, splitOf, started } from './lifecycle.ts';
import { bucketsOfShares, firstSegments } from './shares.ts';
import { deleteTest, insertTest, selectTest, selectTests, type TestRow } from './store.ts';
import { toWire } from './wire.ts';

// How a key arrives, for the route that fetches.
export { keyOf, parseKeyedLabel } from './key.ts';

/** What A/B tests ask of prompts. */
export interface TestedPrompts {
  /** Held until the transaction ends, as by whoever makes a version or moves a label. */
  lockPrompts(tx: Postgres, scope: ProjectScope): Promise<void>;
  /** Empty when there is no such prompt. */
  versionsOf(db: Postgres, scope: ProjectScope, name: string): Promise<readonly { version: number }[]>;
  labelsOf(db: Postgres, scope: ProjectScope, name: string): Promise<readonly { label: string; version: number }[]>;
  /** Prompts whose text includes this one by the label. */
  dependentsOn(
    db: Postgres,
    scope: ProjectScope,
    by: { name: string; label: string },
  ): Promise<{ name: string; version: number }[]>;
  moveLabel(
    tx: Postgres,
    scope: ProjectScope,
    actor: Actor,
    at: Date,
    change: { name: string; label: string; version: number },
  ): Promise<void>;
  /** @throws ForbiddenError when a label is protected and who asks may not move it */
  checkProtected(
    db: Postgres,
    scope: ProjectScope,
    by: Pick<Editor, 'mayMoveProtected'>,
    labels: readonly string[],
  ): Promise<void>;
  /** To be called after a change is committed and before it is acknowledged. */
  forget(scope: ProjectScope): Promise<void>;
}

/** Who changes something, and whether also what is protected. */
interface Editor {
  actor: Actor;
  mayMoveProtected: boolean;
}

export type AbTests = ReturnType<typeof createAbTests>;

export function createAbTests({
  postgres,
  prompts,
  now,
  newId,
}: {
  postgres: Postgres;
  prompts: TestedPrompts;
  now: () => Date;
  newId: () => string;
}) {
  /** A step of one test, with its prompt locked and all that the clock has done written down. */
  async function change(
    scope: ProjectScope,
    { actor }: Editor,
    id: string,
    action: string,
    step: (tx: Postgres, before: Life, at: Date) => Promise<Life> | Life,
    and: (tx: Postgres, after: Life, at: Date) => Promise<void> = async () => undefined,
  ): Promise<AbTest> {
    const known = await selectTest(postgres, scope, id, now());
    if (!known) throw notFound();
    const done = postgres.transaction(async (tx) => {
      await prompts.lockPrompts(tx, scope);
      const at = now();
      await settle(tx, scope, known.prompt_name, at);
      const row = await selectTest(tx, scope, id, at);
      if (!row) throw notFound();
      const before = await lifeOf(tx, row);
      const after = await step(tx, before, at);
      await save(tx, scope, before, after);
      await recordAudit(tx, actor, at, entryOf(scope, action, { before, after }, at));
      await and(tx, after, at);
      return toWire(after, at);
    });
    // Of a commit whose answer was lost nobody knows whether it was one.
    const answer = await done.catch(async (error: unknown) => {
      if (!(error instanceof ApiError)) await prompts.forget(scope);
      throw error;
    });
    await prompts.forget(scope);
    return answer;
  }

  /** @throws InvalidRequestError, NotFoundError when the arms are no versions, or the first is not the one the label points at */
  async function checkArms(
    db: Postgres,
    scope: ProjectScope,
    { prompt_name, label, arms }: Pick<TestRow, 'prompt_name' | 'label' | 'arms'>,
  ): Promise<void> {
    const versions = (await prompts.versionsOf(db, scope, prompt_name)).map(({ version }) => version);
    if (versions.length === 0) throw new NotFoundError(`There is no prompt named '${prompt_name}'`);
    for (const { version } of arms) {
      if (!versions.includes(version)) throw new InvalidRequestError(`'${prompt_name}' has no version ${version}`);
    }
    const labels = await prompts.labelsOf(db, scope, prompt_name);
    const target = labels.find((one) => one.label === label)?.version;
    if (target === undefined)
      throw new InvalidRequestError(`No version of '${prompt_name}' has the label '${label}': set it first`);
    if (target !== arms[0]!.version)
      throw new InvalidRequestError(
        `The first arm is control, the version that '${label}' points at: that is version ${target}, not ${arms[0]!.version}`,
      );
  }

  /** @throws ConflictError naming the other test */
  async function checkAlone(tx: Postgres, scope: ProjectScope, test: TestRow, at: Date): Promise<void> {
    for (const { test: other } of await settle(tx, scope, test.prompt_name, at)) {
      if (other.id === test.id) continue;
      if (other.label === test.label)
        throw new ConflictError(`'${test.label}' is under the A/B test ${nameOf(other)} already: end that one first`);
      const shared = test.arms.find(({ version }) => other.arms.some((arm) => arm.version === version));
      if (shared)
        throw new ConflictError(
          `Version ${shared.version} is in the A/B test ${nameOf(other)} of '${other.label}': in two tests it could not be told which one a call belongs to. Save its text as a new version`,
        );
    }
  }

  return {
    async list(
      scope: ProjectScope,
      query: {
        prompt?: string | undefined;
        label?: string | undefined;
        state?: string | undefined;
        cursor?: string | undefined;
        limit: number;
      },
    ): Promise<{ data: AbTest[]; meta: { cursor?: string } }> {
      const at = now();
      const after = query.cursor === undefined ? null : readCursor(query.cursor);
      const states = query.state === undefined ? undefined : readStates(query.state);
      const { prompt, label, limit } = query;
      const rows = await selectTests(postgres, scope, { prompt, label, states, after, limit: limit + 1 }, at);
      const lives = await livesOf(postgres, rows.slice(0, limit));
      const last = rows.length > limit ? rows[limit - 1] : undefined;
      return { data: lives.map((life) => toWire(life, at)), meta: last ? { cursor: cursorOf(last) } : {} };
    },

    /** @throws NotFoundError */
    async get(scope: ProjectScope, id: string): Promise<AbTest> {
      const at = now();
      const row = await selectTest(postgres, scope, id, at);
      if (!row) throw notFound();
      return toWire(await lifeOf(postgres, row), at);
    },

    /** @throws InvalidRequestError, NotFoundError when there is no such prompt, ForbiddenError */
    async create(
      scope: ProjectScope,
      { actor, ...may }: Editor,
      given: NewAbTest,
    ): Promise<AbTest & { includedIn: { name: string; version: number }[] }> {
      const at = now();
      const row: TestRow = {
        id: newId(),
        prompt_name: given.prompt,
        label: given.label,
        ...settingsOf(given),
        state: 'draft',
        written_state: 'draft',
        salt: randomBytes(8).toString('hex'),
        arms: given.arms,
        ended_at: null,
        end_reason: null,
        shipped_version: null,
        created_by: actor.kind === 'person' ? actor.id : null,
        author: actor.kind === 'person' ? actor.name : null,
        created_at: at,
        updated_at: at,
      };
      if (row.label === 'latest')
        throw new InvalidRequestError(
          `'latest' moves with every version, which would end a test at once: use another label`,
        );
      checkSettings(row);
      await checkArms(postgres, scope, row);
      await prompts.checkProtected(postgres, scope, may, [row.label]);
      const after = { test: row, stretches: [] };
      await postgres.transaction(async (tx) => {
        await insertTest(tx, scope, row);
        await recordAudit(tx, actor, at, entryOf(scope, 'create', { after }, at));
      });
      const includedIn = await prompts.dependentsOn(postgres, scope, { name: row.prompt_name, label: row.label });
      return { ...toWire(after, at), includedIn };
    },

    /** @throws NotFoundError, InvalidRequestError for what cannot change any more, ConflictError, ForbiddenError */
    update: (scope: ProjectScope, by: Editor, id: string, update: AbTestUpdate): Promise<AbTest> =>
      change(scope, by, id, 'update', async (tx, before, at) => {
        const { test } = before;
        const given = update as Partial<Settings>; // JSON has no undefined
        const changed = { ...test, ...settingsOf({ ...toWire(before, at), ...given }), updated_at: at };
        const arms = update.arms ?? test.arms;
        const isSplitChange = !sameArms(arms, test.arms);
        if (test.state !== 'draft') checkChangeable(test, changed, arms);
        if (test.state === 'draft' && isSplitChange) await checkArms(tx, scope, { ...test, arms });
        if (changed.end_at?.getTime() !== test.end_at?.getTime()) checkEnd(changed, at);
        if (isSplitChange || timesDiffer(test, changed)) {
          await prompts.checkProtected(tx, scope, by, [test.label]);
        }
        checkSettings({ ...changed, arms });
        return test.state === 'draft'
          ? { ...before, test: { ...changed, arms } }
          : reshared({ ...before, test: changed }, arms, at);
      }),

    /** @throws NotFoundError, ConflictError when it is no draft */
    async delete(scope: ProjectScope, { actor }: Editor, id: string): Promise<void> {
      const known = await selectTest(postgres, scope, id, now());
      if (!known) throw notFound();
      await postgres.transaction(async (tx) => {
        await prompts.lockPrompts(tx, scope);
        const at = now();
        const row = await selectTest(tx, scope, id, at);
        if (!row) throw notFound();
        if (row.state !== 'draft')
          throw new ConflictError('Only a draft can be deleted: what a test has found is kept. End it instead');
        await deleteTest(tx, scope, id);
        const before = { test: row, stretches: [] };
        await recordAudit(tx, actor, at, entryOf(scope, 'delete', { before }, at));
      });
    },

    /** @throws NotFoundError, InvalidRequestError, ConflictError naming the other test, ForbiddenError */
    start: (scope: ProjectScope, by: Editor, id: string): Promise<AbTest> =>
      change(scope, by, id, 'start', async (tx, before, at) => {
        const after = started(before, at);
        await checkArms(tx, scope, before.test);
        await prompts.checkProtected(tx, scope, by, [before.test.label]);
        await checkAlone(tx, scope, before.test, at);
        return after;
      }),

    /** Leads back to control, so that whoever may change prompts may do it, also where the label is protected. */
    pause: (scope: ProjectScope, by: Editor, id: string): Promise<AbTest> =>
      change(scope, by, id, 'pause', (_tx, before, at) => paused(before, at)),

    resume: (scope: ProjectScope, by: Editor, id: string): Promise<AbTest> =>
      change(scope, by, id, 'resume', async (tx, before, at) => {
        await prompts.checkProtected(tx, scope, by, [before.test.label]);
        return resumed(before, at);
      }),

    /** @throws NotFoundError, InvalidRequestError when the version is no arm, ConflictError, ForbiddenError */
    end: (
      scope: ProjectScope,
      by: Editor,
      id: string,
      { makeVersion }: { makeVersion?: number | undefined },
    ): Promise<AbTest> =>
      change(
        scope,
        by,
        id,
        'end',
        async (tx, before, at) => {
          const { arms, label } = before.test;
          if (makeVersion !== undefined && !arms.some(({ version }) => version === makeVersion))
            throw new InvalidRequestError(`Version ${makeVersion} is no arm of the test`);
          const after = ended(before, at, { reason: 'by-hand', shipped: makeVersion ?? null });
          if (makeVersion !== undefined && makeVersion !== arms[0]!.version)
            await prompts.checkProtected(tx, scope, by, [label]);
          return after;
        },
        // After the test has ended, which a label that is moved would do for another reason.
        async (tx, { test }, at) => {
          if (makeVersion === undefined || makeVersion === test.arms[0]!.version) return;
          const move = { name: test.prompt_name, label: test.label, version: makeVersion };
          await prompts.moveLabel(tx, scope, by.actor, at, move);
        },
      ),

    /** Which arm a key gets, for support. @throws NotFoundError, InvalidRequestError when fetches take it for no key */
    async assignment(
      scope: ProjectScope,
      id: string,
      key: string,
    ): Promise<{ bucket: number; arm: number; version: number }> {
      const row = await selectTest(postgres, scope, id, now());
      if (!row) throw notFound();
      if (!isKey(key)) throw new InvalidRequestError('This text counts as no key: each fetch with it is drawn');
      // Slots have their buckets before anything is split.
      const split = splitOf(await lifeOf(postgres, row)) ?? { salt: row.salt, segments: firstSegments(sharesOf(row)) };
      const assigned = assign(split, key, () => 0);
      const arm = row.state === 'running' ? assigned.arm : 0;
      return { bucket: assigned.bucket, arm, version: row.arms[arm]!.version };
    },
  };
}

const notFound = (): NotFoundError => new NotFoundError('No A/B test with this id found in the project');

const nameOf = ({ id, name }: TestRow): string => (name === null ? id : `'${name}' (${id})`);

const dateOf = (text: string | null): Date | null => (text === null ? null : new Date(text));

type Settings = Pick<
  NewAbTest,
  | 'name'
  | 'hypothesis'
  | 'unit'
  | 'keyAs'
  | 'primary'
  | 'smallestEffect'
  | 'environments'
  | 'cacheSeconds'
  | 'startAt'
  | 'endAt'
>;

const settingsOf = (given: Settings) => ({
  name: given.name,
  hypothesis: given.hypothesis,
  unit: given.unit,
  key_as: given.keyAs,
  primary_measure: given.primary,
  smallest_effect: given.smallestEffect,
  environments: given.environments,
  cache_seconds: given.cacheSeconds,
  start_at: dateOf(given.startAt),
  end_at: dateOf(given.endAt),
});

/** Measures of units, and percentiles, whose error blocks of time do not tell. */
const KEYED_ONLY = new Set(['costPerUnit', 'generations', 'latencyP50', 'latencyP95']);

/** @throws InvalidRequestError */
function checkSettings(test: TestRow): void {
  bucketsOfShares(sharesOf(test));
  const versions = test.arms.map(({ version }) => version);
  if (new Set(versions).size < versions.length)
    throw new InvalidRequestError(
      'An arm must be a version of its own: for an A/A test save the text as a new version',
    );
  if (test.unit === 'none' && KEYED_ONLY.has(test.primary_measure))
    throw new InvalidRequestError(
      `'${test.primary_measure}' cannot be primary without a key: choose another, or a unit other than 'none'`,
    );
  if (test.start_at !== null && test.end_at !== null && test.end_at <= test.start_at)
    throw new InvalidRequestError('endAt must be later than startAt');
}

/** What the design of a test rests on; choosing it after having seen results would make them worthless. */
const fixedAtStart = {
  primary_measure: 'primary',
  smallest_effect: 'smallestEffect',
  environments: 'environments',
  cache_seconds: 'cacheSeconds',
  start_at: 'startAt',
} as const satisfies Partial<Record<keyof TestRow, string>>;

/** @throws InvalidRequestError, ConflictError */
function checkChangeable(test: TestRow, changed: TestRow, arms: TestRow['arms']): void {
  for (const [column, field] of Object.entries(fixedAtStart) as [keyof typeof fixedAtStart, string][]) {
    if (JSON.stringify(test[column]) !== JSON.stringify(changed[column]))
      throw new InvalidRequestError(`${field} is fixed once a test has been started`);
  }
  if (arms.length !== test.arms.length || arms.some(({ version }, i) => version !== test.arms[i]!.version))
    throw new InvalidRequestError('Arms are fixed once a test has been started: another arm is another test');
  if (isOpen(test)) return;
  if (!sameArms(arms, test.arms)) throw new ConflictError('The test has ended');
  if (test.end_at?.getTime() !== changed.end_at?.getTime()) throw new ConflictError('The test has ended');
}

/** By value: what comes back from `jsonb` has its fields in another order. */
const sameArms = (one: TestRow['arms'], other: TestRow['arms']): boolean =>
  one.length === other.length &&
  one.every(({ version, share }, i) => version === other[i]!.version && share === other[i]!.share);

/** @throws InvalidRequestError */
function checkEnd({ state, end_at }: TestRow, at: Date): void {
  if (state !== 'draft' && end_at !== null && end_at <= at)
    throw new InvalidRequestError('endAt lies in the past: to end the test now, end it');
}

const timesDiffer = (one: TestRow, other: TestRow): boolean =>
  one.start_at?.getTime() !== other.start_at?.getTime() || one.end_at?.getTime() !== other.end_at?.getTime();

function readStates(text: string): AbTestState[] {
  const states = z.array(AbTestState).safeParse(text.split(',').map((part) => part.trim()));
  if (!states.success) throw new InvalidRequestError(`state takes ${AbTestState.options.join(', ')}, comma-separated`);
  return states.data;
}

const Cursor = z.tuple([z.iso.datetime(), z.string()]);

const cursorOf = ({ created_at, id }: TestRow): string =>
  Buffer.from(JSON.stringify([created_at.toISOString(), id])).toString('base64url');

function readCursor(text: string): { createdAt: Date; id: string } {
  try {
    const [createdAt, id] = Cursor.parse(JSON.parse(Buffer.from(text, 'base64url').toString()));
    return { createdAt: new Date(createdAt), id };
  } catch (cause) {
    throw new InvalidRequestError('Invalid cursor format', { cause });
  }
}

import { createHash } from 'node:crypto';
import type { AbResult, AbSnapshot } from '@tracehouse/contract/x-ab-tests';
import { NotFoundError } from '../../http/errors.ts';
import type { ClickHouse } from '../../stores/clickhouse/clickhouse.ts';
import type { Postgres } from '../../stores/postgres/postgres.ts';
import type { ProjectScope } from '../../stores/scope.ts';
import { lifeOf } from './label-tests.ts';
import { type Life, phasesOf, sharesOf } from './lifecycle.ts';
import { computeResult, type Narrowed } from './result.ts';
import { createSharedWork } from './shared-work.ts';
import { selectFrozen, selectSnapshots, selectTest } from './store.ts';
import * as words from './words.ts';

const MAX_KEPT = 500;
const MINUTE_MS = 60_000;

export type AbResults = ReturnType<typeof createAbResults>;

/** Results of tests: one computation a test and minute for all who ask; once a test has ended, what it was then. */
export function createAbResults({
  postgres,
  clickhouse,
  now,
}: {
  postgres: Postgres;
  clickhouse: ClickHouse;
  now: () => Date;
}) {
  const shared = createSharedWork<AbResult>({ maxKept: MAX_KEPT });

  /** Of a phase that has begun; the same for all who ask within a minute. */
  function compute(
    scope: ProjectScope,
    life: Life,
    phase: number,
    narrowed: Narrowed,
    gone: AbortSignal,
  ): Promise<AbResult> {
    const at = now();
    const { id, updated_at, state } = life.test;
    const minute = Math.floor(at.getTime() / MINUTE_MS);
    const key = JSON.stringify([scope.projectId, id, updated_at, state, phase, narrowed, minute]);
    return shared.get(key, gone, (signal) =>
      computeResult(clickhouse, scope, life, phase, narrowed, at, { signal, timeoutMs: TIMEOUT_MS }),
    );
  }

  return {
    compute,

    /** @throws NotFoundError, ClickHouseError when it is too heavy */
    async read(
      scope: ProjectScope,
      id: string,
      {
        phase: asked,
        environment,
        scoreSource,
      }: { phase?: number | undefined; environment?: string | undefined; scoreSource?: string | undefined },
      gone: AbortSignal,
    ): Promise<{ result: AbResult; etag: string }> {
      const at = now();
      const test = await selectTest(postgres, scope, id, at);
      if (!test) throw notFound();
      const life = await lifeOf(postgres, test);
      const phases = phasesOf(life, at);
      const phase = asked ?? phases.at(-1)?.number ?? 1;
      const environments = environment?.split(',').map((name) => name.trim());
      const narrowed = { ...(environments && { environments }), ...(scoreSource !== undefined && { scoreSource }) };
      if (!phases.some(({ number }) => number === phase)) {
        if (asked !== undefined && asked !== 1) throw new NotFoundError(`The A/B test has no phase ${asked}`);
        return withTag(beforeStart(life, at));
      }
      const isPlain = Object.keys(narrowed).length === 0;
      const frozen = isPlain && test.state === 'ended' ? await selectFrozen(postgres, scope, id) : null;
      return withTag(frozen?.[phase] ?? (await compute(scope, life, phase, narrowed, gone)));
    },

    /** @throws NotFoundError */
    async snapshots(scope: ProjectScope, id: string): Promise<{ data: AbSnapshot[]; latest: AbResult | null }> {
      if (!(await selectTest(postgres, scope, id, now()))) throw notFound();
      const rows = await selectSnapshots(postgres, scope, id);
      return {
        data: rows.map(({ phase, at, arms }) => ({ phase, at: at.toISOString(), arms })),
        latest: rows.findLast(({ result }) => result !== null)?.result ?? null,
      };
    },
  };
}

/** Below what a client waits for, so that it hears why. */
const TIMEOUT_MS = 30_000;

const notFound = (): NotFoundError => new NotFoundError('No A/B test with this id found in the project');

function withTag(result: AbResult): { result: AbResult; etag: string } {
  const digest = createHash('sha256').update(JSON.stringify(result)).digest('base64url');
  return { result, etag: `"${digest.slice(0, 24)}"` };
}

function beforeStart({ test }: Life, at: Date): AbResult {
  const control = test.arms[0]!.version;
  const shares = sharesOf(test);
  return {
    state: test.state,
    phase: 1,
    from: null,
    to: null,
    // The same on every look, until the test changes.
    at: test.updated_at.toISOString(),
    sentence:
      test.state === 'scheduled' && test.start_at !== null && test.start_at > at
        ? words.starts(test.start_at, control)
        : test.state === 'ended'
          ? words.neverBegan
          : words.notStarted(control),
    verdict: null,
    arms: test.arms.map(({ version }, arm) => ({ version, share: shares[arm]!, units: 0, generations: 0 })),
    ratioCheck: { lnE: null, isMismatch: false, observed: [] },
    keyCheck: { agreement: null, withoutUnit: 0, readsAs: null },
    comparisons: [],
    notes: [],
  };
}

import type { Logger } from 'pino';
import type { Postgres } from '../../stores/postgres/postgres.ts';
import { type ProjectScope, projectScope } from '../../stores/scope.ts';
import { lifeOf, settle } from './label-tests.ts';
import { phasesOf } from './lifecycle.ts';
import type { AbResults } from './results.ts';
import { SETTLE_MS } from './result.ts';
import type { TestedPrompts } from './service.ts';
import { freezeResult, hasSnapshot, insertSnapshot, selectTest, selectUnderWay, type TestRow } from './store.ts';

const HOUR_MS = 3_600_000;
/** After a failure, as of a result that is too heavy now. */
const RETRY_MS = HOUR_MS;

/**
 * What tests need by the clock, to be run every minute: writes down what began or ended, takes a snapshot an hour of each that runs, and
 * freezes the results of those that ended, once their last rows are old enough. Nothing waits for it: reads go by the clock themselves.
 * Answers a function that ends at its next step when the signal fires.
 */
export function createAbTestSweep({
  postgres,
  prompts,
  results,
  log,
  now,
}: {
  postgres: Postgres;
  prompts: Pick<TestedPrompts, 'lockPrompts' | 'forget'>;
  results: Pick<AbResults, 'compute'>;
  log: Pick<Logger, 'warn'>;
  now: () => Date;
}) {
  const notBefore = new Map<string, number>();

  async function writeDown(scope: ProjectScope, { prompt_name, state, written_state }: TestRow): Promise<void> {
    if (state === written_state) return;
    await postgres.transaction(async (tx) => {
      await prompts.lockPrompts(tx, scope);
      await settle(tx, scope, prompt_name, now());
    });
    await prompts.forget(scope);
  }

  async function look(scope: ProjectScope, id: string, signal: AbortSignal): Promise<void> {
    const found = await selectTest(postgres, scope, id, now());
    if (!found) return;
    await writeDown(scope, found);
    const at = now();
    const test = await selectTest(postgres, scope, id, at);
    if (!test) return;
    const life = await lifeOf(postgres, test);
    const phases = phasesOf(life, at);
    const current = phases.at(-1);
    if (test.state === 'running' && current) {
      const hour = new Date(Math.floor(at.getTime() / HOUR_MS) * HOUR_MS);
      if (await hasSnapshot(postgres, id, current.number, hour)) return;
      const result = await results.compute(scope, life, current.number, {}, signal);
      const arms = result.comparisons
        .filter(({ isPrimary }) => isPrimary)
        .map(({ arm, difference, low, high }) => ({ arm, difference, low, high }));
      await insertSnapshot(postgres, { testId: id, phase: current.number, at: hour, arms, result });
    }
    if (test.state === 'ended' && at.getTime() >= (test.ended_at?.getTime() ?? 0) + SETTLE_MS) {
      const frozen: Parameters<typeof freezeResult>[3] = {};
      for (const { number } of phases) frozen[number] = await results.compute(scope, life, number, {}, signal);
      await freezeResult(postgres, scope, test, frozen);
    }
  }

  return async (signal: AbortSignal): Promise<void> => {
    for (const { project_id, id } of await selectUnderWay(postgres)) {
      signal.throwIfAborted();
      if ((notBefore.get(id) ?? 0) > now().getTime()) continue;
      notBefore.delete(id);
      try {
        await look(projectScope(project_id), id, signal);
      } catch (error) {
        signal.throwIfAborted();
        notBefore.set(id, now().getTime() + RETRY_MS);
        log.warn(
          { projectId: project_id, abTestId: id, err: error },
          'an A/B test could not be looked after; in an hour again',
        );
      }
    }
  };
}

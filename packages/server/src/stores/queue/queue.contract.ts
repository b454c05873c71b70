import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { migratePostgres } from '../postgres/migrate.ts';
import type { Postgres } from '../postgres/postgres.ts';
import { sql } from '../postgres/sql.ts';
import { projectScope } from '../scope.ts';
import { createQueue, defineJob, JobError, type JobContext, type Queue, runnable } from './queue.ts';

type Step = (context: JobContext<number>) => Promise<void>;

/** What jobs do on every driver of Postgres; `open` answers an empty database. */
export function describeQueue(driver: string, open: () => Promise<Postgres>): void {
  describe(`the queue on ${driver}`, () => {
    let postgres: Postgres;
    let nowMs = Date.parse('2026-11-20T10:00:00.000Z');
    let ids = 0;
    const now = (): Date => new Date(nowMs);
    const at = (id: string) => projectScope(id);
    beforeAll(async () => {
      postgres = await open();
      await migratePostgres(postgres);
      await postgres.rows(sql`
        INSERT INTO organizations (id, name, created_at, updated_at) VALUES ('o', 'o', ${now()}, ${now()})`);
      for (const id of ['p', 'q']) {
        await postgres.rows(sql`
          INSERT INTO projects (id, organization_id, name, created_at, updated_at) VALUES (${id}, 'o', ${id}, ${now()}, ${now()})`);
      }
    });
    beforeEach(async () => void (await postgres.rows(sql`DELETE FROM jobs`)));
    afterAll(() => postgres.close());

    /** A process with one kind of job, which does what `steps` say of its subject. */
    function worker(steps: Record<string, Step>): Queue {
      const job = defineJob({
        name: 'test',
        payload: z.object({ step: z.string() }),
        checkpoint: z.number(),
        retry: { attempts: 3, backoffMs: 1000 },
        run: (needs: Record<string, Step>, { step }, context) => needs[step]!(context),
      });
      return createQueue({
        postgres,
        jobs: [runnable(job, steps)],
        log: pino({ level: 'silent' }),
        now,
        newId: () => `id-${(ids += 1)}`,
      });
    }
    async function enqueued(queue: Queue, step: string, project = 'p', subject = step): Promise<string> {
      const job = await queue.enqueue(at(project), { kind: 'test', subject, payload: { step } });
      if (typeof job === 'string') throw new Error(job);
      return job.id;
    }
    const stateOf = async (queue: Queue, id: string) => (await queue.get(at('p'), id))!;
    async function until(
      queue: Queue,
      id: string,
      state: string,
      attempts = 0,
    ): Promise<Awaited<ReturnType<typeof stateOf>>> {
      for (;;) {
        const job = await stateOf(queue, id);
        if (job.state === state && job.attempts >= attempts) return job;
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    }
    const told = (done: number) => ({ done, total: 10, counts: { made: done }, checkpoint: done });

    test('a job runs, tells how far it is, and is done', async () => {
      const queue = worker({ one: ({ progress }) => progress(told(10)) });
      const id = await enqueued(queue, 'one');
      expect(await stateOf(queue, id)).toMatchObject({ state: 'queued', progressTotal: null });
      queue.start();
      expect(await until(queue, id, 'done')).toMatchObject({
        progressDone: 10,
        progressTotal: 10,
        counts: { made: 10 },
        error: null,
      });
      expect(await queue.get(at('q'), id)).toBeNull();
      expect(await queue.list(at('q'), { limit: 10 })).toEqual([]);
      await queue.stop();
    });

    test('one at a time for a subject; another subject, and another project, may have theirs', async () => {
      const queue = worker({});
      await enqueued(queue, 'one');
      expect(await queue.enqueue(at('p'), { kind: 'test', subject: 'one', payload: { step: 'one' } })).toBe('busy');
      await enqueued(queue, 'two');
      await enqueued(queue, 'one', 'q');
      for (let i = 0; i < 18; i += 1) await enqueued(queue, 'one', 'p', `${i}`);
      expect(await queue.enqueue(at('p'), { kind: 'test', subject: 'more', payload: { step: 'one' } })).toBe('full');
    });

    test('what fails is tried again later, each time after twice the time, and fails for good at the third', async () => {
      let runs = 0;
      const step: Step = async () => {
        runs += 1;
        throw runs < 3 ? new Error('secret of the program') : new JobError('The model is gone');
      };
      const queue = worker({ one: step });
      const id = await enqueued(queue, 'one');
      for (const [attempts, waitMs] of [
        [1, 1000],
        [2, 2000],
      ] as const) {
        queue.start();
        // By its attempts: that of before is queued with an error too, and the clock may not move before it has run.
        const job = await until(queue, id, 'queued', attempts);
        expect(job.error).toEqual(expect.not.stringContaining('secret'));
        nowMs += waitMs - 1;
        queue.start();
        await sleep(50);
        expect(await stateOf(queue, id)).toMatchObject({ state: 'queued', attempts });
        nowMs += 1;
      }
      queue.start();
      expect(await until(queue, id, 'failed')).toMatchObject({ error: 'The model is gone', attempts: 3 });
      await queue.stop();
    });

    test('the job of a process that is gone goes on in another where it was, once its lease has run out', async () => {
      const never = Promise.withResolvers<void>();
      const reached = Promise.withResolvers<void>();
      const first = worker({
        async one({ progress }) {
          await progress(told(3));
          await sleep(600);
          await progress(told(4));
          reached.resolve();
          await never.promise;
        },
      });
      const starts: unknown[] = [];
      const second = worker({
        async one({ earlier, progress }) {
          starts.push(earlier);
          await progress(told(10));
        },
      });
      const id = await enqueued(first, 'one');
      first.start();
      await reached.promise;
      second.start();
      await sleep(50);
      expect(await stateOf(second, id)).toMatchObject({ state: 'running', progressDone: 4 });
      nowMs += 20_001;
      second.start();
      await until(second, id, 'done');
      expect(starts).toEqual([{ done: 4, total: 10, counts: { made: 4 }, checkpoint: 4 }]);
      // The first was only slow: what it tells now changes nothing.
      never.resolve();
      await first.stop();
      expect(await stateOf(second, id)).toMatchObject({ state: 'done', progressDone: 10 });
      await second.stop();
    });

    test('a process that stops gives its job back, which counts as no attempt', async () => {
      const reached = Promise.withResolvers<void>();
      const first = worker({
        async one({ signal, progress }) {
          await progress(told(5));
          reached.resolve();
          for (;;) {
            signal.throwIfAborted();
            await sleep();
          }
        },
      });
      const id = await enqueued(first, 'one');
      first.start();
      await reached.promise;
      await first.stop();
      expect(await stateOf(first, id)).toMatchObject({ state: 'queued', attempts: 0, progressDone: 5, checkpoint: 5 });
    });

    test('one that waits is cancelled at once, one that runs at its next step', async () => {
      const reached = Promise.withResolvers<void>();
      const queue = worker({
        async one({ signal }) {
          reached.resolve();
          for (;;) {
            signal.throwIfAborted();
            await sleep();
          }
        },
      });
      const id = await enqueued(queue, 'one');
      expect(await queue.cancel(at('q'), id)).toBeNull();
      expect(await queue.cancel(at('p'), id)).toMatchObject({ state: 'cancelled' });
      const again = await enqueued(queue, 'one');
      queue.start();
      await reached.promise;
      expect(await queue.cancel(at('p'), again)).toMatchObject({ state: 'running', cancelRequested: true });
      await until(queue, again, 'cancelled');
      expect(await queue.cancel(at('p'), again)).toBeNull();
      await queue.stop();
    });

    test('two that look at the same moment get different jobs, and a project with many does not keep another waiting', async () => {
      const order: string[] = [];
      const step: Step = async ({ scope }) => {
        order.push(scope.projectId);
        nowMs += 1;
        await sleep();
      };
      const workers = [worker({ one: step }), worker({ one: step })];
      for (let i = 0; i < 6; i += 1) await enqueued(workers[0]!, 'one', 'p', `${i}`);
      await enqueued(workers[0]!, 'one', 'q', 'last');
      for (const queue of workers) queue.start();
      while (order.length < 7) await sleep();
      for (const queue of workers) await queue.stop();
      expect(order.filter((project) => project === 'p')).toHaveLength(6);
      expect(order.indexOf('q')).toBeLessThan(3);
    });
  });
}

const sleep = (ms = 5): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

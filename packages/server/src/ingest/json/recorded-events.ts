/* For tests: batches that published clients sent (test/record/record.ts), and everything one can read of what they became. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Harness, Project } from '../../features/harness.ts';
import { clickhouse, string } from '../../stores/clickhouse/sql.ts';

const clients = ['langfuse-sdk-3', 'langfuse-python-2', 'litellm-langfuse-2'] as const;

interface RecordedEvent {
  id: string;
  type: string;
  body: { id?: string; traceId?: string };
}

const batchesOf = (client: string): RecordedEvent[][] =>
  (
    JSON.parse(readFileSync(new URL(`../../../../../fixtures/${client}.json`, import.meta.url), 'utf8')) as {
      requests: { body: { json: { batch: RecordedEvent[] } } }[];
    }
  ).requests.map(({ body }) => body.json.batch);

const headersOf = (toOther: boolean) => ({
  'content-type': 'application/json',
  ...(toOther && { 'x-program': 'other' }),
});

/** Some of a recording's events in one request, and which program gets it. */
interface Sent {
  batch: readonly RecordedEvent[];
  toOther: boolean;
  /** Not before those in front of it are answered. */
  waits: boolean;
}

async function send(project: Project, { batch, toOther }: Sent): Promise<void> {
  const { status, body } = await project.send('/ingestion', JSON.stringify({ batch }), headersOf(toOther));
  expect({ status, errors: body.errors }).toEqual({ status: 207, errors: [] });
}

/** What must not depend on how the events arrived: v1, v2 and plain SQL. */
async function readAll(harness: Harness, project: Project, traceIds: readonly string[]) {
  const traces = [];
  for (const id of traceIds) {
    const v1 = (await project.get(`/traces/${encodeURIComponent(id)}`)).body;
    const v2 = (await project.get(`/v2/observations?limit=100&traceId=${encodeURIComponent(id)}&fields=${GROUPS}`))
      .body;
    traces.push({
      v1: { ...v1, observations: v1.observations.toSorted(byId), scores: v1.scores.toSorted(byId) },
      v2: v2.data.toSorted(byId),
    });
  }
  const lists = [];
  for (const path of ['/observations?limit=100', '/v2/scores?limit=100', '/sessions?limit=100']) {
    const { status, body } = await project.get(path);
    expect({ path, status, body }).toMatchObject({ status: 200, body: { data: expect.any(Array) as unknown } });
    lists.push(body.data.toSorted(byId));
  }
  const from = clickhouse`FINAL WHERE project_id = ${string(project.id)}`;
  const except = clickhouse`EXCEPT (project_id, created_at, updated_at, row_version, clocks)`;
  const sql = await Promise.all([
    harness.clickhouse.rows(clickhouse`SELECT * ${except} FROM observations ${from} ORDER BY kind, id`),
    harness.clickhouse.rows(clickhouse`SELECT * ${except} FROM scores ${from} ORDER BY id`),
    harness.clickhouse.rows(clickhouse`SELECT count() AS traces FROM traces WHERE project_id = ${string(project.id)}`),
  ]);
  return JSON.parse(JSON.stringify({ traces, lists, sql }, withoutTimes)) as unknown;
}

const GROUPS = 'core,basic,time,io,metadata,model,usage,prompt,metrics';

const byId = (a: { id: string }, b: { id: string }): number => (a.id < b.id ? -1 : 1);

/** When a row was written, and for which project. */
const withoutTimes = (key: string, value: unknown): unknown =>
  key === 'createdAt' || key === 'updatedAt' || key === 'projectId' || key === 'htmlPath' ? undefined : value;

/** Of the property; `npm run test:long` asks for more. */
const RUNS = Number(process.env['MERGE_RUNS'] ?? 3);

/** A test for each recording. `programs` says how many of them take the events. */
export function testRecordings(harnessOf: () => Harness, { programs }: { programs: 1 | 2 }): void {
  let projects = 0;
  test.each(clients)(
    'what %s sent ends in the same traces and scores in any order, split and repetition',
    async (client) => {
      const harness = harnessOf();
      harness.setNow(new Date('2026-11-30T12:00:00Z'));
      const newProject = () => harness.project(`${client}-${(projects += 1)}`);
      const batches = batchesOf(client);
      const events = batches.flat();
      const traceIds = [
        ...new Set(events.flatMap(({ type, body }) => (type === 'trace-create' ? body.id : body.traceId) ?? [])),
      ];
      const inOrder = await newProject();
      for (const batch of batches) await send(inOrder, { batch, toOther: false, waits: true });
      const expected = await readAll(harness, inOrder, traceIds);

      const arrivals = fc
        .record({
          order: fc.shuffledSubarray(events, { minLength: events.length }),
          again: fc.array(fc.constantFrom(...events), { maxLength: 6 }),
          cuts: fc.array(
            fc.record({
              isCut: fc.nat({ max: 4 }).map((dice) => dice === 0),
              toOther: programs === 2 ? fc.boolean() : fc.constant(false),
              waits: fc.boolean(),
            }),
            { minLength: events.length + 6, maxLength: events.length + 6 },
          ),
        })
        .map(({ order, again, cuts }) => {
          const requests: (Sent & { batch: RecordedEvent[] })[] = [];
          for (const [i, event] of [...order, ...again].entries()) {
            const { isCut, ...how } = cuts[i]!;
            if (isCut || i === 0) requests.push({ batch: [event], ...how });
            else requests.at(-1)!.batch.push(event);
          }
          return requests;
        });
      await fc.assert(
        fc.asyncProperty(arrivals, async (requests) => {
          const project = await newProject();
          let underWay: Promise<void>[] = [];
          for (const request of requests) {
            if (request.waits) {
              await Promise.all(underWay);
              underWay = [];
            }
            underWay.push(send(project, request));
          }
          await Promise.all(underWay);
          expect(await readAll(harness, project, traceIds)).toEqual(expected);
        }),
        { numRuns: RUNS },
      );
    },
    120_000 + RUNS * 10_000,
  );
}

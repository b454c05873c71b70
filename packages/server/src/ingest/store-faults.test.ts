import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { at, type Harness, openHarness, type Project } from '../features/harness.ts';
import { ClickHouseError } from '../stores/clickhouse/clickhouse.ts';
import { PostgresError } from '../stores/postgres/postgres.ts';

/** What each call of a store throws, when set. */
const fault: { postgres?: Error | undefined; reads?: Error | undefined; writes?: Error | undefined } = {};
const heal = (): void => {
  fault.postgres = fault.reads = fault.writes = undefined;
};
async function unless<Result>(fails: Error | undefined, work: () => Promise<Result>): Promise<Result> {
  if (fails) throw fails;
  return work();
}

let harness: Harness;
let project: Project;
let count = 0;
beforeAll(async () => {
  harness = await openHarness({
    through: ({ clickhouse, postgres }) => ({
      clickhouse: {
        ...clickhouse,
        rows: (...args) => unless(fault.reads, () => clickhouse.rows(...args)),
        binary: (...args) => unless(fault.reads, () => clickhouse.binary(...args)),
        run: (...args) => unless(fault.writes, () => clickhouse.run(...args)),
      },
      postgres: {
        ...postgres,
        rows: (...args) => unless(fault.postgres, () => postgres.rows(...args)),
        transaction: (work) => unless(fault.postgres, () => postgres.transaction(work)),
      },
    }),
  });
}, 60_000);
afterAll(() => harness.close());
beforeEach(async () => {
  heal();
  project = await harness.project(`faults-${(count += 1)}`);
});

const iso = (seconds: number): string => new Date(at(seconds) / 1000).toISOString();
const event = (type: string, id: string, body: object) => ({ id, type, timestamp: iso(0), body });

/** Requests that store something, each needing the stores in its own way. */
const requests = {
  'OTLP spans': [
    'POST',
    '/otel/v1/traces',
    () => ({
      resourceSpans: [
        {
          scopeSpans: [
            {
              spans: [
                {
                  traceId: 'a'.repeat(32),
                  spanId: 'b'.repeat(16),
                  name: 'span',
                  startTimeUnixNano: `${at(0)}000`,
                  endTimeUnixNano: `${at(1)}000`,
                },
              ],
            },
          ],
        },
      ],
    }),
  ],
  'events that create': [
    'POST',
    '/ingestion',
    () => ({
      batch: [
        event('trace-create', 'e1', { id: 'trace', name: 'trace' }),
        event('span-create', 'e2', { id: 'span', traceId: 'trace', name: 'span', startTime: iso(0) }),
      ],
    }),
  ],
  'events that update': [
    'POST',
    '/ingestion',
    () => ({
      batch: [event('span-update', 'e3', { id: 'span', traceId: 'trace', output: 'later', startTime: iso(0) })],
    }),
  ],
  'a score': ['POST', '/scores', () => ({ id: 'score', traceId: 'trace', name: 'quality', value: 1 })],
  'the deletion of a trace': ['DELETE', '/traces/trace', () => undefined],
  'the deletion of traces': ['DELETE', '/traces', () => ({ traceIds: ['trace'] })],
} as const;
type RequestName = keyof typeof requests;

function send(name: RequestName) {
  const [method, path, body] = requests[name];
  return method === 'POST' ? project.post(path, body()) : project.delete(path, body());
}

const engine = (code: number) => ({
  reads: new ClickHouseError(`Code: ${code}`, code),
  writes: new ClickHouseError(`Code: ${code}`, code),
});
const faults: Record<string, typeof fault> = {
  'Postgres has no room': {
    postgres: new PostgresError(Object.assign(new Error('No space left on device'), { code: '53100' })),
  },
  'Postgres is away': {
    postgres: new PostgresError(Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })),
  },
  'the engine has no memory left': engine(241),
  'the engine takes too long': engine(159),
  'the engine cannot open a file': engine(76),
  'the engine says something unheard of': engine(0),
};
const needsEngine: Partial<Record<RequestName, true>> = {
  'events that create': true,
  'events that update': true,
  'a score': true,
  'the deletion of a trace': true,
  'the deletion of traces': true,
};

describe.each(Object.keys(requests) as RequestName[])('%s', (name) => {
  test.each(Object.keys(faults))(
    'while %s: 503 and when to come again, and the same request is taken afterwards',
    async (what) => {
      // Marks of deleted traces are read again after a while.
      harness.wait(60);
      Object.assign(fault, faults[what]);
      const refused = await send(name);
      if (faults[what]!.postgres || needsEngine[name]) {
        expect(refused.status).toBe(503);
        expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
      } else expect(refused.status).toBe(200); // a span is not looked up
      heal();
      const taken = await send(name);
      expect([200, 207]).toContain(taken.status);
      expect(taken.body.errors ?? []).toEqual([]);
    },
  );
});

test('what was refused is stored once when it is sent again, and its cost is counted once', async () => {
  await send('events that create');
  fault.reads = new ClickHouseError('Code: 241', 241);
  const batch = [
    // Of a new id the engine is not asked.
    event('generation-update', 'g1', {
      id: 'generation',
      traceId: 'trace',
      startTime: iso(0),
      model: 'gpt-4o-mini',
      usageDetails: { input: 1000, output: 100 },
      costDetails: { input: 0.25, output: 0.5 },
    }),
  ];
  expect((await project.post('/ingestion', { batch })).status).toBe(503);
  heal();
  for (let i = 0; i < 3; i += 1) expect((await project.post('/ingestion', { batch })).status).toBe(207);
  const { body } = await project.get('/traces/trace');
  expect(body.observations.map(({ id }: { id: string }) => id).toSorted()).toEqual(['generation', 'span']);
  expect(body.totalCost).toBe(0.75);
});

test('an export whose answer was lost and that is sent again, the same bytes, counts its tokens and its cost once', async () => {
  const attribute = (key: string, stringValue: string) => ({ key, value: { stringValue } });
  const span = (spanId: string, cost: number) => ({
    traceId: 'c'.repeat(32),
    spanId: spanId.repeat(16),
    name: 'call',
    startTimeUnixNano: `${at(0)}000`,
    endTimeUnixNano: `${at(1)}000`,
    attributes: [
      attribute('langfuse.observation.type', 'generation'),
      attribute('langfuse.observation.usage_details', '{"input": 1000, "output": 100}'),
      attribute('langfuse.observation.cost_details', `{"input": ${cost}}`),
    ],
  });
  const body = { resourceSpans: [{ scopeSpans: [{ spans: [span('1', 0.25), span('2', 0.5)] }] }] };
  const totals: unknown[] = [];
  for (let i = 0; i < 4; i += 1) {
    expect((await project.post('/otel/v1/traces', body)).status).toBe(200);
    const { totalCost, observations } = (await project.get(`/traces/${'c'.repeat(32)}`)).body;
    totals.push([totalCost, observations.length, observations[0].usageDetails.input]);
  }
  expect(totals).toEqual(Array.from({ length: 4 }, () => [0.75, 2, 1000]));
});

test('a trace whose deletion failed goes on taking data, and the deletion that succeeds takes all of it', async () => {
  await send('events that create');
  await project.get('/traces/trace');
  fault.postgres = new PostgresError(new Error('No space left on device'));
  expect((await send('the deletion of a trace')).status).toBe(503);
  heal();
  expect((await send('events that update')).body.errors).toEqual([]);
  expect((await project.get('/traces/trace')).body.observations).toMatchObject([{ id: 'span', output: 'later' }]);
  expect((await send('the deletion of a trace')).status).toBe(200);
  expect((await project.get('/traces/trace')).status).toBe(404);
});

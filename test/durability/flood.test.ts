import { rm } from 'node:fs/promises';
import { afterEach, expect, test } from 'vitest';
import { basic, createClient } from '../../bench/client.ts';
import { watchRss } from '../../bench/processes.ts';
import { createConversations } from '../../bench/traffic/conversations.ts';
import { createRandom } from '../../bench/traffic/random.ts';
import { createRequests, spanIdOf, stamp, traceIdOf } from '../../bench/traffic/requests.ts';
import { createWords } from '../../bench/traffic/words.ts';
import { plantedDirectory, startServer } from '../harness/server.ts';
import type { Expected, ExpectedObservation } from './load.ts';
import { verify } from './verify.ts';

/** Each sends again at once, whatever it is told: with so little room in the journal most of it is surplus. */
const CONNECTIONS = 24;
const JOURNAL_MB = 8;
const ACKNOWLEDGED = 30;
const REFUSED = 30;

let directory = '';
afterEach(() => rm(directory, { recursive: true, force: true }));

test('under a flood the surplus is refused with when to come again, memory stays bounded, other routes answer, and nothing acknowledged is lost', async () => {
  directory = await plantedDirectory();
  const server = await startServer({
    dataDirectory: directory,
    screens: false,
    env: { TRACEHOUSE_JOURNAL_MAX_MB: String(JOURNAL_MB), LANGFUSE_LOG_LEVEL: 'error' },
  });
  const access = { url: server.url, authorization: basic(server) };
  const random = createRandom(3);
  const bodies = createRequests('otlp-protobuf', createConversations(random, createWords(3)), CONNECTIONS);
  const observations = new Map<string, ExpectedObservation>();
  const statuses = new Map<number, number>();
  const seen = (status: number): number => statuses.get(status) ?? 0;
  const isEnough = (): boolean => seen(200) >= ACKNOWLEDGED && seen(503) >= REFUSED;
  let withoutRetryAfter = 0;
  let sequence = 0;
  let others = 0;
  const rss = watchRss(server.pid);

  const flood = bodies.map(async (body) => {
    const client = createClient(access);
    while (!isEnough()) {
      const mine = (sequence += 1);
      stamp(body, mine, Date.now());
      const { status, retryAfterMs } = await client.post(body.path, body.contentType, body.bytes);
      statuses.set(status, seen(status) + 1);
      if (status === 503 && retryAfterMs === 0) withoutRetryAfter += 1;
      if (status !== 200) continue;
      body.spans.forEach(({ trace, step }, i) =>
        observations.set(spanIdOf(mine, i), { traceId: traceIdOf(mine, trace), step }),
      );
    }
    client.close();
  });
  const reader = (async () => {
    const client = createClient(access);
    while (!isEnough()) {
      for (const path of ['/api/public/health', '/api/public/projects']) {
        expect((await client.get(path)).status).toBe(200);
        others += 1;
      }
    }
    client.close();
  })();
  await Promise.all([...flood, reader]);

  expect([...statuses.keys()].toSorted()).toEqual([200, 503]);
  expect(withoutRetryAfter).toBe(0);
  expect(others).toBeGreaterThan(0);
  expect(rss().peak).toBeLessThan(1_500);
  await server.stop();
  const none = new Map<string, never>();
  const expected: Expected = {
    observations,
    traces: none,
    scores: none,
    deletedTraces: new Set(),
    doubtfulTraces: new Set(),
  };
  expect(await verify(directory, expected)).toMatchObject({ lost: [], doubled: [], wrong: [], unexpected: [] });
});

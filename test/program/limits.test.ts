import { rm } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { projectApi } from '../harness/project-api.ts';
import { plantedDirectory, startServer, type TestServer } from '../harness/server.ts';

let directory: string;
let server: TestServer;

beforeAll(async () => {
  directory = await plantedDirectory();
});
afterEach(() => server.stop());
afterAll(() => rm(directory, { recursive: true, force: true }));

const start = async (env: Record<string, string>): Promise<void> => {
  server = await startServer({ screens: false, dataDirectory: directory, env });
};

let next = 0;
const event = () => {
  next += 1;
  const timestamp = new Date().toISOString();
  return { id: `e-${next}`, type: 'score-create', timestamp, body: { traceId: 't', name: 'n', value: next } };
};
const span = () => {
  next += 1;
  const hex = String(next).padStart(16, '1');
  const startTimeUnixNano = `${Date.now()}000000`;
  return { traceId: `${hex}${hex}`, spanId: hex, name: 'n', startTimeUnixNano, endTimeUnixNano: startTimeUnixNano };
};

const bodies: Record<string, () => unknown> = {
  '/api/public/ingestion': () => ({ batch: [event()] }),
  '/api/public/scores': () => event().body,
  '/api/public/otel/v1/traces': () => ({ resourceSpans: [{ scopeSpans: [{ spans: [span()] }] }] }),
};
const doors = Object.keys(bodies);

const send = (path: string, authorization = projectApi(server).authorization): Promise<Response> =>
  fetch(`${server.url}${path}`, {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/json' },
    body: JSON.stringify(bodies[path]!()),
  });

/** Sends until it is refused, at the most as often as fits before and after the end of one window. */
async function refusalAfter(limit: number, path: string, authorization?: string): Promise<Response> {
  let answer = await send(path, authorization);
  for (let sent = 1; sent <= 2 * limit && answer.status < 300; sent += 1) answer = await send(path, authorization);
  return answer;
}

const expectRefusal = ({ status, headers }: Response, withinS: number): void => {
  expect(status).toBe(429);
  expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
  expect(Number(headers.get('retry-after'))).toBeLessThanOrEqual(withinS);
  expect(headers.get('x-ratelimit-remaining')).toBe('0');
};

describe('what a project may send', () => {
  test('is without limit when nothing is set', async () => {
    await start({});
    for (const path of doors) {
      const answer = await send(path);
      expect(answer.ok).toBe(true);
      expect(answer.headers.get('x-ratelimit-limit')).toBeNull();
    }
  });

  test('is limited by requests a minute through all doors together, and for browsers by themselves; reading goes on', async () => {
    await start({ TRACEHOUSE_LIMIT_REQUESTS_PER_MINUTE: '3', TRACEHOUSE_LIMIT_BROWSER_REQUESTS_PER_MINUTE: '2' });
    const browser = `Bearer ${server.publicKey}`;
    expectRefusal(await refusalAfter(2, '/api/public/scores', browser), 60);
    for (const path of doors) expectRefusal(await refusalAfter(3, path), 60);
    await projectApi(server).get('/traces');
  });

  test('is limited by items a day through all doors together, also after a restart', async () => {
    await start({ TRACEHOUSE_QUOTA_ITEMS_PER_DAY: '20' });
    for (const path of doors) for (let i = 0; i < 3; i += 1) await send(path);
    for (const path of doors) expectRefusal(await refusalAfter(20, path), 86_400);
    await server.stop();
    await start({ TRACEHOUSE_QUOTA_ITEMS_PER_DAY: '20' });
    expectRefusal(await send('/api/public/scores'), 86_400);
  });
});

import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { basic } from '../../bench/client.ts';
import { plantedDirectory, startServer, type TestServer } from '../harness/server.ts';

const dataDirectory = await plantedDirectory();
afterAll(() => rm(dataDirectory, { recursive: true, force: true }));

/** 1.2 MB, another for each id. */
const textOf = (id: string): string => `${id} ${`part of ${id}. `.repeat(Math.ceil(1_200_000 / (id.length + 10)))}`;

/** The answer, or null when the server went before it came. */
async function ask(server: TestServer, method: string, path: string, body?: unknown): Promise<Response | null> {
  try {
    const answer = await fetch(`${server.url}/api/public${path}`, {
      method,
      headers: { authorization: basic(server), 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return new Response(await answer.text(), { status: answer.status });
  } catch {
    return null;
  }
}

test('killed while large fields are stored and deleted, it has all of them that it acknowledged, whole', async () => {
  const kept = new Set<string>();
  const deleted = new Set<string>();
  let unanswered = 0;
  for (let round = 0; round < 2; round += 1) {
    const server = await startServer({ dataDirectory, screens: false });
    const killed = new AbortController();
    const send = async (lane: number): Promise<void> => {
      for (let i = 0; !killed.signal.aborted; i += 1) {
        const id = `${round}-${lane}-${i}`;
        const sent = await ask(server, 'POST', '/spans', {
          id,
          traceId: id,
          input: textOf(id),
          output: textOf('shared'),
        });
        if (sent?.status !== 200) unanswered += 1;
        else if (i % 3 !== 2) kept.add(id);
        else if ((await ask(server, 'DELETE', `/traces/${id}`))?.status === 200) deleted.add(id);
        else unanswered += 1;
      }
    };
    const lanes = [0, 1, 2].map(send);
    const enough = kept.size + 4 + round;
    while (kept.size < enough) await new Promise((resolve) => setTimeout(resolve, 10));
    await server.kill();
    killed.abort();
    await Promise.all(lanes);
  }
  const server = await startServer({ dataDirectory, screens: false });
  for (const id of kept) {
    const answer = await ask(server, 'GET', `/observations/${id}`);
    const { input, output } = (await answer!.json()) as { input: string; output: string };
    expect(input === textOf(id) && output === textOf('shared'), id).toBe(true);
  }
  for (const id of deleted) expect((await ask(server, 'GET', `/traces/${id}`))?.status).toBe(404);
  await server.stop();
  // One a text that is kept, and the shared one; of what the kills cut off at most one each.
  const files = (
    await readdir(join(dataDirectory, 'blobs', 'payloads'), { recursive: true, withFileTypes: true })
  ).filter((entry) => entry.isFile());
  expect(files.length).toBeGreaterThanOrEqual(kept.size + 1);
  expect(files.length).toBeLessThanOrEqual(kept.size + 1 + unanswered);
}, 180_000);

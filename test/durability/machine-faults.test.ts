import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { basic, type Client, createClient } from '../../bench/client.ts';
import { startServer, type TestServer } from '../harness/server.ts';
import { createLoad } from './load.ts';
import { createSmallDisk, type Fault, noFileDescriptors, readOnly, serverUser } from './small-disk.ts';
import { verify } from './verify.ts';

/** 128 MB of it are kept free; a new Postgres takes 40. */
const DISK_MB = 768;
/** Refused requests that a fault is looked at for. */
const REFUSALS = 12;

const disk = await createSmallDisk(DISK_MB);
const load = createLoad(7);
let server: TestServer;
/** Opened before there may be no descriptor left for a connection. */
let operator: Client;

const start = async (): Promise<void> => {
  server = await startServer({
    dataDirectory: disk.directory,
    screens: false,
    ...(serverUser && { user: serverUser }),
  });
  operator = createClient({ url: server.url, authorization: basic(server) });
};
beforeAll(start, 120_000);
afterAll(async () => {
  operator.close();
  await server.kill();
  disk.remove();
});

const ready = async (): Promise<{ status: number; says: string }> => {
  const { status, text } = await operator.get('/api/public/ready');
  return { status, says: (JSON.parse(text) as { status: string }).status };
};

/** Under load through every door, whose senders accept 2xx, and 429 and 503 with Retry-After, and nothing else. */
async function endure(fault: Fault, says: RegExp): Promise<void> {
  const end = new AbortController();
  await operator.get('/api/public/health');
  const running = load.run({ url: server.url, authorization: basic(server) }, end.signal);
  const failed = running.then(() => Promise.reject(new Error('The server went away')));
  failed.catch(() => undefined);
  /** Sooner than the test's own time is up, so that neither load nor fault is there in the next one. */
  const grown = (figure: 'requests' | 'refusals', by: number): Promise<void> => {
    const enough = load.figures[figure] + by;
    return Promise.race([failed, until(() => load.figures[figure] >= enough, `${by} more ${figure}`)]);
  };
  try {
    await grown('requests', 12);
    try {
      fault.begin(server.pid);
      await grown('refusals', REFUSALS);
      await expect
        .poll(ready, { timeout: 30_000, interval: 200 })
        .toMatchObject({ status: 503, says: expect.stringMatching(says) });
    } finally {
      fault.end(server.pid);
    }
    await expect.poll(ready, { timeout: 60_000, interval: 200 }).toEqual({ status: 200, says: 'OK' });
    await grown('requests', 12);
  } finally {
    end.abort();
    await running;
  }
}

/** @throws when it is not so within 40 s */
async function until(isSo: () => boolean, what: string): Promise<void> {
  for (const start = Date.now(); !isSo(); await sleep(20)) {
    if (Date.now() - start > 40_000) throw new Error(`No ${what} within 40 s`);
  }
}

test.skipIf(!disk.full)('a full disk: 503, ready says so, and it goes on by itself', () =>
  endure(disk.full!, /journal cannot be written|takes no rows/),
);

test('no file descriptor left: 503, ready says so, and it goes on by itself', () =>
  endure(noFileDescriptors(), /journal cannot be written|takes no rows|does not answer/));

test.skipIf(process.getuid?.() === 0 && serverUser === undefined)(
  'a data directory that nothing can be written to: 503, ready says so, and it goes on by itself',
  () => endure(readOnly(disk.directory), /journal cannot be written|takes no rows/),
);

test('killed, while the disk is full where there is one to fill, it starts once there is room, and after all this has everything once', async () => {
  const running = load.run({ url: server.url, authorization: basic(server) });
  disk.full?.begin(server.pid);
  const enough = load.figures.refusals + REFUSALS;
  if (disk.full) await until(() => load.figures.refusals >= enough, `${REFUSALS} more refusals`);
  await server.kill();
  await running;
  disk.full?.end(server.pid);
  operator.close();
  await start();
  await load.settle({ url: server.url, authorization: basic(server) });
  await server.stop();
  expect(await verify(disk.directory, load.expected)).toMatchObject({
    lost: [],
    doubled: [],
    wrong: [],
    unexpected: [],
  });
});

import { readFileSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { projectApi } from '../harness/project-api.ts';
import type { TestServer } from '../harness/server.ts';
import { type DoorName, hostileRequest, type HostileRequest, scoredTrace, survivorName } from './doors.ts';

export interface AttackReport {
  /** Status → how many answers had it; `-1` is a connection that broke without one. */
  statuses: Record<string, number>;
  /** Requests that got an answer nobody may get, at most ten: enough to make each again. */
  wrong: string[];
  survivors: number;
  /** Of these requests the good item is not there. */
  lost: string[];
  /** What the server has logged as errors meanwhile, each kind once. */
  errors: string[];
  /** The longest that a request for health took meanwhile: how long the process was deaf. */
  longestStallMs: number;
  /** By how much its memory has grown at most. */
  rssGrowthMb: number;
}

const CONNECTIONS = 16;
const ACCEPTABLE = new Set([200, 202, 207, 400, 413, 415, 429, 503]);

/** Sends `count` spoilt bodies through one door, 16 at a time, while somebody else asks for the server's health. */
export async function attack(
  server: TestServer,
  door: DoorName,
  { seed, count, first = 0 }: { seed: string; count: number; first?: number },
): Promise<AttackReport> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const authorization = projectApi(server).authorization;
  const statuses: Record<string, number> = {};
  const wrong: string[] = [];
  const expected = new Map<string, string>();
  const logged = server.log().length;
  const watch = watchStalls(server.url);
  forgetPeakRss(server.pid);
  const rssBeforeMb = peakRssMb(server.pid);
  let next = first;
  const work = async (): Promise<void> => {
    while (next < first + count) {
      const index = (next += 1) - 1;
      const name = `${door} ${seed} ${index}`;
      const hostile = hostileRequest(door, seed, index);
      const { status, text } = await send(server.url, hostile, authorization, agent);
      statuses[status] = (statuses[status] ?? 0) + 1;
      const refused = hostile.survivor !== undefined && status >= 400 && status !== 503 && status !== 429;
      if ((!ACCEPTABLE.has(status) || refused) && wrong.length < 10)
        wrong.push(`${name}: ${status} ${text.slice(0, 300)}`);
      if (hostile.survivor !== undefined && status < 300) expected.set(hostile.survivor, name);
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, work));
  const longestStallMs = await watch.stop();
  agent.destroy();
  return {
    statuses,
    wrong,
    survivors: expected.size,
    lost: await findLost(server, door, expected),
    errors: errorsOf(server.log().slice(logged)),
    longestStallMs,
    rssGrowthMb: peakRssMb(server.pid) - rssBeforeMb,
  };
}

/** Status -1 when the connection broke. */
export function send(
  url: string,
  { path, headers, body }: Pick<HostileRequest, 'path' | 'headers' | 'body'>,
  authorization: string,
  agent?: Agent,
): Promise<{ status: number; text: string }> {
  return new Promise((resolve) => {
    const outgoing = request(
      `${url}${path}`,
      {
        method: 'POST',
        headers: { authorization, ...headers, 'content-length': body.length },
        ...(agent && { agent }),
      },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('end', () => resolve({ status: answer.statusCode ?? -1, text: Buffer.concat(chunks).toString() }));
        answer.on('error', (error) => resolve({ status: -1, text: error.message }));
      },
    );
    outgoing.on('error', (error) => resolve({ status: -1, text: error.message }));
    outgoing.end(body);
  });
}

/** By where they were thrown. */
const errorsOf = (log: string): string[] => [
  ...new Set(
    log
      .split('\n')
      .filter((line) => /"level":[56]0/.test(line))
      .map(
        (line) =>
          /"stack":"((?:[^"\\]|\\.)*)"/.exec(line)?.[1]?.split('\\n').slice(0, 6).join('\n') ?? line.slice(0, 500),
      ),
  ),
];

/** Asks for the server's health over and over; `stop` answers the longest it took, milliseconds. */
export function watchStalls(url: string) {
  const ending = new AbortController();
  let longestMs = 0;
  const watching = (async () => {
    while (!ending.signal.aborted) {
      const from = performance.now();
      await fetch(`${url}/api/public/health`).then((answer) => answer.arrayBuffer());
      longestMs = Math.max(longestMs, performance.now() - from);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  })();
  return {
    async stop(): Promise<number> {
      ending.abort();
      await watching;
      return Math.round(longestMs);
    },
  };
}

/** Names of the requests whose good item cannot be read. */
async function findLost(server: TestServer, door: DoorName, expected: ReadonlyMap<string, string>): Promise<string[]> {
  const found = door === 'scores' ? await storedScores(server) : await storedObservations(server, door);
  return [...expected].filter(([id]) => !found.has(id)).map(([, name]) => name);
}

async function storedObservations(server: TestServer, door: DoorName): Promise<Set<string>> {
  const { get } = projectApi(server);
  const found = new Set<string>();
  let cursor: string | undefined;
  do {
    const page: { data: { id: string }[]; meta: { cursor?: string } } = await get('/v2/observations', {
      name: survivorName(door),
      fields: 'core',
      limit: 1000,
      ...(cursor !== undefined && { cursor }),
    });
    for (const { id } of page.data) found.add(id);
    cursor = page.meta.cursor;
  } while (cursor !== undefined);
  return found;
}

/** All good scores are on one trace, which is made here so that it can be read. */
async function storedScores(server: TestServer): Promise<Set<string>> {
  const api = projectApi(server);
  const event = {
    id: 'of-survivors',
    type: 'trace-create',
    timestamp: new Date().toISOString(),
    body: { id: scoredTrace },
  };
  const headers = { 'content-type': 'application/json' };
  const body = Buffer.from(JSON.stringify({ batch: [event] }));
  await send(server.url, { path: '/api/public/ingestion', headers, body }, api.authorization);
  return new Set((await api.trace(scoredTrace)).scores.map(({ id }) => id));
}

/** From here on `peakRssMb` says what the process takes at most. */
export const forgetPeakRss = (pid: number): void => writeFileSync(`/proc/${pid}/clear_refs`, '5');

/** The most memory a process has held, as Linux counts it. */
export const peakRssMb = (pid: number): number =>
  Math.round(Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024);

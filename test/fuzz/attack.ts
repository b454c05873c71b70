import { readFileSync, writeFileSync } from 'node:fs';
import { Agent, type ClientRequest, request } from 'node:http';
import { connect } from 'node:net';
import { projectApi } from '../harness/project-api.ts';
import type { TestServer } from '../harness/server.ts';
import {
  type Delivery,
  type DoorName,
  hostileRequest,
  type HostileRequest,
  scoredTrace,
  survivorName,
} from './doors.ts';

export interface AttackReport {
  bodies: number;
  seconds: number;
  /** Status → how many answers had it; `-1` is a connection that broke without one, `aborted` one that we broke. */
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
  /** The most memory it has held, and by how much that is more than before. */
  peakRssMb: number;
  rssGrowthMb: number;
  /** Slow connections that were given up by the server meanwhile; the others were still open at the end. */
  givenUp: number;
}

const CONNECTIONS = 16;
const ACCEPTABLE = new Set([200, 202, 207, 400, 413, 415, 429, 503]);

/**
 * Sends `count` spoilt bodies through one door, 16 at a time, while others hold connections open and say next to nothing, and
 * somebody asks for the server's health.
 */
export async function attack(
  server: TestServer,
  door: DoorName,
  { seed, count, first = 0 }: { seed: string; count: number; first?: number },
): Promise<AttackReport> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const { authorization } = projectApi(server);
  const statuses: Record<string, number> = {};
  const wrong: string[] = [];
  const expected = new Map<string, string>();
  const logged = server.log().length;
  const watch = watchStalls(server.url);
  const slow = slowClients(server.url, authorization);
  forgetPeakRss(server.pid);
  const rssBeforeMb = peakRssMb(server.pid);
  const from = performance.now();
  let next = first;
  const work = async (): Promise<void> => {
    while (next < first + count) {
      const index = (next += 1) - 1;
      const name = `${door} ${seed} ${index}`;
      const hostile = hostileRequest(door, seed, index);
      const key = hostile.publicKeyAlone ? `Bearer ${server.publicKey}` : authorization;
      const { status, text } = await send(server.url, hostile, key, agent);
      const outcome = status === -1 && hostile.delivery === 'aborted' ? 'aborted' : status;
      statuses[outcome] = (statuses[outcome] ?? 0) + 1;
      if (outcome === 'aborted') continue;
      const refused = hostile.survivor !== undefined && status >= 400 && status !== 503 && status !== 429;
      if ((!ACCEPTABLE.has(status) || refused) && wrong.length < 10)
        wrong.push(`${name}: ${status} ${text.slice(0, 300)}`);
      if (hostile.survivor !== undefined && status < 300) expected.set(hostile.survivor, name);
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, work));
  const seconds = Math.round((performance.now() - from) / 1000);
  const longestStallMs = await watch.stop();
  const givenUp = slow.stop();
  agent.destroy();
  const peakMb = peakRssMb(server.pid);
  return {
    bodies: count,
    seconds,
    statuses,
    wrong,
    survivors: expected.size,
    lost: await findLost(server, door, expected),
    errors: errorsOf(server.log().slice(logged)),
    longestStallMs,
    peakRssMb: peakMb,
    rssGrowthMb: peakMb - rssBeforeMb,
    givenUp,
  };
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Status -1 when the connection broke. */
export function send(
  url: string,
  {
    path,
    headers,
    body,
    delivery = 'whole',
  }: Pick<HostileRequest, 'path' | 'headers' | 'body'> & { delivery?: Delivery },
  authorization: string,
  agent?: Agent,
): Promise<{ status: number; text: string }> {
  return new Promise((resolve) => {
    const outgoing = request(
      `${url}${path}`,
      {
        method: 'POST',
        headers: { authorization, ...headers, ...(delivery !== 'chunked' && { 'content-length': body.length }) },
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
    void deliver(outgoing, body, delivery);
  });
}

async function deliver(outgoing: ClientRequest, body: Buffer, delivery: Delivery): Promise<void> {
  const half = Math.floor(body.length / 2);
  switch (delivery) {
    case 'whole':
      outgoing.end(body);
      return;
    case 'aborted':
      outgoing.write(body.subarray(0, half));
      await pause(5);
      outgoing.destroy();
      return;
    case 'chunked':
    case 'pieces':
      outgoing.write(body.subarray(0, half));
      await pause(30);
      outgoing.write(body.subarray(half, half + 1));
      await pause(30);
      outgoing.end(body.subarray(half + 1));
  }
}

const SLOW_CLIENTS = 40;

/** Connections that send a byte a second, of headers or of a body, and come back when they are given up; `stop` answers how often that was. */
function slowClients(url: string, authorization: string) {
  const { hostname, port } = new URL(url);
  const ending = new AbortController();
  let givenUp = 0;
  const head = `POST /api/public/ingestion HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\nauthorization: ${authorization}\r\n`;
  const open = (start: string): void => {
    const socket = connect(Number(port), hostname);
    const dripping = setInterval(() => socket.write('x'), 1000);
    const end = (): void => void socket.destroy();
    ending.signal.addEventListener('abort', end);
    socket.on('error', () => undefined); // given up while a byte was on its way
    socket.on('close', () => {
      clearInterval(dripping);
      ending.signal.removeEventListener('abort', end);
      if (ending.signal.aborted) return;
      givenUp += 1;
      open(start);
    });
    socket.resume().write(start);
  };
  for (let i = 0; i < SLOW_CLIENTS; i += 1) open(i % 2 === 0 ? head : `${head}content-length: 1000\r\n\r\n`);
  return {
    stop(): number {
      ending.abort();
      return givenUp;
    },
  };
}

/** What a log says of faults, by where they were thrown, each once. */
export const errorsOf = (log: string): string[] => [
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
  const found =
    door === 'scores' || door === 'browser' ? await storedScores(server) : await storedObservations(server, door);
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

import { rm } from 'node:fs/promises';
import { basic } from '../../bench/client.ts';
import { createRandom } from '../../bench/traffic/random.ts';
import { projectApi } from '../harness/project-api.ts';
import { plantedDirectory, startServer, type TestServer } from '../harness/server.ts';
import { createLoad } from './load.ts';
import { type Findings, verify } from './verify.ts';

export interface KillReport extends Findings {
  rounds: number;
  requests: number;
  /** Requests on their way at a kill, sent again with the same bytes. */
  resent: number;
  refusals: number;
  deletedTraces: number;
  /** Files of the journal that the starts after kills found and applied. */
  replayedSegments: number;
  /** Deleted traces that a start brought back. */
  returned: string[];
}

/** A server lives for so many acknowledgements, however busy the machine is, and a moment more. */
const LIFE = { requests: { min: 1, max: 60 }, ms: { min: 0, max: 150 } };

/** Starts, sends through every door, kills at a random moment; so many times; then compares all there is with all that was acknowledged. */
export async function killRepeatedly({
  rounds,
  seed,
  tell = () => undefined,
}: {
  rounds: number;
  seed: number;
  tell?(line: string): void;
}): Promise<KillReport> {
  const dataDirectory = await plantedDirectory();
  const random = createRandom(seed);
  const load = createLoad(seed);
  let replayedSegments = 0;
  const returned: string[] = [];
  const start = async (): Promise<TestServer> => {
    const server = await startServer({ dataDirectory, screens: false });
    replayedSegments += segmentsIn(server.log());
    return server;
  };
  try {
    for (let round = 0; round < rounds; round += 1) {
      const server = await start();
      returned.push(...(await thatReturned(server, [...load.expected.deletedTraces].slice(-5))));
      const running = load.run({ url: server.url, authorization: basic(server) });
      const until = load.figures.requests + random.between(LIFE.requests.min, LIFE.requests.max);
      await Promise.race([running, load.acknowledged(until)]);
      await sleep(random.between(LIFE.ms.min, LIFE.ms.max));
      await server.kill();
      await running;
      tell(
        `round ${round + 1}: killed at ${load.figures.requests} requests, ${load.expected.observations.size} observations, ` +
          `${load.expected.scores.size} scores, ${load.expected.deletedTraces.size} deletions, ${replayedSegments} segments replayed`,
      );
    }
    const last = await start();
    await load.settle({ url: last.url, authorization: basic(last) });
    returned.push(...(await thatReturned(last, [...load.expected.deletedTraces].slice(-20))));
    await last.stop();
    const { requests, resent, refusals } = load.figures;
    return {
      ...(await verify(dataDirectory, load.expected)),
      rounds,
      requests,
      resent,
      refusals,
      deletedTraces: load.expected.deletedTraces.size,
      replayedSegments,
      returned,
    };
  } finally {
    await rm(dataDirectory, { recursive: true, force: true });
  }
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const segmentsIn = (log: string): number =>
  [...log.matchAll(/"segments":(\d+)[^\n]*rows of the last run/g)].reduce((sum, [, count]) => sum + Number(count), 0);

async function thatReturned(server: TestServer, traceIds: readonly string[]): Promise<string[]> {
  const { authorization } = projectApi(server);
  const found: string[] = [];
  for (const id of traceIds) {
    const { status } = await fetch(`${server.url}/api/public/traces/${id}`, { headers: { authorization } });
    if (status !== 404) found.push(`${id}: ${status}`);
  }
  return found;
}

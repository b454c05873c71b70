import { parseArgs } from 'node:util';
import { startServer, type TestServer } from '../../test/harness/server.ts';
import { basic, type Client, createClient } from '../client.ts';
import { cpuSecondsOf, machine } from '../processes.ts';
import { percentile, type Report, rounded } from '../report.ts';

export const usage = `prompts [--prompts 500] [--seconds 5] [--connections 16] [--only TEXT] [--rounds 1] [--json FILE]
  Fetches as SDKs do, and the screens' list. cpuUs is CPU of the server a request, of all its threads: what one core can answer a second
  is 1,000,000 over it. latency is of one connection, rate of all. Under a test each key is another. --only measures what has the text in its name; --rounds
  goes through all so often, for pairs on a busy machine.`;

/** Characters of a prompt: a page of instructions. */
const LENGTH = 3_000;
const PATH = '/api/public/v2/prompts/';

/** Fetches of prompts by label, with everything in memory. */
export async function prompts(args: string[]): Promise<{ report: Report; file: string | undefined }> {
  const { values } = parseArgs({
    args,
    options: {
      prompts: { type: 'string', default: '500' },
      seconds: { type: 'string', default: '5' },
      connections: { type: 'string', default: '16' },
      only: { type: 'string', default: '' },
      rounds: { type: 'string', default: '1' },
      json: { type: 'string' },
    },
  });
  const [count, seconds, connections] = [Number(values.prompts), Number(values.seconds), Number(values.connections)];
  const conditions = { ...machine(), prompts: count, characters: LENGTH, seconds, connections };
  const server = await startServer({ screens: false, env: { LANGFUSE_LOG_LEVEL: 'warn' } });
  const clients = Array.from({ length: connections }, () =>
    createClient({ url: server.url, authorization: basic(server) }),
  );
  const first = clients[0]!;
  try {
    await fill(first, count);
    const hasTests = await startTest(first, 'tested');
    const asked: Fetch[] = [
      { name: 'a label', path: () => `${PATH}plain` },
      { name: 'a label that is not there', path: () => `${PATH}plain?label=none` },
      { name: 'a label, five levels deep', path: () => `${PATH}composed` },
      {
        name: 'a label, each time of another prompt',
        path: (i: number) => `${PATH}folder%2F${i % 20}%2F${i % count}`,
        warmUps: count,
      },
      { name: 'a version', path: () => `${PATH}plain?version=1` },
      { name: 'a label, with a key', path: (i: number) => `${PATH}plain?label=production%40user-${i}` },
      ...(hasTests
        ? [
            {
              name: 'a label under a test, with a key',
              path: (i: number) => `${PATH}tested?label=production%40user-${i}`,
            },
            { name: 'a label under a test, drawn', path: () => `${PATH}tested` },
          ]
        : []),
      { name: 'the list of the screens', path: () => '/api/public/x/prompts' },
      { name: 'the list of the screens, searched', path: () => '/api/public/x/prompts?q=seldom' },
    ].filter(({ name }) => name.includes(values.only));
    const results: Record<string, unknown>[] = [];
    for (let round = 0; round < Number(values.rounds); round += 1)
      for (const one of asked) results.push(await measured(server, clients, one, seconds));
    return { report: { conditions, results }, file: values.json };
  } finally {
    for (const client of clients) client.close();
    await server.stop();
  }
}

interface Fetch {
  name: string;
  path: (i: number) => string;
  /** Until everything is in memory. */
  warmUps?: number;
}

async function measured(
  { pid }: TestServer,
  clients: readonly Client[],
  { name, path, warmUps = 20 }: Fetch,
  seconds: number,
): Promise<Record<string, unknown>> {
  let asked = 0;
  const times: number[] = [];
  const once = async (client: Client): Promise<void> => {
    const began = performance.now();
    await client.get(path(asked++));
    times.push(performance.now() - began);
  };
  const until = async (client: Client, endsAt: number): Promise<void> => {
    while (performance.now() < endsAt) await once(client);
  };
  for (let i = 0; i < warmUps; i += 1) await once(clients[0]!);
  times.length = 0;
  await until(clients[0]!, performance.now() + (seconds * 1000) / 2);
  const [p50, p95] = [percentile(times, 0.5), percentile(times, 0.95)];
  times.length = 0;
  const cpuBefore = cpuSecondsOf(pid);
  const began = performance.now();
  await Promise.all(clients.map((client) => until(client, began + seconds * 1000)));
  const rate = rounded((1000 * times.length) / (performance.now() - began));
  const cpuUs = rounded((1e6 * (cpuSecondsOf(pid) - cpuBefore)) / times.length);
  return { fetched: name, p50, p95, rate, cpuUs, requests: times.length };
}

const text = (of: string): string => `Text of ${of}. `.repeat(Math.ceil(LENGTH / 20)).slice(0, LENGTH);

async function fill(client: Client, count: number): Promise<void> {
  const create = async (name: string, prompt: string): Promise<void> => {
    const body = { name, prompt, labels: ['production'], config: { model: 'gpt-5-mini', temperature: 0.2 } };
    await ask(client, PATH.slice(0, -1), body);
  };
  for (let i = 0; i < count; i += 1)
    await create(`folder/${i % 20}/${i}`, `${text(`prompt ${i}`)}${i % 50 === 0 ? ' seldom' : ''}`);
  await create('plain', text('plain'));
  for (let level = 5; level > 0; level -= 1)
    await create(
      `level ${level}`,
      `${text(`level ${level}`).slice(0, 600)}${level === 5 ? '' : `@@@langfusePrompt:name=level ${level + 1}|label=production@@@`}`,
    );
  await create('composed', '@@@langfusePrompt:name=level 1|label=production@@@');
  await create('tested', text('tested'));
  await ask(client, PATH.slice(0, -1), { name: 'tested', prompt: text('another') });
}

/** False when the server has no A/B tests. */
async function startTest(client: Client, prompt: string): Promise<boolean> {
  const path = '/api/public/x/ab-tests';
  const arms = [
    { version: 1, share: 70 },
    { version: 2, share: 30 },
  ];
  const made = await client.post(path, JSON_TYPE, Buffer.from(JSON.stringify({ prompt, label: 'production', arms })));
  if (made.status === 404) return false;
  const { id } = JSON.parse(made.text) as { id: string };
  await ask(client, `${path}/${id}/start`, {});
  return true;
}

const JSON_TYPE = 'application/json';

async function ask(client: Client, path: string, body: unknown): Promise<void> {
  const { status, text: answer } = await client.post(path, JSON_TYPE, Buffer.from(JSON.stringify(body)));
  if (status >= 300) throw new Error(`POST ${path} answered ${status}: ${answer.slice(0, 500)}`);
}

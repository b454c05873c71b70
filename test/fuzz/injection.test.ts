import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { filterFields } from '../../packages/contract/src/filter-text.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { projectApi } from '../harness/project-api.ts';
import { startServer, type TestServer } from '../harness/server.ts';
import { send } from './attack.ts';
import { isJson } from './doors.ts';
import { createRandom, type Random } from './random.ts';

/** In every payload of another project; no answer of ours may have it. */
const SECRET = 'theirs-and-nobody-elses';
const json = { 'content-type': 'application/json' };
const own = ['own-1', 'own-2', 'own-3'];

let server: TestServer;
let directory: string;

const event = (id: string, name: string) => {
  const timestamp = new Date().toISOString();
  return [
    {
      id: `t-${id}`,
      type: 'trace-create',
      timestamp,
      body: { id, name, userId: name, sessionId: name, tags: [name], metadata: { key: name }, input: name },
    },
    {
      id: `o-${id}`,
      type: 'generation-create',
      timestamp,
      body: { id: `${id}-call`, traceId: id, name, model: 'gpt-4o-mini', input: name, metadata: { key: name } },
    },
    {
      id: `s-${id}`,
      type: 'score-create',
      timestamp,
      body: { id: `${id}-score`, traceId: id, name: 'quality', value: 1 },
    },
  ];
};

async function store(into: TestServer, batch: unknown[]): Promise<void> {
  const body = Buffer.from(JSON.stringify({ batch }));
  const { status } = await send(
    into.url,
    { path: '/api/public/ingestion', headers: json, body },
    projectApi(into).authorization,
  );
  expect(status).toBe(207);
}

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tracehouse-test-'));
  const env = {
    LANGFUSE_INIT_PROJECT_ID: 'theirs',
    LANGFUSE_INIT_PROJECT_PUBLIC_KEY: 'pk-lf-theirs',
    LANGFUSE_INIT_PROJECT_SECRET_KEY: 'sk-lf-theirs',
  };
  const before = await startServer({ screens: false, dataDirectory: directory, env });
  const theirs = { ...before, publicKey: 'pk-lf-theirs', secretKey: 'sk-lf-theirs' };
  await store(
    theirs,
    ['theirs-1', 'theirs-2'].flatMap((id) => event(id, SECRET)),
  );
  await before.stop();
  server = await startServer({ screens: false, dataDirectory: directory });
  await store(
    server,
    own.flatMap((id) => event(id, 'ours')),
  );
}, 120_000);
afterAll(async () => {
  await server.stop();
  await rm(directory, { recursive: true, force: true });
});

const texts: readonly string[] = [
  "'",
  "''",
  "\\'",
  "\\\\'",
  '"',
  '`',
  '\\',
  '%',
  '_',
  '\\%',
  '--',
  '/*',
  '*/',
  ';',
  '\0',
  '\n',
  '\r\n',
  '\t',
  '\b',
  '\u2028',
  '\ud800',
  '{x:String}',
  '${x}',
  '?',
  '$1',
  ')',
  '((((',
  'NULL',
  '0',
  '-1',
  '1e300',
  'NaN',
  '[]',
  '{}',
  '\u02bc',
  '\uff07',
  "' OR 1 = 1 --",
  "' OR project_id = 'theirs' --",
  "x' UNION ALL SELECT * FROM observations --",
  "') OR project_id = 'theirs' OR ('' = '",
  "'; DROP TABLE observations; --",
  "\\' OR project_id = \\'theirs\\' -- ",
  "' OR (SELECT sleep(3)) = 0 OR '' = '",
  "'/**/OR/**/'1'='1",
  "x') SETTINGS max_execution_time = 0 --",
  "' FORMAT CSV --",
  "' INTO OUTFILE '/tmp/x' --",
  "file('/etc/passwd', 'CSV', 'a String')",
  "'||(SELECT any(input) FROM observations WHERE project_id = 'theirs')||'",
  "x'; DELETE FROM traces WHERE '1' = '1",
  'x\\',
  'x\\\\',
  "%' ESCAPE '!",
  '*',
  '(?:a+)+$',
  '[',
  '__proto__',
  'constructor',
  'toString',
  'x'.repeat(500),
];
const columns: readonly string[] = [
  ...new Set([
    ...filterFields,
    'id',
    'name',
    'traceId',
    'traceName',
    'userId',
    'sessionId',
    'environment',
    'version',
    'release',
    'tags',
    'traceTags',
    'metadata',
    'input',
    'output',
    'level',
    'type',
    'model',
    'providedModelName',
    'modelId',
    'promptName',
    'promptVersion',
    'startTime',
    'endTime',
    'timestamp',
    'latency',
    'totalCost',
    'inputCost',
    'outputCost',
    'totalTokens',
    'inputTokens',
    'outputTokens',
    'scores',
    'scores_avg',
    'score_categories',
    'statusMessage',
    'parentObservationId',
    'isRootObservation',
    'bookmarked',
    'public',
    'timeToFirstToken',
    'tokensPerSecond',
    'toolNames',
    'calledToolNames',
    'errorCount',
    'warningCount',
    'observationCount',
    'provider',
    'running',
    'hasParentObservation',
    'createdAt',
    'updatedAt',
    'experimentName',
    'experimentDatasetId',
  ]),
];
const types = [
  'string',
  'number',
  'datetime',
  'stringOptions',
  'arrayOptions',
  'categoryOptions',
  'stringObject',
  'numberObject',
  'booleanObject',
  'boolean',
  'null',
  'positionInTrace',
];
const operators = [
  '=',
  '<>',
  '>',
  '<',
  '>=',
  '<=',
  'contains',
  'does not contain',
  'starts with',
  'ends with',
  'matches',
  'any of',
  'none of',
  'all of',
  'is null',
  'is not null',
];

/** Half of them well-formed, so that they reach the engine. */
function condition(random: Random): unknown {
  const column = random.chance(0.9) ? random.pick(columns) : random.pick(texts);
  const text = random.pick(texts);
  const textual = {
    column,
    value: text,
    operator: random.pick(['=', 'contains', 'does not contain', 'starts with', 'ends with', 'matches']),
  };
  return random.pick([
    () => ({ type: 'string', ...textual }),
    () => ({ type: 'stringObject', ...textual, key: random.pick(texts) }),
    () => ({
      type: random.pick(['stringOptions', 'arrayOptions']),
      column,
      operator: random.pick(['any of', 'none of', 'all of']),
      value: [text, random.pick(texts)],
    }),
    () => ({ type: 'categoryOptions', column, key: random.pick(texts), operator: 'any of', value: [text] }),
    () => ({ type: 'numberObject', column, key: text, operator: '>', value: random.pick([0, -1, 1e308, 0.1]) }),
    () => ({ type: 'null', column, operator: random.pick(['is null', 'is not null']), value: '', key: text }),
    () => ({
      type: random.pick(types),
      column,
      operator: random.pick(operators),
      value: random.pick([text, 1, true, [text], null, { a: text }]),
      key: text,
    }),
    () => ({ type: text, column: text, operator: text, value: text, key: text }),
  ])();
}

const anyText = (random: Random): string => random.pick(texts);
const list = (random: Random): string =>
  JSON.stringify(Array.from({ length: 1 + random.below(3) }, () => condition(random)));
const filter = (random: Random): string => (random.chance(0.9) ? list(random) : random.pick(texts));
/** Cursors are opaque; those who make their own try what base64 of JSON can say. */
const cursor = (random: Random): string => {
  const text = random.pick(texts);
  return random.pick([
    () => text,
    () => Buffer.from(text).toString('base64url'),
    () => Buffer.from(JSON.stringify([text, text, text])).toString('base64url'),
    () =>
      Buffer.from(
        JSON.stringify({ time: text, id: text, lastStartTime: text, lastTraceId: text, lastId: text }),
      ).toString('base64url'),
    () => Buffer.from(JSON.stringify([1_795_581_223_935_000, text])).toString('base64url'),
  ])();
};
const query = (random: Random): string =>
  random.pick([
    () => random.pick(texts),
    () => `${random.pick(filterFields)}${random.pick(['x', ''])}:${random.pick(texts)}`,
    () => `-${random.pick(filterFields)}:"${random.pick(texts)}"`,
    () => `metadata.${random.pick(texts)}:*${random.pick(texts)}*`,
    () => `"${random.pick(texts)}" score.${random.pick(texts)}:>1`,
  ])();

type Value = (random: Random) => string;
const list_ = {
  page: anyText,
  limit: anyText,
  name: anyText,
  userId: anyText,
  environment: anyText,
  version: anyText,
  filter,
};
const selection = { q: query, from: anyText, to: anyText, environment: anyText };
const routes: readonly [path: string, parameters: Record<string, Value>][] = [
  [
    '/traces',
    {
      ...list_,
      sessionId: anyText,
      release: anyText,
      tags: anyText,
      fromTimestamp: anyText,
      orderBy: (random) => `${random.pick([...columns, ...texts])}.${random.pick(['asc', 'desc', ...texts])}`,
      fields: anyText,
    },
  ],
  [
    '/observations',
    { ...list_, level: anyText, traceId: anyText, parentObservationId: anyText, type: anyText, fromStartTime: anyText },
  ],
  [
    '/v2/observations',
    {
      limit: anyText,
      name: anyText,
      userId: anyText,
      traceId: anyText,
      type: anyText,
      sessionId: anyText,
      parentObservationId: anyText,
      expandMetadata: anyText,
      fields: anyText,
      cursor,
      filter,
    },
  ],
  ['/sessions', { page: anyText, environment: anyText, fromTimestamp: anyText }],
  ['/x/traces', { ...selection, sort: anyText, cursor, limit: anyText }],
  ['/x/histogram', selection],
  ['/x/observations/:id', { traceId: anyText }],
  ['/traces/:id', { fields: anyText }],
  ['/observations/:id', {}],
  ['/sessions/:id', {}],
  ['/x/traces/:id', {}],
];

async function get(path: string): Promise<{ status: number; text: string }> {
  const answer = await fetch(`${server.url}/api/public${path}`, {
    headers: { authorization: projectApi(server).authorization },
  });
  return { status: answer.status, text: await answer.text() };
}

const percent = (text: string): string => encodeURIComponent(text.toWellFormed());

test('whatever stands in an address, the answer is ours or a refusal', async () => {
  const wrong: string[] = [];
  const requests = Array.from({ length: 700 }, (_, index) => {
    const random = createRandom(`injection ${index}`);
    const [path, parameters] = random.pick(routes);
    const given = Object.entries(parameters).filter(([name]) =>
      random.chance(name === 'filter' || name === 'q' || name === 'cursor' ? 0.6 : 0.15),
    );
    const search = given
      .map(([name, value]) => `${percent(random.chance(0.98) ? name : random.pick(texts))}=${percent(value(random))}`)
      .join('&');
    return `${path.replace(':id', () => percent(random.pick(texts)))}?${search}`;
  });
  const statuses: Record<number, number> = {};
  await Promise.all(
    Array.from({ length: 6 }, async () => {
      for (let path = requests.pop(); path !== undefined; path = requests.pop()) {
        const { status, text } = await get(path);
        statuses[status] = (statuses[status] ?? 0) + 1;
        if (![200, 400, 404, 414, 431].includes(status) || text.includes(SECRET))
          wrong.push(`${path.slice(0, 1000)}: ${status} ${text.slice(0, 300)}`);
      }
    }),
  );
  expect(wrong).toEqual([]);
  // Enough of them were understood and answered by the engine.
  expect(statuses[200]).toBeGreaterThan(100);
});

test('whatever stands in what is stored, it is stored as it stands', async () => {
  const ids = texts.map((text, index) => ({ id: `${index} ${text}`.replaceAll('\r', ' ').slice(0, 700), text }));
  const timestamp = new Date().toISOString();
  await store(
    server,
    ids.map(({ id, text }, index) => ({
      id: `e-${index}`,
      type: 'trace-create',
      timestamp,
      body: {
        id,
        name: text.slice(0, 1000),
        userId: text,
        sessionId: 'hostile',
        tags: [text],
        metadata: { [text]: text },
        input: text,
      },
    })),
  );
  for (const { id, text } of ids) {
    const trace = await projectApi(server).trace(id.toWellFormed());
    expect(trace).toMatchObject({
      name: text.slice(0, 1000).toWellFormed(),
      userId: text.toWellFormed(),
      tags: [text.toWellFormed()],
    });
    // Values that are JSON are shown parsed.
    const value = isJson(text) ? (JSON.parse(text) as unknown) : text.toWellFormed();
    expect(trace.metadata).toEqual(Object.defineProperty({}, text.toWellFormed(), { value, enumerable: true }));
  }
  for (const { id } of ids.slice(0, 20)) {
    const answer = await fetch(`${server.url}/api/public/traces/${percent(id)}`, {
      method: 'DELETE',
      headers: { authorization: projectApi(server).authorization },
    });
    expect(answer.status).toBe(200);
  }
});

test('and afterwards everything of both projects is still there', async () => {
  for (const id of own)
    expect(await projectApi(server).trace(id)).toMatchObject({
      name: 'ours',
      observations: [{ name: 'ours' }],
      scores: [{ value: 1 }],
    });
  await server.stop();
  const env = {
    LANGFUSE_INIT_PROJECT_ID: 'theirs',
    LANGFUSE_INIT_PROJECT_PUBLIC_KEY: 'pk-lf-theirs',
    LANGFUSE_INIT_PROJECT_SECRET_KEY: 'sk-lf-theirs',
  };
  server = await startServer({ screens: false, dataDirectory: directory, env });
  const theirs = projectApi({ url: server.url, publicKey: 'pk-lf-theirs', secretKey: 'sk-lf-theirs' });
  for (const id of ['theirs-1', 'theirs-2'])
    expect(await theirs.trace(id)).toMatchObject({ name: SECRET, input: SECRET, observations: [{ name: SECRET }] });
});

import { rm } from 'node:fs/promises';
import { filterFields } from '../../packages/contract/src/filter-text.ts';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import * as z from 'zod';
import { observationColumns } from '../../packages/server/src/features/filters/observation-columns.ts';
import { traceColumns } from '../../packages/server/src/features/filters/trace-columns.ts';
import { clickhouse } from '../../packages/server/src/stores/clickhouse/sql.ts';
import { projectScope } from '../../packages/server/src/stores/scope.ts';
import { projectApi } from '../harness/project-api.ts';
import { plantedDirectory, startServer, type TestServer } from '../harness/server.ts';
import { send } from './attack.ts';
import { isJson } from './doors.ts';
import { createRandom, type Random } from './random.ts';
import { allRoutes, pathOf } from './routes.ts';

/** In every payload of another project; no answer of ours may have it. */
const SECRET = 'theirs-and-nobody-elses';
const organization = { TRACEHOUSE_INIT_ORG_PUBLIC_KEY: 'pk-lf-org', TRACEHOUSE_INIT_ORG_SECRET_KEY: 'sk-lf-org' };
const organizationKey = `Basic ${Buffer.from('pk-lf-org:sk-lf-org').toString('base64')}`;
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
      body: {
        id: `${id}-call`,
        traceId: id,
        name,
        model: 'gpt-4o-mini',
        input: name,
        metadata: { key: name },
        promptName: 'shared/prompt',
        promptVersion: 1,
      },
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

/** A prompt of a name that both projects have, in two versions, and one that is there alone. */
async function storePrompts(into: TestServer, text: string): Promise<void> {
  const all = [text, `${text} @@@langfusePrompt:name=${text}|label=production@@@`];
  for (const [name, prompt] of [[text, text], ...all.map((one) => ['shared/prompt', one])]) {
    const given = { name, prompt, labels: ['production'], tags: [text], config: { key: text }, commitMessage: text };
    const body = Buffer.from(JSON.stringify(given));
    const { authorization } = projectApi(into);
    const { status } = await send(into.url, { path: '/api/public/v2/prompts', headers: json, body }, authorization);
    expect(status).toBe(201);
  }
}

beforeAll(async () => {
  directory = await plantedDirectory();
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
  await storePrompts(theirs, SECRET);
  await before.stop();
  server = await startServer({ screens: false, dataDirectory: directory, env: organization });
  await store(
    server,
    own.flatMap((id) => event(id, 'ours')),
  );
  await storePrompts(server, 'ours');
}, 120_000);
// A machine that does other things beside.
vi.setConfig({ testTimeout: 300_000 });
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
const range = { from: null, to: null };
const ours = { scope: projectScope('test-project'), traces: clickhouse`(SELECT '')`, said: range, rows: range };

/** The product's own tables, so that a column nobody thought of here is tried as well. */
const columns: readonly string[] = [
  ...new Set([
    ...filterFields,
    ...Object.keys(observationColumns(ours)),
    ...Object.keys(traceColumns(ours.scope)),
    'namex',
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

type Shape = (column: string, text: string, random: Random) => unknown;
/** Well-formed conditions of every type, so that they reach the engine where the column has that type. */
const shapes: readonly Shape[] = [
  (column, value, random) => ({
    type: 'string',
    column,
    value,
    operator: random.pick(['=', 'contains', 'does not contain', 'starts with', 'ends with', 'matches']),
  }),
  (column, value, random) => ({
    type: 'stringObject',
    column,
    value,
    key: random.pick(texts),
    operator: random.pick(['=', 'contains', 'does not contain', 'starts with', 'ends with']),
  }),
  (column, text, random) => ({
    type: random.pick(['stringOptions', 'arrayOptions']),
    column,
    operator: random.pick(['any of', 'none of']),
    value: [text, random.pick(texts)],
  }),
  (column, text, random) => ({
    type: 'categoryOptions',
    column,
    key: random.pick(texts),
    operator: random.pick(['any of', 'none of']),
    value: [text],
  }),
  (column, key, random) => ({
    type: 'numberObject',
    column,
    key,
    operator: '>',
    value: random.pick([0, -1, 1e308, 0.1]),
  }),
  (column, key) => ({ type: 'booleanObject', column, key, operator: '=', value: true }),
  (column, key, random) => ({
    type: 'null',
    column,
    key,
    operator: random.pick(['is null', 'is not null']),
    value: '',
  }),
];

/** Half of them well-formed. */
function condition(random: Random): unknown {
  const column = random.chance(0.9) ? random.pick(columns) : random.pick(texts);
  const text = random.pick(texts);
  return random.pick<() => unknown>([
    () => random.pick(shapes)(column, text, random),
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
/** Parameters that mean more than their text; all others are text. */
const values: Readonly<Record<string, Value>> = {
  filter,
  cursor,
  q: query,
  orderBy: (random) => `${random.pick([...columns, ...texts])}.${random.pick(['asc', 'desc', ...texts])}`,
  sort: (random) => `${random.pick(['-', ''])}${random.pick([...columns, ...texts])}`,
};
const valueOf = (name: string): Value => (Object.hasOwn(values, name) ? values[name]! : anyText);

const namesOf = (schema: z.ZodType): string[] => (schema instanceof z.ZodObject ? Object.keys(schema.shape) : []);

/** A body with that text wherever the schema takes one. */
function bodyWith(schema: z.ZodType, text: string): unknown {
  if (schema instanceof z.ZodObject) {
    return Object.fromEntries(namesOf(schema).map((name) => [name, bodyWith(schema.shape[name] as z.ZodType, text)]));
  }
  if (schema instanceof z.ZodArray) return [bodyWith(schema.element as z.ZodType, text)];
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable || schema instanceof z.ZodDefault) {
    return bodyWith(schema.unwrap() as z.ZodType, text);
  }
  return text;
}

interface Ask {
  method: string;
  path: string;
  scope: string;
  body?: unknown;
}

/** Whatever is answered: it is no fault, and nothing of another project. Answers the statuses, and what was wrong. */
async function askAll(asks: Ask[]): Promise<{ statuses: Record<number, number>; wrong: string[] }> {
  const statuses: Record<number, number> = {};
  const wrong: string[] = [];
  await Promise.all(
    Array.from({ length: 6 }, async () => {
      for (let ask = asks.pop(); ask !== undefined; ask = asks.pop()) {
        const { status, text } = await answerTo(ask);
        statuses[status] = (statuses[status] ?? 0) + 1;
        if (status >= 500 || text.includes(SECRET) || OF_AN_ENGINE.test(text))
          wrong.push(`${ask.method} ${ask.path.slice(0, 1000)}: ${status} ${text.slice(0, 300)}`);
      }
    }),
  );
  return { statuses, wrong };
}

async function answerTo({ method, path, scope, body }: Ask): Promise<{ status: number; text: string }> {
  const answer = await fetch(`${server.url}${path}`, {
    method,
    headers: {
      authorization: scope === 'organization' ? organizationKey : projectApi(server).authorization,
      ...(body !== undefined && json),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return { status: answer.status, text: await answer.text() };
}

const percent = (text: string): string => encodeURIComponent(text.toWellFormed());

/** How many texts each parameter and column is tried with; `npm run test:long` tries all of them. */
const EACH = process.env['FUZZ_COUNT'] === undefined ? 2 : texts.length;
const some = (random: Random): string[] =>
  Array.from({ length: EACH }, (_, i) => (EACH < texts.length ? random.pick(texts) : texts[i]!));
const routes = (await allRoutes()).filter(({ path }) => !/^\/api\/(health|ready)$/.test(path));

test('every parameter of every route, alone', async () => {
  const asks = routes.flatMap((route) => {
    const { method, scope } = route;
    const random = createRandom(`parameters ${method} ${route.path}`);
    const plain = pathOf(route, () => 'own-1');
    const hasBody = route.body instanceof z.ZodObject;
    const body = hasBody ? { body: bodyWith(route.body, 'x') } : {};
    return [
      ...namesOf(route.query).flatMap((name) =>
        some(random).map((text) => {
          const value = Object.hasOwn(values, name) ? valueOf(name)(random) : text;
          return { method, scope, path: `${plain}?${name}=${percent(value)}`, ...body };
        }),
      ),
      ...[...route.path.matchAll(/:(\w+)|\*/g)].flatMap(([whole, name = whole]) =>
        some(random).map((text) => ({
          method,
          scope,
          path: pathOf(route, (each) => percent(each === name ? text : 'own-1')),
          ...body,
        })),
      ),
      ...(hasBody
        ? some(random).map((text) => ({ method, scope, path: plain, body: bodyWith(route.body, text) }))
        : []),
    ];
  });
  // A trace deleted here would be missing below.
  const { statuses, wrong } = await askAll(
    asks.filter(({ method, path }) => method !== 'DELETE' || !path.includes('own-1?')),
  );
  expect(wrong).toEqual([]);
  expect(statuses[200]).toBeGreaterThan(50);
});

test('every column of the filters, by conditions of every type', async () => {
  const random = createRandom('columns');
  const lists = routes.filter(({ query }) => namesOf(query).includes('filter'));
  const asks = lists.flatMap(({ method, scope, path }) =>
    columns.flatMap((column) =>
      (EACH < texts.length ? [random.pick(shapes)] : shapes).map((shape) => {
        const one = shape(column, random.pick(texts), random);
        return { method, scope, path: `${path}?limit=1&filter=${percent(JSON.stringify([one]))}` };
      }),
    ),
  );
  const { statuses, wrong } = await askAll(asks);
  expect(wrong).toEqual([]);
  expect(statuses[200]).toBeGreaterThan(columns.length / 8);
});

test('whatever stands in an address, the answer is ours or a refusal', async () => {
  const reads = routes.filter(({ method, scope }) => method === 'GET' && scope !== 'organization');
  const asks = Array.from({ length: 300 }, (_, index) => {
    const random = createRandom(`injection ${index}`);
    const route = random.pick(reads);
    const given = namesOf(route.query).filter((name) => random.chance(Object.hasOwn(values, name) ? 0.5 : 0.15));
    const search = given
      .map((name) => `${percent(random.chance(0.98) ? name : random.pick(texts))}=${percent(valueOf(name)(random))}`)
      .join('&');
    const path = pathOf(route, () => percent(random.pick(texts)));
    return { method: 'GET', scope: route.scope, path: `${path}?${search}` };
  });
  const { statuses, wrong } = await askAll(asks);
  expect(wrong).toEqual([]);
  // Enough of them were understood and answered by the engine.
  expect(statuses[200]).toBeGreaterThan(50);
});

/** What of an answer is of the engine, and nothing to who asked. */
const OF_AN_ENGINE = /DB::|SQLSTATE|syntax error|relation "|Exception|at character \d/i;

const views = ['traces', 'observations', 'scores-numeric', 'scores-categorical', 'scores-boolean'];
// oxfmt-ignore
const dimensions = ['id', 'traceId', 'name', 'traceName', 'tags', 'userId', 'sessionId', 'release', 'version', 'environment', 'level', 'type', 'providedModelName', 'promptName', 'promptVersion', 'toolNames', 'costType', 'usageType', 'experimentName', 'source', 'dataType', 'value', 'stringValue', 'booleanValue', 'configId', 'observationName', 'timestampMonth', 'startTimeMonth'];
// oxfmt-ignore
const measures = ['count', 'latency', 'totalCost', 'totalTokens', 'uniqueUserIds', 'uniqueSessionIds', 'observationsCount', 'scoresCount', 'countScores', 'costByType', 'usageByType', 'traceId', 'value', 'timeToFirstToken', 'toolCalls'];
const aggregations = ['sum', 'avg', 'count', 'max', 'min', 'p50', 'p99', 'histogram', 'uniq'];

/** A query of metrics that is right but for what is named `spoilt`. */
function metricsQuery(random: Random, spoilt: string | null): string {
  const text = (what: string, right: () => unknown): unknown => (spoilt === what ? random.pick(texts) : right());
  const measure = text('measure', () => random.pick(measures));
  const aggregation = text('aggregation', () => random.pick(aggregations));
  const by = [text('dimension', () => random.pick(dimensions))];
  return JSON.stringify({
    view: text('view', () => random.pick(views)),
    metrics: [{ measure, aggregation, alias: random.pick(texts) }],
    dimensions: random.chance(0.7) ? by.map((field) => ({ field, alias: random.pick(texts) })) : [],
    filters:
      spoilt === 'filters'
        ? [condition(random), random.pick(shapes)(random.pick(dimensions), random.pick(texts), random)]
        : [],
    timeDimension: random.chance(0.3)
      ? { granularity: text('granularity', () => random.pick(['auto', 'day', 'month'])) }
      : null,
    fromTimestamp: text('time', () => random.pick(['2026-01-01T00:00:00Z', '0001-01-01T00:00:00Z'])),
    toTimestamp: random.pick(['2027-01-01T00:00:00Z', '9999-12-31T23:59:59Z']),
    orderBy:
      spoilt === 'order'
        ? [
            {
              field: random.pick([...texts, 'd0', 'm0', 'time']),
              direction: random.pick(['asc', 'desc', random.pick(texts)]),
            },
          ]
        : [{ field: `${String(aggregation)}_${String(measure)}`, direction: 'desc' }],
    config: { row_limit: random.pick([1, 1000]), bins: random.pick([1, 100]), [random.pick(texts)]: 1 },
  });
}

test('every name that metrics, facets, prompts and A/B tests take', async () => {
  const random = createRandom('names');
  const scope = 'traces:read';
  const get = (path: string): Ask => ({ method: 'GET', scope, path: `/api/public${path}` });
  const spots = [
    'view',
    'measure',
    'aggregation',
    'dimension',
    'granularity',
    'time',
    'order',
    'filters',
    'filters',
    'filters',
    'filters',
    null,
    null,
  ];
  const metrics = Array.from({ length: 104 * (EACH < texts.length ? 1 : 10) }, (_, i) => {
    const of = ['/metrics', '/v2/metrics'][i % 2]!;
    return get(`${of}?query=${percent(metricsQuery(random, spots[i % spots.length]!))}`);
  });
  const each = EACH < texts.length ? texts.filter(() => random.chance(0.25)) : texts;
  const create = {
    unit: 'user',
    label: 'production',
    arms: [
      { version: 2, share: 50 },
      { version: 1, share: 50 },
    ],
    prompt: 'shared/prompt',
  };
  const asks = each.flatMap((text): Ask[] => [
    get(
      `/x/facets?of=${random.pick(['traces', 'observations'])}&field=${percent(`${random.pick(['metadata', 'score'])}.${text}`)}&field=${percent(random.pick(filterFields))}&typed=${percent(text.slice(0, 200))}`,
    ),
    get(`/x/facets?field=${percent(`metadata.${JSON.stringify(text)}`)}&q=${percent(query(random))}`),
    get(
      `/metrics/daily?traceName=${percent(text)}&userId=${percent(random.pick(texts))}&tags=${percent(text)}&environment=${percent(text)}`,
    ),
    get(`/v2/prompts?name=${percent(text)}&label=${percent(random.pick(texts))}&tag=${percent(random.pick(texts))}`),
    get(`/v2/prompts?${random.pick(['name', 'label', 'tag'])}=${percent(text)}`),
    get(`/v2/prompts/${percent(text)}?label=${percent(random.pick(texts))}`),
    get(`/v2/prompts/shared%2Fprompt?label=production${percent(`@${text}`)}&abKey=${percent(text)}`),
    get(`/x/prompts?q=${percent(text)}`),
    get(`/x/prompt?name=${percent(text)}`),
    get(`/x/prompt-version-usage?from=2026-01-01T00:00:00Z&name=${percent(text)}`),
    get(`/x/ab-tests?prompt=${percent(text)}&label=${percent(random.pick(texts))}&cursor=${percent(cursor(random))}`),
    {
      method: 'POST',
      scope,
      path: '/api/public/x/ab-tests',
      body: {
        ...create,
        primary: `score:${text}`,
        name: text.slice(0, 200),
        hypothesis: text,
        environments: [text.slice(0, 40)],
      },
    },
    {
      method: 'POST',
      scope,
      path: '/api/public/x/prompt-preview',
      body: {
        name: text,
        prompt: `@@@langfusePrompt:name=${text}|label=${text}@@@ @@@langfusePrompt:name=shared/prompt|version=2@@@`,
      },
    },
    {
      method: 'POST',
      scope,
      path: '/api/public/v2/prompts',
      body: {
        name: `of ${text}`,
        prompt: text,
        labels: [text],
        tags: [text.slice(0, 200)],
        config: { [text]: text },
        commitMessage: text,
      },
    },
    {
      method: 'POST',
      scope,
      path: '/api/public/v2/prompts',
      body: {
        name: `of ${text}`,
        prompt: text,
        tags: [text.slice(0, 200)],
        config: { [text]: text },
        commitMessage: text,
      },
    },
    {
      method: 'PUT',
      scope,
      path: '/api/public/x/prompt-labels',
      body: { name: 'shared/prompt', label: text, version: 1 },
    },
    {
      method: 'PUT',
      scope,
      path: '/api/public/x/prompt-tags',
      body: { name: `of ${text}`, tags: [text.slice(0, 200)] },
    },
    {
      method: 'POST',
      scope,
      path: '/api/public/x/prompt-copies',
      body: { from: { folder: text.slice(0, 255) }, to: 'copies', versions: 'all' },
    },
  ]);
  const { statuses, wrong } = await askAll([...metrics, ...asks]);
  expect(wrong).toEqual([]);
  // Enough of them were understood, some made something, and some are refused.
  expect(statuses[200]).toBeGreaterThan(60);
  expect(statuses[201]).toBeGreaterThan(each.length / 2);
  expect(statuses[400]).toBeGreaterThan(20);
});

test('as many conditions as an address has room for', async () => {
  const scope = 'traces:read';
  const asks = ['traceName', 'metadata', 'scores_avg'].flatMap((column): Ask[] => {
    const type = { metadata: 'stringObject', scores_avg: 'numberObject' }[column] ?? 'string';
    const [operator, value] = column === 'scores_avg' ? ['>', 1] : ['=', 'x'];
    return [30, 150].map((count) => {
      const list = JSON.stringify(Array.from({ length: count }, () => ({ type, column, key: 'k', operator, value })));
      // Browsers and libraries leave these as they are where they can.
      const text = list.replaceAll(/[ %#&+]/g, encodeURIComponent);
      return { method: 'GET', scope, path: `/api/public/v2/observations?limit=1&filter=${text}` };
    });
  });
  const { statuses, wrong } = await askAll(asks);
  expect(wrong).toEqual([]);
  expect(statuses[200]).toBeGreaterThan(0);
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

import { isOrganizationScope, isProjectScope } from '@tracehouse/contract/roles';
import type { Route } from '@tracehouse/contract/route';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Example, examples, type Side, whoMay } from './program-examples.ts';
import { fillPath, nameOf, openProgram, patternOf } from './program-scenario.ts';

/*
 * Every route of a project or an organization that the program serves, asked by the owner of one with the ids of another: nothing of
 * the other is shown, and nothing of it changes. The table is the running program's; a route with a parameter that is not known here,
 * or that changes something and has no example (program-examples.ts), fails. What single features may leak is in
 * features/tenancy.test.ts.
 */

/** In every text of the other side, and in none of its ids. */
const MARK = 'marked-as-theirs';

const program = await openProgram();
afterAll(() => program.stop());
const { origin, routes } = program.served[0]!;
const isOwned = ({ scope }: Route): boolean =>
  isProjectScope(scope) || isOrganizationScope(scope) || scope === 'organization';
const owned = routes.filter(isOwned);

interface Party extends Side {
  ask(
    route: Pick<Route, 'method' | 'scope'>,
    path: string,
    body?: unknown,
    place?: Record<string, string>,
  ): Promise<{ status: number; text: string }>;
}

function party(
  place: Pick<Side, 'organizationId' | 'projectId' | 'memberId'>,
  headers: Record<string, Record<string, string>>,
): Party {
  const ask: Party['ask'] = (route, path, body, place) => {
    const payload = body === undefined ? undefined : JSON.stringify(body);
    const who = { ...headers[whoMay(route.scope)], ...place };
    return program.ask(origin, { method: route.method, path }, who, payload);
  };
  return {
    ...place,
    ask,
    async call(method, path, body) {
      const route = routes.find((one) => one.method === method && patternOf(one.path).test(path))!;
      const { status, text } = await ask(route, path, body);
      expect(status, `${method} ${path}: ${text}`).toBeLessThan(300);
      return text === '' ? null : JSON.parse(text);
    },
  };
}

const { people, keys, owner } = program.everybody;
const ours = party(
  { organizationId: 'acme', projectId: 'prod', memberId: 'MEMBER' },
  { owner: people.OWNER, organizationKey: keys.organizationKey, nobody: {}, adminKey: keys.adminKey },
);
const theirs = party(
  { organizationId: 'other', projectId: 'theirs', memberId: 'colleague' },
  { owner, organizationKey: keys.foreignOrganizationKey, nobody: {}, adminKey: keys.adminKey },
);

/** Of the other side, by the names of parameters; an id that more than one kind of thing has by the beginning of its path. */
const ids: Record<string, string> = {
  traceId: 'trace',
  observationId: 'call',
  sessionId: 'session',
  scoreId: 'score',
  projectId: 'theirs',
  organizationId: 'other',
  userId: 'colleague',
  hash: 'a'.repeat(64),
  '*': 'prompt',
  'scim/Users': 'colleague',
  // Roles, and of the standard: the same for everybody.
  'scim/Groups': 'VIEWER',
  'scim/Schemas': 'urn:ietf:params:scim:schemas:core:2.0:User',
  'scim/ResourceTypes': 'User',
};

function fill(route: Route, params: Record<string, string | undefined>): string {
  return fillPath(route.path, (name) => {
    const kind = Object.keys(ids).find((part) => part.includes('/') && route.path.includes(`/${part}/`));
    const value = params[name] ?? (name === 'id' && kind !== undefined ? ids[kind] : ids[name]);
    expect(value, `an id of the other side for ':${name}' of ${nameOf(route)}`).toBeDefined();
    return encodeURIComponent(value!);
  });
}

beforeAll(async () => {
  await theirs.call('PATCH', '/api/public/x/organization', { name: MARK });
  await theirs.call('PUT', '/api/public/projects/theirs', { name: MARK });
  await theirs.call('PATCH', '/api/public/x/account', { name: MARK });
  await theirs.call('POST', '/api/public/x/organization-keys', { note: MARK });
  await theirs.call('POST', '/api/public/x/invitations', { email: `${MARK}@new.dev`, role: 'VIEWER' });
  const at = '2026-11-20T10:00:00.000Z';
  await theirs.call('POST', '/api/public/ingestion', {
    batch: [
      {
        id: '1',
        type: 'trace-create',
        timestamp: at,
        body: { id: 'trace', name: MARK, timestamp: at, userId: MARK, sessionId: 'session', input: MARK, tags: [MARK] },
      },
      {
        id: '2',
        type: 'generation-create',
        timestamp: at,
        body: {
          id: 'call',
          traceId: 'trace',
          name: MARK,
          model: MARK,
          startTime: at,
          input: MARK,
          output: MARK,
          usage: { input: 1 },
          promptName: MARK,
          promptVersion: 1,
        },
      },
      {
        id: '3',
        type: 'score-create',
        timestamp: at,
        body: { id: 'score', traceId: 'trace', name: MARK, value: 1, comment: MARK },
      },
    ],
  });
  const model = {
    modelName: `!${MARK}`, // before the built-in ones
    matchPattern: `^${MARK}$`,
    unit: 'TOKENS',
    inputPrice: 1,
  };
  await theirs.call('PUT', '/api/public/x/protected-prompt-labels', { labels: [MARK] });
  ids['modelId'] = (await theirs.call('POST', '/api/public/models', model)).id;
  ids['configId'] = (await theirs.call('POST', '/api/public/score-configs', { name: MARK, dataType: 'NUMERIC' })).id;
  ids['jobId'] = (await theirs.call('POST', '/api/public/x/recalculations', { modelId: ids['modelId'] })).id;
  await theirs.call('POST', '/api/public/v2/prompts', {
    name: 'prompt',
    prompt: MARK,
    labels: ['production'],
    tags: [MARK],
  });
  await theirs.call('POST', '/api/public/v2/prompts', { name: 'prompt', prompt: MARK });
  const abTest = {
    name: MARK,
    prompt: 'prompt',
    label: 'production',
    arms: [
      { version: 1, share: 50 },
      { version: 2, share: 50 },
    ],
  };
  ids['testId'] = (await theirs.call('POST', '/api/public/x/ab-tests', abTest)).id;
  const file = { traceId: 'trace', field: 'input', contentType: 'text/plain', contentLength: 1 };
  const sha256Hash = Buffer.alloc(32).toString('base64');
  ids['mediaId'] = (await theirs.call('POST', '/api/public/media', { ...file, sha256Hash })).mediaId;
  const key = await theirs.call('POST', '/api/public/x/api-keys', { note: MARK });
  Object.assign(ids, { apiKeyId: key.id, 'x/api-keys': key.id });
  ids['lineId'] = (await theirs.call('GET', '/api/public/x/audit-log')).data.find(
    (line: { objectType: string }) => line.objectType === 'model',
  ).id;
  ids['receiptId'] = (await theirs.call('GET', '/api/public/x/receipts')).data[0].id;
});

/** Without which they answer 400. */
const byName = (view: string): string =>
  `?query=${encodeURIComponent(
    JSON.stringify({
      view,
      metrics: [{ measure: 'count', aggregation: 'count' }],
      dimensions: [{ field: 'name' }],
      fromTimestamp: '2026-11-20T00:00:00Z',
      toTimestamp: '2026-11-21T00:00:00Z',
    }),
  )}`;
const queries: Readonly<Record<string, string>> = {
  'GET /api/public/metrics': byName('traces'),
  'GET /api/public/v2/metrics': byName('observations'),
  'GET /api/public/x/observations/:observationId': '?traceId=trace',
  'GET /api/public/prompts': '?name=prompt',
  'GET /api/public/x/facets': '?field=name',
  'GET /api/public/x/ab-tests/:testId/assignment': '?key=somebody',
  'GET /api/public/x/search': `?text=${MARK.slice(1)}&traceId=trace`,
  'GET /api/public/x/prompt': '?name=prompt',
  'GET /api/public/x/prompt-version': '?name=prompt&version=1',
  'GET /api/public/x/prompt-usage': '?from=2026-11-20T00:00:00Z',
  'GET /api/public/x/prompt-version-usage': `?name=${MARK}&from=2026-11-20T00:00:00Z`,
};

/** What these answer holds no text of a project. */
const WITHOUT_TEXT = new Set([
  'GET /api/public/x/histogram', // counts
  'GET /api/public/sessions', // ids and times
  'GET /api/public/x/jobs', // ids and counts
  'GET /api/public/x/jobs/:jobId',
  'GET /api/public/x/ab-tests/:testId/result', // versions and figures
  'GET /api/public/x/ab-tests/:testId/snapshots',
  'GET /api/public/x/ab-tests/:testId/assignment',
  'GET /api/public/media/:mediaId', // nothing was uploaded
  'GET /api/public/x/traces/:traceId/payloads/:hash', // nothing is that large
  'GET /api/public/x/receipts', // counts, clients and reasons
  'GET /api/public/x/receipts/:receiptId',
  'GET /api/public/x/traces/:traceId/whereabouts',
  'GET /api/public/scim/ServiceProviderConfig', // of the standard
  'GET /api/public/scim/ResourceTypes',
  'GET /api/public/scim/ResourceTypes/:id',
  'GET /api/public/scim/Schemas',
  'GET /api/public/scim/Schemas/:id',
  'GET /api/public/x/role-sync-runs', // nothing has run
  'GET /api/public/x/project-deletions', // nothing is being deleted
  'GET /api/public/projects/:projectId/memberships',
  'GET /api/public/scim/Users/:id', // somebody whose name is the scenario's
  'GET /api/public/scim/Groups', // addresses, by roles that all have
  'GET /api/public/scim/Groups/:id',
]);

describe('nothing of another is read by', () => {
  const reads = owned.filter(({ method }) => method === 'GET').map((route) => ({ name: nameOf(route), route }));
  test.each(reads)('$name', async ({ name, route }) => {
    const path = fill(route, {}) + (queries[name] ?? '');
    const foreign = await ours.ask(route, path);
    expect(foreign.text).not.toContain(MARK);
    expect(foreign.status).toBeLessThan(500);
    const own = await theirs.ask(route, path);
    if (WITHOUT_TEXT.has(name)) expect(own.text).not.toContain(MARK);
    else expect(own.text, 'what they see themselves').toContain(MARK);
  });
});

const SEARCH = 'urn:ietf:params:scim:api:messages:2.0:SearchRequest';

/** What carries data in writes into the own project, whatever ids it names: the ids of the other side are taken. */
const data: Record<string, unknown> = {
  'POST /api/public/ingestion': {
    batch: [
      { id: '1', type: 'trace-create', timestamp: '2026-11-20T11:00:00.000Z', body: { id: 'trace', name: 'ours' } },
      {
        id: '2',
        type: 'span-update',
        timestamp: '2026-11-20T11:00:00.000Z',
        body: { id: 'call', traceId: 'trace', output: 'ours' },
      },
    ],
  },
  'POST /api/public/scores': { id: 'score', traceId: 'trace', name: 'ours', value: 2 },
  'POST /api/public/traces': { id: 'trace', name: 'ours' },
  'POST /api/public/spans': { id: 'call', traceId: 'trace', name: 'ours' },
  'PATCH /api/public/spans': { spanId: 'call', traceId: 'trace', output: 'ours' },
  'POST /api/public/generations': { id: 'call', traceId: 'trace', name: 'ours' },
  'PATCH /api/public/generations': { generationId: 'call', traceId: 'trace', completion: 'ours' },
  'POST /api/public/events': { id: 'call', traceId: 'trace', name: 'ours' },
  'POST /api/public/otel/v1/traces': { resourceSpans: [] },
  'POST /api/public/otel/v1/logs': { resourceLogs: [] },
  'POST /api/public/otel/v1/metrics': { resourceMetrics: [] },
  'POST /v1/traces': { resourceSpans: [] },
  'POST /v1/logs': { resourceLogs: [] },
  'POST /v1/metrics': { resourceMetrics: [] },
  'POST /api/public/media': {
    traceId: 'trace',
    field: 'input',
    contentType: 'text/plain',
    contentLength: 1,
    sha256Hash: Buffer.alloc(32).toString('base64'),
  },
  'PATCH /api/public/media/:mediaId': { uploadedAt: '2026-11-20T10:20:00.000Z', uploadHttpStatus: 500 },
  'POST /api/public/x/role-sync-runs': {},
  'POST /api/public/scim/Groups': { displayName: 'ours' },
  'POST /api/public/scim/Users/.search': { schemas: [SEARCH] },
  'POST /api/public/scim/.search': { schemas: [SEARCH] },
};

/** What the other side sees of itself, without what its own questions or its own jobs move. */
async function state(): Promise<Record<string, string>> {
  const asked = owned
    .filter((route) => route.method === 'GET' && !MOVING.some((part) => route.path.includes(part)))
    .map(async (route): Promise<[string, string]> => {
      const { text } = await theirs.ask(route, fill(route, {}) + (queries[nameOf(route)] ?? ''));
      // How far back a list of the screens has looked depends on the time it had.
      return [nameOf(route), text.replaceAll(/"(lastUsedAt|lastSignInAt|cursor|searchedTo)":"[^"]*",?/g, '')];
    });
  return Object.fromEntries(await Promise.all(asked));
}
const MOVING = [
  '/x/histogram', // ends now
  '/x/project-deletions', // their jobs
  '/x/jobs',
  'audit-log', // grows by what the other side does between two looks; its lines have a test of their own
  '/x/receipts',
  '/media/', // links are signed anew
];

const writes = owned.filter(({ method }) => method !== 'GET').map((route) => ({ name: nameOf(route), route }));

describe('nothing of another is changed by', () => {
  // A look at all that the other side sees costs a second of CPU: several requests share one. They are far apart in the table, so that
  // none takes back what another did.
  const GROUPS = 9;
  const requests = new Map<string, Example>();
  const groups: (ReturnType<typeof send> | undefined)[] = [];
  let before: Record<string, string>;
  beforeAll(async () => {
    for (const { name } of writes) {
      const example = examples[name];
      requests.set(name, name in data ? { body: data[name] } : ((await example?.(theirs)) ?? {}));
    }
    // The lists of the screens wait for nothing that is under way; this read does.
    await theirs.call('GET', '/api/public/traces');
    before = await state();
  }, 120_000);

  /** The answers to the requests of a group, and what of the other side is not as it was. */
  async function send(group: number) {
    const answers: Record<string, Awaited<ReturnType<Party['ask']>>> = {};
    for (const { name, route } of writes.filter((_, i) => i % GROUPS === group)) {
      const { params = {}, query = '', body, place } = requests.get(name)!;
      answers[name] = await ours.ask(route, fill(route, params) + query, body, place);
    }
    const after = await state();
    const changed = Object.keys(after)
      .filter((read) => after[read] !== before[read])
      .map((read) => `${read}: ${before[read]?.slice(0, 2_000)} → ${after[read]?.slice(0, 2_000)}`);
    before = after;
    return { answers, changed };
  }

  test.each(writes.map((write, i) => ({ ...write, group: i % GROUPS })))('$name', async ({ name, group }) => {
    expect(name in data || name in examples, `${name} has an example in program-examples.ts`).toBe(true);
    const { answers, changed } = await (groups[group] ??= send(group));
    const { status, text } = answers[name]!;
    expect(status, text).toBeLessThan(500);
    expect(text).not.toContain(MARK);
    expect(changed, `after ${Object.keys(answers).join(', ')}`).toEqual([]);
  });
});

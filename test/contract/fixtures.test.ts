import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { accepted } from './accepted.ts';
import { compare, isObject } from './compare.ts';
import type { Difference } from './compare.ts';
import { createJudge } from './judge.ts';
import { pending } from './pending.ts';
import { withOurPrices } from './price-differences.ts';
import { readFixtures } from './recording.ts';
import type { Fixture, FixtureRequest, Json, JsonObject } from './recording.ts';
import { basic, explain, send, toFixtureRequest } from './replay.ts';
import type { Answer, Sent } from './replay.ts';
import { sentObservations } from './sent-observations.ts';
import type { SentObservation } from './sent-observations.ts';
import { startServer } from './server.ts';
import type { TestServer } from './server.ts';

/** What of a client's traffic this replay sends; each fixture goes into a project of its own, empty before. */
const replayed: readonly RegExp[] = [
  /^POST \/api\/public\/otel\/v1\/(traces|metrics|logs)$/,
  /^POST \/api\/public\/(ingestion|scores)$/,
  /^GET \/api\/public\/(health|projects|traces|traces\/[^/]+|observations|observations\/[^/]+|v2\/observations|sessions|sessions\/[^/]+)$/,
  /^GET \/api\/public\/(v2\/scores(\/[^/]+)?|v3\/scores)$/,
  /^DELETE \/api\/public\/(traces(\/[^/]+)?|scores\/[^/]+)$/,
  /^\w+ \/api\/public\/(score-configs|models|media)(\/[^/]+)?$/,
  /^(PUT|GET) \/bucket\/[^/]+$/,
  /^\w+ \/api\/public\/(organizations|scim)\/.+$/,
  /^\w+ \/api\/public\/projects(\/.+)?$/,
  /^\w+ \/api\/public\/(v2\/)?prompts(\/.+)?$/,
  /^GET \/api\/public\/(v2\/)?metrics$/,
];

/** What waits, and for which issue. */
const later: readonly { requests: RegExp; issue: number | 'not filed' }[] = [
  {
    requests:
      /feedback|dataset|experiment|\/comments|\/annotation-queues|\/llm-connections|\/evaluat|\/blob-storage|\/unstable\//,
    issue: 'not filed',
  },
];

const fixtures = readFixtures();
const ofFixtures = (entry: { case: string | readonly string[] }): boolean =>
  [entry.case].flat().some((pattern) => pattern.startsWith('fixtures/'));
const { judge, unused, counts } = createJudge({
  accepted: accepted.filter(ofFixtures),
  pending: pending.filter(ofFixtures),
});
const skipped = new Map<number | string, number>();

let server: TestServer;

beforeAll(async () => {
  server = await startServer({
    projects: fixtures.map(({ name }) => ({
      id: projectOf(name),
      name: `fx ${name}`,
      organization: { id: 'seed-org-id', name: 'Seed Org' },
      publicKey: `pk-lf-${name}`,
      secretKey: `sk-lf-${name}`,
    })),
    organizationKeys: [],
  });
});

afterAll(async () => {
  await server?.stop();
  const waiting = [...skipped].map(
    ([issue, requests]) => `${requests} requests ${issue === 'not filed' ? 'for no issue yet' : `for issue ${issue}`}`,
  );
  console.log(
    `fixtures: ${counts.equal} equal, ${counts.accepted} with an accepted difference, ${counts.pending} pending, ${counts.failed} failed; waiting: ${waiting.join(', ')}`,
  );
});

describe.each(fixtures)('$name', (fixture) => {
  const { name, requests, readback } = fixture;

  test('every request is answered', async () => {
    for (const request of requests) await replay(fixture, request);
  });

  if (readback) {
    test.each(readback.traces.map((trace) => ({ id: String(trace['id']), trace })))(
      'v1 trace $id',
      async ({ id, trace }) => {
        await expectSame(name, `trace-${id}`, `/api/public/traces/${encodeURIComponent(id)}`, trace);
      },
    );
    test('v2 observations', async () => {
      const got = await readAllV2(name);
      check(
        name,
        'v2',
        readSent(name, ALL_V2),
        null,
        compare(withOurPrices(`fixtures/${name}`, { data: readback.observationsV2 }), { data: got }),
      );
    });
    if (readback.sessions) {
      const { sessions } = readback;
      test('sessions', async () => {
        const sent = readSent(name, '/api/public/sessions');
        const answer = await send(server.origin, sent);
        // Made at the same moment or not: their order is that of processing.
        check(
          name,
          'sessions',
          sent,
          answer,
          compare({ data: sessions }, { data: isObject(answer.body) ? (answer.body['data'] ?? null) : null }),
        );
      });
    }
  } else {
    test('what was sent is read back whole, through v1 and v2', async () => {
      const sent = sentObservations(requests);
      expect(sent.length).toBeGreaterThan(0);
      const v2 = await readAllV2(name);
      for (const observation of sent) await expectReadBack(name, observation, v2);
    });
  }
});

test('the lists name nothing that has become equal', () => {
  expect(unused()).toEqual([]);
});

const projectOf = (fixture: string): string => `fx-${fixture}`;
const ALL_V2 =
  '/api/public/v2/observations?limit=1000&fields=core,basic,time,io,metadata,model,usage,prompt,metrics,trace_context';

async function replay({ name, readback }: Fixture, request: FixtureRequest): Promise<void> {
  const line = `${request.method} ${request.path}`;
  if (!replayed.some((pattern) => pattern.test(line))) {
    const issue = later.find(({ requests }) => requests.test(line))?.issue;
    expect(issue, `${line} is neither replayed nor named as waiting for an issue`).toBeDefined();
    skipped.set(issue ?? '', (skipped.get(issue ?? '') ?? 0) + 1);
    return;
  }
  const sent = throughLink(name, withKey(name, toFixtureRequest(request)));
  // Ours has the file already, where the recording did not.
  if (sent === null) return;
  const answer = await send(server.origin, sent);
  keepLinks(name, answer);
  // What the recording's bucket answers is its own.
  const reply = request.path.startsWith('/bucket/')
    ? undefined
    : readback?.replies.find(({ seq }) => seq === request.seq);
  const differences = reply
    ? compareReply(reply, answer)
    : answer.status < 300 || request.method === 'GET'
      ? []
      : [{ path: 'status', expected: '2xx', got: answer.status }];
  check(name, `reply-${request.seq}`, sent, answer, differences);
}

/** The last signed addresses that a fixture was given, to send a file to and to fetch one from. */
const links = new Map<string, { PUT?: string | null; GET?: string }>();

function keepLinks(fixture: string, { body }: Answer): void {
  if (!isObject(body)) return;
  const link = { ...links.get(fixture) };
  if ('uploadUrl' in body) link.PUT = body['uploadUrl'] as string | null;
  if (typeof body['url'] === 'string') link.GET = body['url'];
  links.set(fixture, link);
}

/** A request to the recording's bucket goes to the address we gave, without a key, as it was recorded. */
function throughLink(fixture: string, sent: Sent): Sent | null {
  if (!sent.path.startsWith('/bucket/')) return sent;
  const link = links.get(fixture)?.[sent.method as 'PUT' | 'GET'];
  if (link === null || link === undefined) return null;
  const { pathname, search } = new URL(link);
  const { authorization: _, ...headers } = sent.headers;
  return { ...sent, path: pathname + search, headers };
}

/** Bodies kept as a remark (`(html)`) were not recorded; an empty one is none. */
function compareReply({ status, body }: { status: number; body: Json }, answer: Answer): Difference[] {
  const statusDiffers = status === answer.status ? [] : [{ path: 'status', expected: status, got: answer.status }];
  const isCompared = body !== '' && !(typeof body === 'string' && body.startsWith('('));
  return [...statusDiffers, ...(isCompared ? compare(body, answer.body) : [])];
}

async function expectSame(fixture: string, name: string, path: string, recorded: JsonObject): Promise<void> {
  const sent = readSent(fixture, path);
  const answer = await send(server.origin, sent);
  check(fixture, name, sent, answer, compare(withOurPrices(`fixtures/${fixture}`, recorded), answer.body));
}

async function expectReadBack(fixture: string, sent: SentObservation, v2: readonly JsonObject[]): Promise<void> {
  const request = readSent(fixture, `/api/public/observations/${encodeURIComponent(sent.id)}`);
  const answer = await send(server.origin, request);
  const generation = v2.find(({ id, traceId }) => id === sent.id && traceId === sent.traceId);
  const differences = [answer.body, generation].flatMap((got, n): Difference[] => {
    const where = n === 0 ? 'v1' : 'v2';
    if (!isObject(got) || got['id'] !== sent.id)
      return [{ path: where, expected: `the observation '${sent.name}'`, got: got as Json }];
    const tokens = isObject(got['usageDetails']) ? Number(got['usageDetails']['total'] ?? 0) : 0;
    return [
      ...compare({ traceId: sent.traceId, name: sent.name }, got, where),
      ...(sent.hasUsage && !(tokens > 0)
        ? [{ path: `${where}.usageDetails`, expected: 'some tokens', got: got['usageDetails'] ?? null }]
        : []),
    ];
  });
  check(fixture, `observation-${sent.id}`, request, answer, differences);

  const trace = readSent(fixture, `/api/public/traces/${encodeURIComponent(sent.traceId)}`);
  const traceAnswer = await send(server.origin, trace);
  const inside =
    isObject(traceAnswer.body) && Array.isArray(traceAnswer.body['observations'])
      ? traceAnswer.body['observations']
      : [];
  const found = inside.some((item) => isObject(item) && item['id'] === sent.id);
  check(
    fixture,
    `in-trace-${sent.id}`,
    trace,
    traceAnswer,
    found ? [] : [{ path: 'observations', expected: sent.id, got: inside.length }],
  );
}

async function readAllV2(fixture: string): Promise<JsonObject[]> {
  const answer = await send(server.origin, readSent(fixture, ALL_V2));
  const data = isObject(answer.body) ? answer.body['data'] : undefined;
  expect(Array.isArray(data), `${ALL_V2} answered ${answer.status}: ${answer.text.slice(0, 300)}`).toBe(true);
  return data as JsonObject[];
}

const withKey = (fixture: string, sent: Sent): Sent => ({
  ...sent,
  headers: { ...sent.headers, authorization: basic(`pk-lf-${fixture}`, `sk-lf-${fixture}`) },
});
const readSent = (fixture: string, path: string): Sent =>
  withKey(fixture, { method: 'GET', path, headers: {}, body: undefined });

function check(
  fixture: string,
  name: string,
  sent: Sent,
  answer: Answer | null,
  differences: readonly Difference[],
): void {
  const full = `fixtures/${fixture}/${name}`;
  const left = judge(full, differences);
  expect.soft(left.length === 0, explain(full, sent, answer, left)).toBe(true);
}

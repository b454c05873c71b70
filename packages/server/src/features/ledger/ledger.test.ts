import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Harness, openHarness, type Project } from '../harness.ts';

let server: Harness;
beforeAll(async () => {
  server = await openHarness();
  // The engine drops receipts of more than 7 days ago by its own clock.
  server.setNow(new Date());
});
afterAll(() => server.close());

let projects = 0;
const newProject = (): Promise<Project> => server.project(`ledger-${(projects += 1)}`);

const nanos = (): string => `${Date.now()}000000`;
const span = (traceId: string, spanId: string, rest: object = {}) => ({
  traceId,
  spanId,
  name: 'work',
  startTimeUnixNano: nanos(),
  endTimeUnixNano: nanos(),
  ...rest,
});
const spans = (...all: object[]) => ({ resourceSpans: [{ scopeSpans: [{ spans: all }] }] });
const T1 = '11111111111111111111111111111111';
const T2 = '22222222222222222222222222222222';
const S1 = 'aaaaaaaaaaaaaaaa';
const S2 = 'bbbbbbbbbbbbbbbb';
const event = (id: string, type: string, body: object) => ({ id, type, timestamp: new Date().toISOString(), body });

const receiptOf = async (project: Project, { headers }: { headers: Record<string, unknown> }) => {
  const id = headers['x-tracehouse-receipt'] as string;
  return (await project.get(`/x/receipts/${id}`)).body;
};

describe('a request that is stored', () => {
  test('over OTLP its receipt says what was stored, for which traces, from whom', async () => {
    const project = await newProject();
    const answer = await project.send(
      '/otel/v1/traces',
      JSON.stringify(spans(span(T1, S1), span(T1, S2), span(T2, S1))),
      {
        'x-langfuse-sdk-name': 'python',
        'x-langfuse-sdk-version': '4.1.0',
        'user-agent': 'exporter/1',
      },
    );
    expect(await receiptOf(project, answer)).toMatchObject({
      door: 'OTLP',
      route: '/api/public/otel/v1/traces',
      status: 200,
      outcome: 'stored',
      requests: 1,
      received: 3,
      stored: 3,
      rejected: 0,
      codes: [],
      problems: [],
      publicKey: 'pk-lf-harness',
      sdkName: 'python',
      sdkVersion: '4.1.0',
      userAgent: 'exporter/1',
      traceIds: [T1, T2],
      traceCount: 2,
      bodyBytes: expect.any(Number),
      refused: null,
    });
  });

  test('over the JSON door and as scores it has a receipt too', async () => {
    const project = await newProject();
    const batch = await project.post('/ingestion', { batch: [event('1', 'trace-create', { id: 't' })] });
    expect(await receiptOf(project, batch)).toMatchObject({ door: 'JSON', status: 207, stored: 1, traceIds: ['t'] });
    const score = await project.post('/scores', { traceId: 't', name: 'n', value: 1 });
    expect(await receiptOf(project, score)).toMatchObject({ door: 'scores', status: 200, stored: 1, traceIds: ['t'] });
  });

  test('a batch without anything in it is empty', async () => {
    const project = await newProject();
    const answer = await project.post('/ingestion', { batch: [] });
    expect(await receiptOf(project, answer)).toMatchObject({ outcome: 'empty', received: 0 });
  });

  test('a clock that is wrong is said, for the trace stands at another time than its own', async () => {
    const project = await newProject();
    const time = { startTimeUnixNano: '1000000000', endTimeUnixNano: '2000000000' };
    const answer = await project.post('/otel/v1/traces', spans(span(T1, S1, time)));
    expect(await receiptOf(project, answer)).toMatchObject({
      outcome: 'stored',
      stored: 1,
      adjusted: 1,
      problems: [{ code: 'clock_skew', traceId: T1, itemId: S1 }],
    });
    const { body } = await project.get(`/x/traces/${T1}/whereabouts`);
    expect(body).toMatchObject({ verdict: 'stored', answer: expect.stringContaining("check the sender's clock") });
  });
});

describe('what is rejected', () => {
  test('spans: with their reason, ids and bytes; the others are stored', async () => {
    const project = await newProject();
    const answer = await project.post('/otel/v1/traces', spans(span(T1, S1), span(T1, ''), span('0000', S2)));
    expect(await receiptOf(project, answer)).toMatchObject({
      outcome: 'partly',
      received: 3,
      stored: 1,
      rejected: 2,
      codes: ['bad_id'],
      problems: [
        { code: 'bad_id', count: 1, traceId: T1, itemId: null, message: 'spanId:absent' },
        { code: 'bad_id', count: 1, traceId: '0000', itemId: S2, message: 'traceId:all zeros' },
      ],
      refused: { encoding: 'text', isCut: false, items: [expect.stringContaining(T1), expect.stringContaining(S2)] },
    });
  });

  test.each([
    ['an event of an unknown type', event('e', 'what-create', { id: 'x', traceId: 't' }), 'unknown_type'],
    ['an id that is too long', event('e', 'span-create', { id: 'x'.repeat(801), traceId: 't' }), 'bad_id'],
    ['a value of another kind', event('e', 'span-create', { id: 'x', traceId: 't', level: 'LOUD' }), 'bad_value'],
  ])('%s', async (_, bad, code) => {
    const project = await newProject();
    const answer = await project.post('/ingestion', { batch: [bad] });
    expect(await receiptOf(project, answer)).toMatchObject({
      outcome: 'rejected',
      received: 1,
      stored: 0,
      rejected: 1,
      problems: [{ code, itemId: 'e', traceId: 't' }],
      traceIds: ['t'],
      refused: { items: [JSON.stringify(bad)] },
    });
    expect((await project.get('/x/traces/t/whereabouts')).body).toMatchObject({ verdict: 'rejected', stored: null });
  });

  test('a single score, and one of a list', async () => {
    const project = await newProject();
    const bad = { id: 's', traceId: 't', name: 'n', value: null };
    const alone = await project.post('/scores', bad);
    expect(alone.status).toBe(400);
    expect(await receiptOf(project, alone)).toMatchObject({
      status: 400,
      outcome: 'rejected',
      received: 1,
      problems: [{ code: 'bad_value', itemId: 's', traceId: 't' }],
      refused: { items: [JSON.stringify(bad)] },
    });
    const listed = await project.post('/scores', [bad, { traceId: 't', name: 'n', value: 1 }]);
    expect(await receiptOf(project, listed)).toMatchObject({ status: 207, outcome: 'partly', received: 2, stored: 1 });
  });

  test('a body that is not what it says it is: its bytes are kept, also from inside an encoding', async () => {
    const project = await newProject();
    const { gzipSync } = await import('node:zlib');
    const answer = await project.send('/otel/v1/traces', gzipSync('{"resourceSpans": ['), {
      'content-encoding': 'gzip',
    });
    expect(answer.status).toBe(400);
    expect(await receiptOf(project, answer)).toMatchObject({
      status: 400,
      outcome: 'rejected',
      problems: [{ code: 'malformed', message: 'Failed to parse OTel JSON Trace' }],
      refused: { encoding: 'text', items: ['{"resourceSpans": ['] },
    });
  });

  test('a body that is too large: which one, and how large it may be', async () => {
    const project = await newProject();
    const answer = await project.send('/ingestion', Buffer.alloc(17 * 1024 * 1024, 32));
    expect(answer.status).toBe(413);
    expect(await receiptOf(project, answer)).toMatchObject({
      status: 413,
      problems: [{ code: 'too_large', message: 'The body exceeds 16 MB. Send fewer items a request, or compress it.' }],
      bodyBytes: 17 * 1024 * 1024,
      refused: null,
    });
  });

  test('more than 64 KB of it is cut', async () => {
    const project = await newProject();
    const bad = event('e', 'span-create', { id: 'x', traceId: 't', level: 'LOUD', input: 'x'.repeat(100_000) });
    const { refused } = await receiptOf(project, await project.post('/ingestion', { batch: [bad, bad] }));
    expect(refused).toMatchObject({ isCut: true, items: [JSON.stringify(bad).slice(0, 65_536)] });
  });

  test('OTLP logs that are no GenAI events are taken and not kept, and that is said', async () => {
    const project = await newProject();
    const answer = await project.post('/otel/v1/logs', {});
    expect(answer.status).toBe(200);
    expect(await receiptOf(project, answer)).toMatchObject({ status: 200, codes: ['not_kept'] });
  });
});

describe('a request that is not let in', () => {
  const basic = (publicKey: string, secretKey: string) => ({
    authorization: `Basic ${Buffer.from(`${publicKey}:${secretKey}`).toString('base64')}`,
  });

  test('with the wrong secret it is told to the project of the public key, once for many', async () => {
    const project = await newProject();
    const { publicKey, secretKey } = await server.keys.create({ projectId: project.id });
    const good = await project.send(
      '/otel/v1/traces',
      JSON.stringify(spans(span(T1, S1))),
      basic(publicKey, secretKey),
    );
    expect(await receiptOf(project, good)).toMatchObject({ outcome: 'stored', publicKey });
    const sendWrong = () => project.send('/otel/v1/traces', '{}', basic(publicKey, 'sk-lf-wrong'));
    const answers = [await sendWrong(), await sendWrong(), await sendWrong()];
    expect(answers.map(({ status }) => status)).toEqual([401, 401, 401]);
    expect(new Set(answers.map(({ headers }) => headers['x-tracehouse-receipt'])).size).toBe(1);
    const wrong = {
      status: 401,
      outcome: 'rejected',
      publicKey,
      problems: [{ code: 'wrong_key', message: `Wrong secret for key ${publicKey}` }],
      refused: null,
    };
    expect(await receiptOf(project, answers[0]!)).toMatchObject(wrong);
    // Those that came later are counted a few seconds after the first.
    await expect
      .poll(() => receiptOf(project, answers[0]!), { timeout: 60_000, interval: 500 })
      .toMatchObject({ ...wrong, requests: 3 });
    expect((await project.get('/x/receipts?code=wrong_key')).body.data).toMatchObject([{ requests: 3 }]);
    expect((await project.get('/x/traces/nowhere/whereabouts')).body.unattributed).toMatchObject([
      { code: 'wrong_key', requests: 3 },
    ]);
  });

  test('with a key that has expired it says so', async () => {
    const project = await newProject();
    const expiresAt = new Date(server.now().getTime() - 1000);
    const { publicKey, secretKey } = await server.keys.create({ projectId: project.id }, { expiresAt });
    const answer = await project.send('/ingestion', '{}', basic(publicKey, secretKey));
    expect(answer.status).toBe(401);
    expect(await receiptOf(project, answer)).toMatchObject({
      door: 'JSON',
      problems: [{ code: 'wrong_key', message: `The key ${publicKey} has expired` }],
    });
  });

  test("a browser's key at a door that is not for it is named", async () => {
    const project = await newProject();
    const { publicKey } = await server.keys.create({ projectId: project.id });
    const answer = await project.send('/otel/v1/traces', '{}', { authorization: `Bearer ${publicKey}` });
    expect(answer.status).toBe(403);
    expect(await receiptOf(project, answer)).toMatchObject({ status: 403, codes: ['not_allowed'], publicKey });
    const batch = [
      event('1', 'trace-create', { id: 't' }),
      event('2', 'score-create', { traceId: 't', name: 'n', value: 1 }),
    ];
    const mixed = await project.send('/ingestion', JSON.stringify({ batch }), { authorization: `Bearer ${publicKey}` });
    expect(await receiptOf(project, mixed)).toMatchObject({
      outcome: 'partly',
      codes: ['not_allowed'],
      problems: [{ itemId: '1', traceId: 't' }],
      refused: null,
    });
  });

  test('with a key that nobody has it is counted for who runs the server, and shown nowhere', async () => {
    const project = await newProject();
    const before = server.unattributed();
    for (const headers of [basic('pk-lf-nobody', 'sk'), { authorization: 'Basic ?' }, { authorization: 'Bearer x' }]) {
      const answer = await project.send('/otel/v1/traces', '{}', headers);
      expect(answer).toMatchObject({ status: 401 });
      expect(answer.headers).not.toHaveProperty('x-tracehouse-receipt');
    }
    expect(server.unattributed()).toBe(before + 3);
    expect((await project.get('/x/receipts')).body.data).toEqual([]);
  });

  test('beyond the limit of the project it is told, with the limit', async () => {
    const project = await newProject();
    server.limits.requestsPerMinute = 1;
    try {
      expect((await project.post('/otel/v1/traces', spans(span(T1, S1)))).status).toBe(200);
      const answer = await project.post('/otel/v1/traces', spans(span(T1, S2)));
      expect(answer.status).toBe(429);
      expect(await receiptOf(project, answer)).toMatchObject({
        outcome: 'rejected',
        problems: [{ code: 'limit', message: expect.stringContaining('The limit of requests a minute') }],
      });
    } finally {
      server.limits.requestsPerMinute = null;
    }
  });
});

describe('deleted traces', () => {
  test('what comes late is acknowledged and not stored, and none of it is kept', async () => {
    const project = await newProject();
    await project.post('/ingestion', { batch: [event('c', 'span-create', { id: 'known', traceId: T1 })] });
    await project.delete(`/traces/${T1}`);
    expect((await project.get(`/x/traces/${T1}/whereabouts`)).body).toMatchObject({
      verdict: 'deleted',
      stored: null,
      deletedAt: expect.any(String),
    });
    const late = await project.post('/otel/v1/traces', spans(span(T1, S2), span(T1, '')));
    expect(late.status).toBe(200);
    expect(await receiptOf(project, late)).toMatchObject({
      outcome: 'rejected',
      received: 2,
      acknowledgedOnly: 1,
      rejected: 1,
      codes: ['bad_id', 'deleted_trace'],
      refused: null,
    });
    const events = [
      event('e', 'span-create', { id: 's', traceId: T1 }),
      event('f', 'span-update', { id: 's', output: 'x' }),
    ];
    const batch = await project.post('/ingestion', { batch: events });
    expect(await receiptOf(project, batch)).toMatchObject({
      acknowledgedOnly: 2,
      problems: [{ code: 'deleted_trace', itemId: 's', traceId: T1, count: 2 }],
    });
  });

  test('what was refused about a trace goes with it, wherever it stands; the rest stays', async () => {
    const project = await newProject();
    const named = await project.post('/ingestion', { batch: [event('e', 'what', { traceId: T1, input: 'secret' })] });
    const inside = await project.send('/otel/v1/traces', `{"resourceSpans": [{"traceId": "${T1}", "secret"`);
    const protobuf = Buffer.concat([Buffer.from([0x0a, 0x7f]), Buffer.from(T1, 'hex')]);
    const binary = await project.send('/otel/v1/traces', protobuf, { 'content-type': 'application/x-protobuf' });
    const other = await project.post('/ingestion', { batch: [event('e', 'what', { traceId: T2 })] });
    expect(await receiptOf(project, binary)).toMatchObject({
      refused: { encoding: 'base64', items: [protobuf.toString('base64')] },
    });
    await project.delete(`/traces/${T1}`);
    for (const answer of [named, inside, binary]) expect((await receiptOf(project, answer)).refused).toBeNull();
    expect((await receiptOf(project, other)).refused).not.toBeNull();
  });
});

test('rows the engine refuses after the ack are told in the receipt of their request', async () => {
  const project = await newProject();
  await server.clickhouse.run(server.sql`ALTER TABLE scores ADD CONSTRAINT no_poison CHECK name != 'POISON'`);
  try {
    const good = await project.post('/scores', { traceId: 'good', name: 'n', value: 1 });
    const bad = await project.post('/scores', { traceId: 'bad', name: 'POISON', value: 1 });
    expect(bad.status).toBe(200);
    await project.get('/scores?traceId=bad');
    await expect
      .poll(() => project.get('/x/traces/bad/whereabouts').then(({ body }) => body.verdict), { timeout: 60_000 })
      .toBe('rejected');
    expect(await receiptOf(project, bad)).toMatchObject({
      outcome: 'rejected',
      stored: 0,
      rejected: 1,
      codes: ['engine'],
      problems: [{ code: 'engine', message: expect.stringContaining('no_poison') }],
    });
    expect(await receiptOf(project, good)).toMatchObject({ outcome: 'stored' });
    const { body } = await project.get('/x/receipts?outcome=rejected');
    expect(body.data).toMatchObject([{ traceIds: ['bad'] }]);
    expect((await project.get('/x/receipts?outcome=stored')).body.data).toMatchObject([{ traceIds: ['good'] }]);
  } finally {
    await server.clickhouse.run(server.sql`ALTER TABLE scores DROP CONSTRAINT no_poison`);
  }
});

describe('the list', () => {
  test('pages hold each receipt once, newest first', async () => {
    const project = await newProject();
    for (let i = 0; i < 7; i += 1) {
      await project.post('/ingestion', { batch: [event(`e${i}`, 'trace-create', { id: `t${i}` })] });
      server.wait(i % 2); // some in the same moment
    }
    const found: string[] = [];
    for (let cursor: string | undefined, pages = 0; pages === 0 || cursor !== undefined; pages += 1) {
      const { body } = await project.get(`/x/receipts?limit=2${cursor === undefined ? '' : `&cursor=${cursor}`}`);
      found.push(...body.data.map(({ traceIds }: { traceIds: string[] }) => traceIds[0]));
      cursor = body.meta.cursor;
    }
    expect(found.toSorted()).toEqual(['t0', 't1', 't2', 't3', 't4', 't5', 't6']);
    expect(found.indexOf('t6')).toBeLessThan(found.indexOf('t3'));
    expect((await project.get('/x/receipts?cursor=nonsense')).status).toBe(400);
  });

  test('is bounded by time and filtered by outcome, reason, trace and key', async () => {
    const project = await newProject();
    await project.post('/ingestion', { batch: [event('1', 'trace-create', { id: 'old' })] });
    server.wait(60);
    const from = server.now().toISOString();
    await project.post('/ingestion', { batch: [event('2', 'what', {}), event('3', 'trace-create', { id: 'new' })] });
    const traces = async (query: string) =>
      (await project.get(`/x/receipts?${query}`)).body.data.map(({ traceIds }: { traceIds: string[] }) => traceIds[0]);
    expect(await traces(`from=${from}`)).toEqual(['new']);
    expect(await traces(`to=${from}`)).toEqual(['old']);
    expect(await traces('outcome=stored')).toEqual(['old']);
    expect(await traces('outcome=partly&code=unknown_type')).toEqual(['new']);
    expect(await traces('traceId=old')).toEqual(['old']);
    expect(await traces('publicKey=pk-lf-harness')).toEqual(['new', 'old']);
    expect(await traces('publicKey=pk-lf-other')).toEqual([]);
  });
});

describe('where is my trace', () => {
  test('it is there, with what of it was not stored', async () => {
    const project = await newProject();
    await project.post('/otel/v1/traces', spans(span(T1, S1), span(T2, S1)));
    server.wait(1);
    await project.post('/otel/v1/traces', spans(span(T1, ''), span(T2, S2)));
    server.wait(1);
    await project.post('/scores', { traceId: T1, name: 'n', value: 1 });
    const one = (await project.get(`/x/traces/${T1}/whereabouts`)).body;
    expect(one).toMatchObject({
      verdict: 'partly',
      answer: expect.stringContaining('1 observation and 1 score'),
      stored: { observations: 1, scores: 1 },
      problems: [{ code: 'bad_id', message: 'spanId:absent' }],
      receipts: [{ door: 'scores' }, { outcome: 'partly' }, { outcome: 'stored' }],
    });
    expect((await project.get(`/x/traces/${T2}/whereabouts`)).body).toMatchObject({
      verdict: 'stored',
      stored: { observations: 2 },
      problems: [],
    });
  });

  test('nothing of it was received; what was refused unread is named, for it may have been among that', async () => {
    const project = await newProject();
    expect((await project.get('/x/traces/nowhere/whereabouts')).body).toMatchObject({
      verdict: 'unknown',
      receipts: [],
      unattributed: [],
    });
    await project.send('/otel/v1/traces', '{');
    expect((await project.get('/x/traces/nowhere/whereabouts')).body).toMatchObject({
      verdict: 'unknown',
      answer: expect.stringContaining('refused before their traces could be read'),
      unattributed: [{ code: 'malformed', requests: 1, message: 'Failed to parse OTel JSON Trace' }],
    });
  });

  test('it was stored, and is gone since a deletion whose mark has expired', async () => {
    const project = await newProject();
    await project.post('/otel/v1/traces', spans(span(T1, S1)));
    await project.delete(`/traces/${T1}`);
    server.wait(25 * 3600);
    expect((await project.get(`/x/traces/${T1}/whereabouts`)).body).toMatchObject({ verdict: 'gone', stored: null });
    server.setNow(new Date());
  });
});

test('another project sees nothing of it: no receipt, no list, no trace, and its deletion takes nothing', async () => {
  const [mine, other] = [await newProject(), await newProject()];
  const answer = await mine.post('/ingestion', { batch: [event('e', 'what', { traceId: T1 })] });
  const id = answer.headers['x-tracehouse-receipt'] as string;
  expect((await other.get(`/x/receipts/${id}`)).status).toBe(404);
  expect((await other.get('/x/receipts')).body.data).toEqual([]);
  expect((await other.get(`/x/receipts?traceId=${T1}`)).body.data).toEqual([]);
  expect((await other.get(`/x/traces/${T1}/whereabouts`)).body).toMatchObject({ verdict: 'unknown', unattributed: [] });
  await other.post('/ingestion', { batch: [event('e', 'what', { traceId: T1 })] });
  await other.delete(`/traces/${T1}`);
  expect((await receiptOf(mine, answer)).refused).not.toBeNull();
  for (const nonsense of ['nothing', "'; DROP TABLE receipts", '00000000-0000-7000-8000-000000000000']) {
    expect((await mine.get(`/x/receipts/${encodeURIComponent(nonsense)}`)).status).toBe(404);
  }
});

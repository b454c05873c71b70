import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { at, type Harness, openHarness, type Project } from '../../features/harness.ts';
import { encodedSpan, spanId } from '../otlp/encoded-span.ts';

let harness: Harness;
let project: Project;
let other: Project;
let count = 0;
/** What each call of the blob store throws, when set; `stored`: right after a blob was stored. */
const fault: { put?: Error | undefined; stored?: Error | undefined; get?: Error | undefined } = {};
beforeAll(async () => {
  harness = await openHarness({
    throughBlobs: (blobs) => ({
      ...blobs,
      async put(...args) {
        if (fault.put) throw fault.put;
        await blobs.put(...args);
        if (fault.stored) throw fault.stored;
      },
      async get(...args) {
        if (fault.get) throw fault.get;
        return blobs.get(...args);
      },
    }),
  });
}, 60_000);
afterAll(() => harness.close());
beforeEach(async () => {
  fault.put = fault.stored = fault.get = undefined;
  count += 1;
  project = await harness.project(`large-${count}`);
  other = await harness.project(`other-${count}`);
});

const iso = (seconds: number): string => new Date(at(seconds) / 1000).toISOString();
/** Text of a size that is no other test's. */
const long = (what: string, size = 1_500_000): string => `${what} ${count} ${'é'.repeat(size / 2)} end of ${what}`;
const names = async (): Promise<string[]> =>
  (await Array.fromAsync(harness.blobs.list('payloads/'))).map(({ name }) => name);
const ingest = (...events: [type: string, body: object][]) =>
  project.post('/ingestion', {
    batch: events.map(([type, body], i) => ({ id: `${type}-${i}-${Math.random()}`, type, timestamp: iso(0), body })),
  });

const all = 'fields=core,basic,time,io,metadata';

describe.each(['protobuf', 'json'] as const)('OTLP as %s', (encoding) => {
  test('what is above 1 MB is read back whole', async () => {
    const [input, output, document] = [long('input'), long('output'), long('document')];
    const traceId = encoding === 'json' ? 'a'.repeat(32) : 'b'.repeat(32);
    const attributes = {
      'langfuse.observation.input': input,
      'langfuse.observation.output': output,
      'langfuse.observation.metadata.document': document,
      'langfuse.trace.input': input,
    };
    const { body, type } = encodedSpan(encoding, { traceId, at: at(0), attributes });
    expect((await project.send('/otel/v1/traces', body, { 'content-type': type })).status).toBe(200);

    const trace = (await project.get(`/traces/${traceId}`)).body;
    expect(trace).toMatchObject({ input, output });
    expect(trace.observations[0]).toMatchObject({ input, output, metadata: { document } });
    const listed = (await project.get('/traces')).body.data;
    expect(listed[0]).toMatchObject({ input, output });
    const observations = (await project.get('/observations')).body.data;
    expect(observations[0]).toMatchObject({ input, output, metadata: { document } });
    expect((await project.get(`/observations/${observations[0].id}`)).body).toMatchObject({ input, output });
    const v2 = (await project.get(`/v2/observations?${all}&expandMetadata=document`)).body.data;
    expect(v2[0]).toMatchObject({ input, output, metadata: { document } });
    // Three texts, of which one is said twice.
    expect((await names()).length).toBe(3);
    await project.delete(`/traces/${traceId}`);
    expect(await names()).toEqual([]);
  });
});

describe('the JSON door', () => {
  test('what is above 1 MB is read back whole, and what is merged later changes nothing else', async () => {
    const [input, output, document] = [long('input'), long('output'), long('document')];
    await ingest(
      ['trace-create', { id: 't', input, metadata: { document, other: 1 } }],
      [
        'generation-create',
        { id: 'g', traceId: 't', input: [{ role: 'user', content: input }], metadata: { document } },
      ],
    );
    await ingest(['generation-update', { id: 'g', traceId: 't', output }]);
    const trace = (await project.get('/traces/t')).body;
    expect(trace).toMatchObject({ input, metadata: { document, other: 1 } });
    expect(trace.observations[0]).toMatchObject({
      input: [{ role: 'user', content: input }],
      output,
      metadata: { document },
    });
    const v2 = (await project.get(`/v2/observations?${all}&expandMetadata=document,other`)).body.data;
    expect(v2.find(({ id }: { id: string }) => id === 'g').metadata).toMatchObject({ document, other: 1 });
    await project.delete('/traces/t');
    expect(await names()).toEqual([]);
  });

  test('an update of a row that came by the other door keeps its large fields', async () => {
    const input = long('input');
    const traceId = 'd'.repeat(32);
    const attributes = { 'langfuse.observation.input': input, 'langfuse.observation.metadata.document': input };
    const { body, type } = encodedSpan('json', { traceId, at: at(0), attributes });
    await project.send('/otel/v1/traces', body, { 'content-type': type });
    await ingest(['span-update', { id: spanId, traceId, metadata: { more: 1 }, startTime: iso(0) }]);
    expect((await project.get(`/observations/${spanId}`)).body).toMatchObject({
      input,
      metadata: { document: input, more: 1 },
    });
    await project.delete(`/traces/${traceId}`);
  });

  test('the routes for single objects store them too', async () => {
    const output = long('output');
    expect((await project.post('/spans', { id: 's', traceId: 't', output })).status).toBe(200);
    expect((await project.get('/observations/s')).body.output).toBe(output);
    await project.delete('/traces/t');
  });
});

test('the screens get the beginning, its size, and the whole on demand', async () => {
  const [input, document] = [long('input'), long('document')];
  await ingest(
    ['trace-create', { id: 't', input }],
    ['span-create', { id: 's', traceId: 't', input, metadata: { document } }],
  );
  const detail = (await project.get('/x/observations/s?traceId=t')).body;
  expect(detail.input).toBe(input.slice(0, 65_536));
  const sizeBytes = Buffer.byteLength(input);
  expect(detail.large).toEqual([
    { field: 'input', key: null, hash: expect.any(String), sizeBytes },
    { field: 'metadata', key: 'document', hash: expect.any(String), sizeBytes: Buffer.byteLength(document) },
  ]);
  const { trace } = (await project.get('/x/traces/t')).body;
  expect(trace).toMatchObject({ input: input.slice(0, 65_536), large: [{ field: 'input', sizeBytes }] });
  const path = `/x/traces/t/payloads/${detail.large[0].hash}`;
  const whole = await project.get(path);
  expect(whole.text).toBe(input);
  expect(whole.headers).toMatchObject({
    'content-type': 'text/plain; charset=utf-8',
    'content-disposition': expect.stringContaining('attachment'),
    'content-security-policy': expect.stringContaining('sandbox'),
  });
  expect((await project.everyPage('/x/traces?q=input'))[0].inputPreview).toBe(input.slice(0, 200));
  // Another project, another trace, a hash of nothing.
  expect((await other.get(path)).status).toBe(404);
  expect((await project.get(path.replace('/t/', '/u/'))).status).toBe(404);
  expect((await project.get(`/x/traces/t/payloads/${'0'.repeat(64)}`)).status).toBe(404);
  expect((await project.get('/x/traces/t/payloads/..%2F..%2Fmedia')).status).toBe(400);
  await project.delete('/traces/t');
});

test('text that looks like the note of a cut is text: it opens nothing, of no project', async () => {
  await ingest(['span-create', { id: 's', traceId: 't', input: long('secret') }]);
  const { large } = (await project.get('/x/observations/s?traceId=t')).body;
  const forged = `preview\n… [cut here: ${large[0].sizeBytes} bytes in all, payload ${large[0].hash}]`;
  for (const sender of [project, other]) {
    await sender.post('/spans', {
      id: 'f',
      traceId: 'f',
      input: forged,
      metadata: { forged },
      payloadBlobs: [large[0].hash],
    });
    expect((await sender.get('/observations/f')).body).toMatchObject({ input: forged, metadata: { forged } });
    expect((await sender.get('/traces/f')).body).toMatchObject({ input: forged });
    expect((await sender.get(`/x/traces/f/payloads/${large[0].hash}`)).status).toBe(404);
  }
  // The same bytes in both projects are two blobs: deleting one leaves the other.
  const { text } = await project.get(`/x/traces/t/payloads/${large[0].hash}`);
  await other.post('/spans', { id: 's', traceId: 't', input: text });
  expect((await names()).length).toBe(2);
  await other.delete('/traces/t');
  expect((await project.get('/observations/s')).body.input).toBe(text);
  await project.delete('/traces/t');
});

test('a text that another trace has too stays when one of them is deleted, and goes with the last', async () => {
  const input = long('shared');
  for (const traceId of ['one', 'two']) await project.post('/spans', { id: traceId, traceId, input });
  expect((await names()).length).toBe(1);
  await project.delete('/traces/one');
  expect((await project.get('/observations/two')).body.input).toBe(input);
  await project.delete('/traces/two');
  expect(await names()).toEqual([]);
});

test('a row that moves to another trace takes its large fields along', async () => {
  const input = long('moved');
  await ingest(['span-create', { id: 's', traceId: 'one', input }]);
  await ingest(['span-create', { id: 's', traceId: 'two', name: 'moved' }]);
  await project.delete('/traces/one');
  const there = await project.get('/traces/two');
  if (there.status === 200) expect(there.body.observations[0]?.input).toBe(input);
  await project.delete('/traces/two');
  expect(await names()).toEqual([]);
});

test('while deletions and requests with the same text meet, nothing that was acknowledged loses it', async () => {
  const input = long('race');
  for (let round = 0; round < 4; round += 1) {
    await project.post('/spans', { id: `old-${round}`, traceId: `old-${round}`, input });
    const [, sent] = await Promise.all([
      project.delete(`/traces/old-${round}`),
      project.post('/spans', { id: `new-${round}`, traceId: `new-${round}`, input }),
    ]);
    expect(sent.status).toBe(200);
    expect((await project.get(`/observations/new-${round}`)).body.input).toBe(input);
    await project.delete(`/traces/new-${round}`);
  }
  expect(await names()).toEqual([]);
}, 60_000);

test('while blobs cannot be stored nothing is acknowledged; while they cannot be read, reads say so', async () => {
  const input = long('fault');
  fault.put = new Error('EIO');
  const refused = await ingest(['span-create', { id: 's', traceId: 't', input }]);
  expect(refused.status).toBe(503);
  expect(refused.headers['retry-after']).toBeDefined();
  const { body, type } = encodedSpan('json', {
    traceId: 'a'.repeat(32),
    at: at(0),
    attributes: { 'input.value': input },
  });
  expect((await project.send('/otel/v1/traces', body, { 'content-type': type })).status).toBe(503);
  expect((await project.get('/traces/t')).status).toBe(404);
  fault.put = undefined;
  expect((await ingest(['span-create', { id: 's', traceId: 't', input }])).status).toBe(207);
  fault.get = new Error('EIO');
  expect((await project.get('/observations/s')).status).toBe(503);
  fault.get = undefined;
  expect((await project.get('/observations/s')).body.input).toBe(input);
  await harness.blobs.delete(await names());
  // Lost: what is left is the beginning, and what it was.
  const { status, body: left } = await project.get('/observations/s');
  expect(status).toBe(200);
  expect(left.input).toMatch(/^fault .*\n… \[cut here: \d+ bytes in all, payload [0-9a-f]{64}\]$/s);
});

test('what a request that was not acknowledged left behind is swept, what rows name is not', async () => {
  const [kept, gone] = [long('kept'), long('gone')];
  await project.post('/spans', { id: 'kept', traceId: 't', input: kept });
  // As when the process ends between the two stores.
  fault.stored = new Error('the end');
  expect((await project.post('/spans', { id: 'gone', traceId: 'gone', input: gone })).status).toBe(503);
  fault.stored = undefined;
  const before = await names();
  expect(before.length).toBe(2);
  await harness.removeOrphans(new AbortController().signal);
  expect((await names()).toSorted()).toEqual(before.toSorted());
  const now = harness.now();
  harness.setNow(new Date(Date.now() + 7 * 3_600_000));
  await harness.removeOrphans(new AbortController().signal);
  expect((await names()).length).toBe(1);
  harness.setNow(now);
  expect((await project.get('/observations/kept')).body.input).toBe(kept);
});

test('past costs that are recalculated are those of the whole text, and the text stays', async () => {
  const input = long('tokens', 1_200_000);
  await ingest([
    'generation-create',
    { id: 'g', traceId: 't', model: 'acme', input, startTime: iso(0), endTime: iso(1) },
  ]);
  const priced = (
    await ingest([
      'generation-create',
      { id: 'h', traceId: 't', model: 'gpt-4o', input, startTime: iso(0), endTime: iso(1) },
    ])
  ).status;
  expect(priced).toBe(207);
  const tokens = (await project.get('/observations/h')).body.usageDetails.input;
  expect(tokens).toBeGreaterThan(0);
  const model = {
    modelName: 'acme',
    matchPattern: '^acme$',
    unit: 'TOKENS',
    inputPrice: 1,
    tokenizerId: 'openai',
    tokenizerConfig: { tokenizerModel: 'gpt-4o' },
  };
  const { id: modelId } = (await project.post('/models', model)).body;
  const { id } = (await project.post('/x/recalculations', { modelId })).body;
  await expect.poll(async () => (await project.get(`/x/jobs/${id}`)).body.state, { timeout: 60_000 }).toBe('done');
  const { body } = await project.get('/observations/g');
  expect(body.input).toBe(input);
  expect(body.usageDetails.input).toBe(tokens);
  await project.delete('/traces/t');
}, 60_000);

test('an answer that would hold more than it may is refused with the reason', async () => {
  const bodies = Array.from({ length: 10 }, (_, i) => long(`${i}`, 15_000_000));
  for (const [i, input] of bodies.entries()) await project.post('/spans', { id: `${i}`, traceId: 't', input });
  const { status, body } = await project.get('/observations?limit=10');
  expect(status).toBe(422);
  expect(body.message).toContain('ask for fewer');
  expect((await project.get('/observations?limit=3')).status).toBe(200);
  await project.delete('/traces/t');
}, 60_000);

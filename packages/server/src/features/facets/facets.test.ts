import type { Facet } from '@tracehouse/contract/x-facets';
import type { TraceListItem } from '@tracehouse/contract/x-traces';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { projectScope } from '../../stores/scope.ts';
import { at, type Harness, openHarness, type Project, type Sample } from '../harness.ts';
import { boundedRange } from './bound.ts';

let harness: Harness;
let project: Project;
beforeAll(async () => {
  harness = await openHarness();
  project = await harness.project('facets');
  const call = { type: 'GENERATION' } as const;
  await project.store(
    [
      // ada's chat: the root says what it is about, two calls of different models, 4 s and 0.3 USD in all.
      {
        id: 'a',
        traceId: 'a',
        name: 'chat',
        lasts: 4,
        userId: 'ada',
        sessionId: 's1',
        tags: ['vip', 'beta'],
        release: 'r1',
        traceMetadata: { tenant: 'acme', plan: 'free' },
      },
      {
        id: 'a1',
        traceId: 'a',
        parentId: 'a',
        at: 1,
        name: 'ask',
        ...call,
        model: 'big',
        totalCost: '0.2',
        metadata: { step: 'one' },
        toolCallNames: ['look', 'look'],
      },
      {
        id: 'a2',
        traceId: 'a',
        parentId: 'a',
        at: 2,
        name: 'ask',
        ...call,
        model: 'small',
        totalCost: '0.1',
        promptName: 'p',
      },
      // Another of hers, which failed, with a user that one of its spans says.
      {
        id: 'b',
        traceId: 'b',
        name: 'chat',
        at: 10,
        lasts: 1,
        tags: ['vip'],
        environment: 'staging',
        traceMetadata: { tenant: 'globex' },
      },
      {
        id: 'b1',
        traceId: 'b',
        parentId: 'b',
        at: 10,
        name: 'ask',
        ...call,
        model: 'big',
        level: 'ERROR',
        userId: 'ada',
        totalCost: '0.03',
      },
      // Lin's, with neither tags nor a model.
      { id: 'c', traceId: 'c', name: 'search', at: 20, lasts: 0.5, userId: 'lin', release: 'r2' },
      // The product's own.
      { id: 'd', traceId: 'd', name: 'judge', at: 30, environment: 'langfuse-llm-as-a-judge' },
    ],
    [
      { id: '1', name: 'helpful', dataType: 'NUMERIC', value: 0.5, traceId: 'a' },
      { id: '2', name: 'helpful', dataType: 'NUMERIC', value: 1, traceId: 'a' },
      { id: '3', name: 'helpful', dataType: 'NUMERIC', value: 0.02, traceId: 'c', observationId: 'c' },
      { id: '4', name: 'tone', dataType: 'CATEGORICAL', value: 0, stringValue: 'polite', traceId: 'b' },
      { id: '5', name: 'ok', dataType: 'BOOLEAN', value: 1, stringValue: 'True', traceId: 'b' },
    ],
  );
  // What was said first does not count.
  await project.store([{ id: 'c', traceId: 'c', name: 'search', at: 20, lasts: 0.5, userId: 'eve', release: 'r2' }]);
});
afterAll(() => harness.close());

async function facets(query: Record<string, string>, ...fields: string[]): Promise<Facet[]> {
  const asked = new URLSearchParams(query);
  for (const field of fields) asked.append('field', field);
  const { status, body, text } = await project.get(`/x/facets?${asked.toString()}`);
  expect(status, text).toBe(200);
  return body.data;
}
/** Values with counts, and how many things have none of how many. */
async function counts(query: Record<string, string>, field: string) {
  const [facet] = await facets(query, field);
  if (facet?.kind !== 'values') throw new Error(`${field} is no facet of values`);
  const { values, absent, total } = facet;
  return [Object.fromEntries(values.map(({ value, count }) => [value, count])), `${absent} of ${total}`];
}
async function ranges(query: Record<string, string>, field: string) {
  const [facet] = await facets(query, field);
  if (facet?.kind !== 'range') throw new Error(`${field} is no facet of numbers`);
  const { min, max, absent, total, buckets } = facet;
  const filled = buckets.filter(({ count }) => count > 0).map(({ from, to, count }) => `${from}..${to}: ${count}`);
  return [min, max, `${absent} of ${total}`, ...filled];
}

describe('of traces', () => {
  test.each<[field: string, values: Record<string, number>, absent: string]>([
    ['name', { chat: 2, search: 1 }, '0 of 3'],
    ['user', { ada: 2, eve: 1 }, '0 of 3'],
    ['session', { s1: 1 }, '2 of 3'],
    ['env', { default: 2, staging: 1, 'langfuse-llm-as-a-judge': 1 }, '0 of 4'],
    ['tags', { vip: 2, beta: 1 }, '1 of 3'],
    ['release', { r1: 1, r2: 1 }, '1 of 3'],
    ['level', { DEFAULT: 2, ERROR: 1 }, '0 of 3'],
    ['version', {}, '3 of 3'],
    // A trace has what any of its observations has.
    ['model', { big: 2, small: 1 }, '1 of 3'],
    ['type', { SPAN: 3, GENERATION: 2 }, '0 of 3'],
    ['prompt', { p: 1 }, '2 of 3'],
    ['tool.called', { look: 1 }, '2 of 3'],
    ['metadata', { tenant: 2, plan: 1 }, '1 of 3'],
    ['metadata.tenant', { acme: 1, globex: 1 }, '1 of 3'],
    ['score', { helpful: 2, tone: 1, ok: 1 }, '0 of 3'],
    ['score.tone', { polite: 1 }, '2 of 3'],
    ['score.ok', { true: 1 }, '2 of 3'],
    ['score.never', {}, '3 of 3'],
  ])('%s', async (field, values, absent) => {
    expect(await counts({}, field)).toEqual([values, absent]);
  });

  test.each<[field: string, ...unknown[]]>([
    // 4 s, 1 s and 0.5 s.
    ['latency', 0.5, 4, '0 of 3', '0.5..1: 1', '1..2: 1', '2..5: 1'],
    ['cost', 0.03, 0.3, '1 of 3', '0.02..0.05: 1', '0.2..0.5: 1'],
    ['tokens', 0, 0, '0 of 3', '0..0.000001: 3'],
    ['score.helpful', 0.02, 0.75, '1 of 3', '0.02..0.05: 1', '0.5..1: 1'],
  ])('%s is counted by its size', async (field, ...expected) => {
    expect(await ranges({}, field)).toEqual(expected);
  });

  test('are those of the filter without what it says of the field itself', async () => {
    expect(await counts({ q: 'user:ada' }, 'name')).toEqual([{ chat: 2 }, '0 of 2']);
    expect(await counts({ q: 'user:ada' }, 'user')).toEqual([{ ada: 2, eve: 1 }, '0 of 3']);
    expect(await counts({ q: 'user:ada -level:ERROR' }, 'user')).toEqual([{ ada: 1, eve: 1 }, '0 of 2']);
    expect(await counts({ q: 'model:big tags:vip tags:beta' }, 'tags')).toEqual([{ vip: 2, beta: 1 }, '0 of 2']);
    expect(await counts({ q: 'level:ERROR' }, 'model')).toEqual([{ big: 1 }, '0 of 1']);
    expect(await counts({ environment: 'staging' }, 'env')).toEqual([
      { default: 2, staging: 1, 'langfuse-llm-as-a-judge': 1 },
      '0 of 4',
    ]);
    expect(await counts({ environment: 'staging' }, 'name')).toEqual([{ chat: 1 }, '0 of 1']);
    expect(await ranges({ q: 'latency:>2s cost:>0' }, 'latency')).toEqual([1, 4, '0 of 2', '1..2: 1', '2..5: 1']);
  });

  test('are those of the time range, and of a text that is looked for', async () => {
    const iso = (seconds: number): string => new Date(at(seconds) / 1000).toISOString();
    expect(await counts({ from: iso(5), to: iso(20) }, 'name')).toEqual([{ chat: 1 }, '0 of 1']);
    expect(await counts({ from: iso(5), to: iso(20) }, 'model')).toEqual([{ big: 1 }, '0 of 1']);
    expect(await counts({ q: 'search' }, 'user')).toEqual([{ eve: 1 }, '0 of 1']);
  });
});

describe('of observations', () => {
  const of = 'observations';

  test.each<[field: string, values: Record<string, number>, absent: string]>([
    ['name', { ask: 3, chat: 2, search: 1 }, '0 of 6'],
    ['type', { GENERATION: 3, SPAN: 3 }, '0 of 6'],
    ['level', { DEFAULT: 5, ERROR: 1 }, '0 of 6'],
    ['model', { big: 2, small: 1 }, '3 of 6'],
    // It calls that tool twice.
    ['tool.called', { look: 1 }, '5 of 6'],
    // What only one row of a trace said, all of its observations have.
    ['user', { ada: 5, eve: 1 }, '0 of 6'],
    ['tags', { vip: 5, beta: 3 }, '1 of 6'],
    ['trace.name', { chat: 5, search: 1 }, '0 of 6'],
    ['metadata', { tenant: 5, plan: 3, step: 1 }, '1 of 6'],
    ['metadata.tenant', { acme: 3, globex: 2 }, '1 of 6'],
    ['metadata.step', { one: 1 }, '5 of 6'],
    ['score', { helpful: 1 }, '5 of 6'],
  ])('%s', async (field, values, absent) => {
    expect(await counts({ of }, field)).toEqual([values, absent]);
  });

  test('numbers are counted by their size', async () => {
    expect(await ranges({ of }, 'cost')).toEqual([0.03, 0.2, '3 of 6', '0.02..0.05: 1', '0.1..0.2: 1', '0.2..0.5: 1']);
    expect(await ranges({ of }, 'score.helpful')).toEqual([0.02, 0.02, '5 of 6', '0.02..0.05: 1']);
  });

  test('are those of the filter without what it says of the field itself', async () => {
    expect(await counts({ of, q: 'user:ada type:GENERATION' }, 'model')).toEqual([{ big: 2, small: 1 }, '0 of 3']);
    expect(await counts({ of, q: 'user:ada type:GENERATION' }, 'type')).toEqual([{ GENERATION: 3, SPAN: 2 }, '0 of 5']);
    expect(await counts({ of, q: '-user:ada' }, 'name')).toEqual([{ search: 1 }, '0 of 1']);
    expect(await counts({ of, q: 'has:error' }, 'user')).toEqual([{ ada: 1 }, '0 of 1']);
    expect(await counts({ of, q: 'ask' }, 'model')).toEqual([{ big: 2, small: 1 }, '0 of 3']);
  });
});

describe('an answer', () => {
  test('has the commonest values first and says whether there are more', async () => {
    const [name, model] = await facets({ limit: '1' }, 'name', 'model');
    expect(name).toEqual({
      field: 'name',
      kind: 'values',
      total: 3,
      absent: 0,
      countedFrom: null,
      more: true,
      values: [{ value: 'chat', count: 2 }],
    });
    expect(model).toMatchObject({ field: 'model', more: true, values: [{ value: 'big', count: 2 }] });
  });

  test('to typed text has the values with it, those that begin with it first', async () => {
    const [name] = await facets({ typed: 'S', limit: '5', of: 'observations' }, 'name');
    expect(name).toMatchObject({
      more: false,
      values: [
        { value: 'search', count: 1 },
        { value: 'ask', count: 3 },
      ],
    });
    expect(await facets({ typed: '%' }, 'name')).toMatchObject([{ values: [], more: false }]);
  });

  test('is for fields as they are written in filter text', async () => {
    await project.store([{ id: 'odd', traceId: 'odd', environment: 'odd', traceMetadata: { 'a b:"c"': "it's\n<b>" } }]);
    expect(await facets({ environment: 'odd' }, String.raw`metadata."a b:\"c\""`)).toMatchObject([
      { field: String.raw`metadata."a b:\"c\""`, values: [{ value: "it's\n<b>", count: 1 }] },
    ]);
  });

  test.each([
    ['no field', ''],
    ['a field there is not', 'field=luck'],
    ['ids', 'field=id'],
    ['a payload', 'field=input'],
    ['a number of observations', 'field=ttft'],
    ['a number of traces', 'field=errors&of=observations'],
    ['filter text with a problem', 'field=name&q=luck%3A1'],
    ['too many fields', Array.from({ length: 21 }, () => 'field=name').join('&')],
  ])('is 400 for %s', async (_, query) => {
    expect((await project.get(`/x/facets?${query}`)).status).toBe(400);
  });
});

test('whatever rows say about their traces, a facet counts what the list shows', async () => {
  const some = await harness.project('facets-said');
  let seed = 7;
  const pick = <One>(...from: One[]): One => {
    seed = (seed * 16_807) % 2_147_483_647;
    return from[seed % from.length]!;
  };
  const said = () => ({
    name: pick('x', 'y'),
    traceName: pick('', '', 'X', 'Y'),
    userId: pick('', 'ada', 'lin'),
    sessionId: pick('', 's1', 's2'),
    release: pick('', '', 'r1', 'r2'),
    version: pick('', 'v1', 'v2'),
    environment: pick('default', 'default', 'staging', 'langfuse-x'),
    tags: pick([], ['a'], ['a', 'b']),
    eventTime: at(pick(0, 1, 2)),
    source: pick('otlp', 'json') as 'otlp' | 'json',
    metadata: pick<Record<string, string>>({}, { k: '1' }, { k: '2' }, { k: '' }, { own: '1' }),
    traceMetadata: pick<Record<string, string>>({}, {}, { k: '1' }, { k: '3' }, { k: '' }),
  });
  const rows = Array.from({ length: 80 }, (_, i): Sample[] => {
    const traceId = `t${i}`;
    const child = { ...said(), id: `child-${i}`, traceId, parentId: `root-${i}`, at: i, model: pick('', 'm', 'n') };
    const event = { ...said(), id: traceId, traceId, at: i, kind: 'trace' as const, source: 'json' as const, name: '' };
    const root = { ...said(), id: `root-${i}`, traceId, at: i, level: pick<'DEFAULT' | 'ERROR'>('DEFAULT', 'ERROR') };
    return [
      ...pick([root], [root], []),
      ...pick([child], [child, { ...child, ...said(), id: `other-${i}` }]),
      ...pick([event], []),
    ];
  });
  await some.store(rows.flat());
  const traces: TraceListItem[] = await some.everyPage('/x/traces?environment=*&limit=200');
  expect(traces).toHaveLength(80);
  const ask = async (field: string, query = 'environment=*') => {
    const { body } = await some.get(`/x/facets?${query}&limit=200&field=${field}`);
    return Object.fromEntries(
      body.data[0].values.map(({ value, count }: { value: string; count: number }) => [value, count]),
    );
  };
  const expected = (
    of: (trace: TraceListItem) => readonly (string | null)[],
    among = traces,
  ): Record<string, number> => {
    const counts: Record<string, number> = {};
    for (const value of among.flatMap((trace) => [...of(trace)])) if (value) counts[value] = (counts[value] ?? 0) + 1;
    return counts;
  };
  const shown: Record<string, (trace: TraceListItem) => readonly (string | null)[]> = {
    name: ({ name }) => [name],
    user: ({ userId }) => [userId],
    session: ({ sessionId }) => [sessionId],
    release: ({ release }) => [release],
    version: ({ version }) => [version],
    env: ({ environment }) => [environment],
    tags: ({ tags }) => tags,
    level: ({ level }) => [level],
    model: ({ models }) => models,
  };
  for (const [field, of] of Object.entries(shown)) expect([field, await ask(field)]).toEqual([field, expected(of)]);
  // The product's own environments are told by what counts, too.
  const own = traces.filter(({ environment }) => !environment.startsWith('langfuse'));
  expect(own.length).toBeLessThan(80);
  expect(await ask('name', '')).toEqual(expected(shown['name']!, own));
  expect(await ask('user', 'q=name:X')).toEqual(
    expected(
      shown['user']!,
      own.filter(({ name }) => name === 'X'),
    ),
  );
  const headers = await Promise.all(
    traces.map(async ({ id }) => (await some.get(`/x/traces/${id}`)).body.trace.metadata),
  );
  const under = (key: string) => {
    const counts: Record<string, number> = {};
    for (const metadata of headers) if (metadata[key]) counts[metadata[key]] = (counts[metadata[key]] ?? 0) + 1;
    return counts;
  };
  expect(await ask('metadata.k')).toEqual(under('k'));
  const keys: Record<string, number> = {};
  for (const key of headers.flatMap((metadata) => Object.keys(metadata))) keys[key] = (keys[key] ?? 0) + 1;
  expect(await ask('metadata')).toEqual(keys);
});

test('of more rows than can be counted in time the newest are, and the answer says from when on', async () => {
  const many = await harness.project('facets-many');
  const now = at(3600);
  // 1,500 in each of five hours, the last of which ends now.
  const rows = Array.from({ length: 7500 }, (_, i) => ({
    id: `${i}`,
    traceId: `${i}`,
    at: 3600 - (i % 5) * 3600 - 1 - Math.floor(i / 5) * 2,
  }));
  await many.store(rows);
  const bound = (most: number, from: number | null = null) =>
    boundedRange(harness.clickhouse, projectScope(many.id), { range: { from, to: null }, now, most });
  expect(await bound(10_000)).toEqual({ range: { from: null, to: null }, countedFrom: null });
  const { range, countedFrom } = await bound(5_000);
  expect(range.from).toBe(countedFrom);
  const counted = rows.filter((row) => at(row.at) >= countedFrom!).length;
  expect([counted > 1_000, counted <= 5_000]).toEqual([true, true]);
  // A range that is short enough is not cut.
  expect((await bound(5_000, at(0))).countedFrom).toBeNull();
});

test('of more than that in less than an hour the newest parts are, and nothing is said where all are', async () => {
  const hour = await harness.project('facets-hour');
  // Parts of two months are never merged.
  const midnight = 254 * 3600;
  const store = (from: number) =>
    hour.store(Array.from({ length: 1200 }, (_, i) => ({ id: `${from}-${i}`, traceId: `${from}-${i}`, at: from + i })));
  const bound = (to: number) => {
    const range = { from: at(midnight - 1800), to: at(to) };
    return boundedRange(harness.clickhouse, projectScope(hour.id), { range, now: at(midnight + 3600), most: 1_000 });
  };
  await store(midnight - 1200);
  expect(await bound(midnight)).toEqual({ range: { from: at(midnight - 1800), to: at(midnight) }, countedFrom: null });
  await store(midnight);
  expect(await bound(midnight + 1200)).toEqual({
    range: { from: at(midnight), to: at(midnight + 1200) },
    countedFrom: at(midnight),
  });
});

import type { TraceListItem } from '@tracehouse/contract/x-traces';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ClickHouse, ClickHouseError } from '../../stores/clickhouse/clickhouse.ts';
import { clickhouse, ClickHouseSql, string } from '../../stores/clickhouse/sql.ts';
import { buildTextIndexes } from '../../stores/clickhouse/text-index.ts';
import { textSearchSettings } from '../../stores/clickhouse/text-search.ts';
import { projectScope } from '../../stores/scope.ts';
import { at, type Harness, openHarness, type Project, type Sample } from '../harness.ts';
import { createSearch, type SearchPosition } from './search.ts';

let harness: Harness;
beforeAll(async () => (harness = await openHarness()));
afterAll(() => harness.close());

let projects = 0;
const newProject = (): Promise<Project> => harness.project(`search-${(projects += 1)}`);
const iso = (seconds: number): string => new Date(at(seconds) / 1000).toISOString();
const list = (project: Project, query: Record<string, string>) =>
  project.get(`/x/traces?${new URLSearchParams(query).toString()}`);
/** All pages, one after the other: an answer of a search may be what was found so far. */
async function ids(project: Project, query: Record<string, string>): Promise<string[]> {
  return (await everyPage(project, query)).map(({ id }) => id);
}
const everyPage = (project: Project, query: Record<string, string>): Promise<TraceListItem[]> =>
  project.everyPage(`/x/traces?${new URLSearchParams(query).toString()}`);
const HOUR = 3600;

describe('a trace is found', () => {
  test('by a text it says long after it began, whatever was searched before', async () => {
    const project = await newProject();
    await project.store([
      { id: 'a', traceId: 'long', at: -30 * HOUR },
      { id: 'b', traceId: 'long', at: -60, output: 'a needle at last' },
      { id: 'c', traceId: 'short', at: -20 * HOUR, output: 'another needle' },
    ]);
    expect(await ids(project, { q: 'needle' })).toEqual(['short', 'long']);
    expect(await ids(project, { q: 'needle', limit: '1' })).toEqual(['short', 'long']);
    // The hit lies after the end of the range, its trace inside.
    expect(await ids(project, { q: 'needle', from: iso(-31 * HOUR), to: iso(-25 * HOUR) })).toEqual([]);
    expect(await ids(project, { q: 'needle', from: iso(-31 * HOUR), to: iso(-10 * HOUR) })).toEqual(['short', 'long']);
  });

  test('from the start of a range on, and not at its end', async () => {
    const project = await newProject();
    await project.store([
      { id: 'first', traceId: 'first', at: 0, input: 'needle' },
      { id: 'second', traceId: 'second', at: 10, input: 'needle' },
    ]);
    expect(await ids(project, { q: 'needle', from: iso(0), to: iso(10) })).toEqual(['first']);
    expect(await ids(project, { q: 'needle', from: iso(10), to: iso(20) })).toEqual(['second']);
    expect(await ids(project, { q: 'needle', from: iso(0.001), to: iso(10) })).toEqual([]);
  });

  test('the moment it is stored', async () => {
    const project = await newProject();
    const traceId = '0af7651916cd43dd8448eb211c80319d';
    const attributes = [{ key: 'langfuse.observation.output', value: { stringValue: '刚刚 said' } }];
    const times = { startTimeUnixNano: String(at(3500) * 1000), endTimeUnixNano: String(at(3501) * 1000) };
    await project.post('/otel/v1/traces', {
      resourceSpans: [
        { scopeSpans: [{ spans: [{ traceId, spanId: 'b7ad6b7169203331', name: 'now', ...times, attributes }] }] },
      ],
    });
    await project.get(`/traces/${traceId}`);
    expect(await ids(project, { q: '刚刚' })).toEqual([traceId]);
  });

  test('by its name, an id, what was said about it and its metadata', async () => {
    const project = await newProject();
    await project.store([
      { id: 'a', traceId: 'by-name', name: 'needle-work' },
      { id: 'the-needle', traceId: 'by-id', name: 'x' },
      { id: 'b', traceId: 'by-trace-input', traceInput: 'a needle' },
      { id: 'c', traceId: 'by-metadata', metadata: { what: 'Needle', other: 'x' } },
      { id: 'd', traceId: 'by-trace-metadata', traceMetadata: { what: 'NEEDLE' } },
      { id: 'e', traceId: 'none', metadata: { needle: 'the key is not searched' } },
    ]);
    const found = await everyPage(project, { q: 'needle' });
    const fields = Object.fromEntries(found.map(({ id, hit }) => [id, hit?.field]));
    expect(fields).toEqual({
      'by-name': 'name',
      'by-id': 'id',
      'by-trace-input': 'input',
      'by-metadata': 'metadata',
      'by-trace-metadata': 'metadata',
    });
  });

  test('only by what its observations say now', async () => {
    const project = await newProject();
    await project.store([
      { id: 'a', traceId: 'changed', input: 'needle' },
      { id: 'b', traceId: 'kept', input: 'needle' },
      { id: 'x', traceId: 'partly', input: 'needle' },
      { id: 'y', traceId: 'partly', input: 'needle' },
    ]);
    await project.store([
      { id: 'a', traceId: 'changed', input: 'hay' },
      { id: 'x', traceId: 'partly', input: 'hay' },
    ]);
    const found = await everyPage(project, { q: 'needle' });
    expect(found).toMatchObject([
      { id: 'partly', hit: { observationId: 'y' } },
      { id: 'kept', hit: { observationId: 'b' } },
    ]);
  });

  test('and counted by the histogram, which counts what the list holds', async () => {
    const project = await newProject();
    await project.store([
      { id: 'a', traceId: 'changed', input: 'needle' },
      { id: 'b', traceId: 'ada', userId: 'ada', output: 'needle' },
      { id: 'c', traceId: 'thread', at: 5, name: 'needle', output: 'thread' },
      { id: 'd', traceId: 'hay', input: 'hay' },
    ]);
    await project.store([{ id: 'a', traceId: 'changed', input: 'hay' }]);
    const count = async (q: string): Promise<number> =>
      (await project.get(`/x/histogram?${new URLSearchParams({ q }).toString()}`)).body.totals.traces;
    for (const q of ['needle', 'needle user:ada', 'needle thread', 'needle -thread', '-needle', 'nowhere']) {
      expect([q, await count(q)]).toEqual([q, (await ids(project, { q })).length]);
    }
    expect(await count('needle')).toBe(2);
  });

  test('in every order, with the place of the text', async () => {
    const project = await newProject();
    await project.store([
      { id: 'a', traceId: 'slow', lasts: 9, output: `${'x'.repeat(300)} needle` },
      { id: 'b', traceId: 'fast', at: 5, lasts: 1, output: 'needle' },
    ]);
    const found = await everyPage(project, { q: 'needle', sort: '-latency' });
    expect(found).toMatchObject([{ id: 'slow', hit: { field: 'output' } }, { id: 'fast' }]);
    expect(found[0]?.hit?.preview).toContain('needle');
    expect(await ids(project, { q: 'needle', sort: 'time' })).toEqual(['slow', 'fast']);
  });

  test('when it meets the other clauses and texts as well', async () => {
    const project = await newProject();
    await project.store([
      { id: 'a', traceId: 'ada', userId: 'ada', input: 'needle one' },
      { id: 'b', traceId: 'ada', at: 3 * HOUR, output: 'thread' },
      { id: 'c', traceId: 'bob', userId: 'bob', input: 'needle thread' },
      { id: 'd', traceId: 'eve', userId: 'ada', input: 'needle' },
    ]);
    expect(await ids(project, { q: 'needle user:ada' })).toEqual(['eve', 'ada']);
    expect(await ids(project, { q: 'needle thread' })).toEqual(['bob', 'ada']);
    expect(await ids(project, { q: 'needle -thread' })).toEqual(['eve']);
    expect(await ids(project, { q: 'needle -one user:ada' })).toEqual(['eve']);
  });
});

test('a search finds what a plain look at every field of every row finds, and shows the text', async () => {
  const project = await newProject();
  // Parts of words, of ids with hexadecimal digits alone and without, words of other scripts, and what SQL treats apart.
  const said = ['', 'abc', 'The Fox', 'ein Überblick', '支付失败了', 'a_b%c', "it's \\ here", 'ab12-cd', 'Ошибка'];
  const pick = (seed: number) => said[seed % said.length]!;
  const samples = Array.from({ length: 60 }, (_, i): Sample & { id: string; traceId: string } => ({
    id: i % 3 === 0 ? `c${'abcdef0123456789'.repeat(2).slice(i % 7, (i % 7) + 15)}${i}` : `row${i}Xyz`,
    traceId: i % 4 === 0 ? `trace-${i}Q` : `${'0af7651916cd43dd8448eb211c80319d'.slice(0, 29)}${100 + i}`,
    at: -(i % 10) * 9 * HOUR,
    name: pick(i),
    input: pick(i * 2 + 1),
    output: pick(i * 5 + 2),
    metadata: { note: pick(i * 7 + 3) },
    traceInput: pick(i * 3 + 4),
  }));
  await project.store(samples);
  const needles =
    "abc|ABC|bc|fox|the fox|überb|失败|败了|_b%|'s|ab12|AB12-|0af7|xyz|row1|trace-|Шиб|eb211c80319|nowhere|zz".split(
      '|',
    );
  for (const needle of needles) {
    const has = (text: string | undefined) => text?.toLowerCase().includes(needle.toLowerCase()) ?? false;
    const expected = samples.filter(({ id, traceId, name, input, output, metadata, traceInput }) =>
      [id, traceId, name, input, output, metadata?.['note'], traceInput].some(has),
    );
    const found = await everyPage(project, { q: JSON.stringify(needle), limit: '100' });
    expect({ needle, ids: found.map(({ id }) => id).toSorted() }).toEqual({
      needle,
      ids: expected.map(({ traceId }) => traceId).toSorted(),
    });
    expect(found.map(({ hit }) => hit?.preview).filter((preview) => !has(preview))).toEqual([]);
  }
}, 60_000);

test('a project never finds what another says', async () => {
  const [own, other] = [await newProject(), await newProject()];
  await other.store([{ id: 'a', traceId: 'theirs', at: -HOUR, input: 'needle' }]);
  await own.store([{ id: 'a', traceId: 'ours', input: 'needle' }]);
  expect(await ids(own, { q: 'needle', limit: '1' })).toEqual(['ours']);
  // A cursor of one's own making does not reach it either.
  const [row] = await harness.clickhouse.rows<{ hash: string }>(
    clickhouse`SELECT toString(cityHash64(${string('theirs')})) AS hash`,
  );
  const cursor = Buffer.from(JSON.stringify({ value: String(at(HOUR)), id: '', to: at(-2 * HOUR), late: [row!.hash] }));
  expect(await ids(own, { q: 'needle', cursor: cursor.toString('base64url') })).toEqual([]);
});

test.each([
  '{"value":"x","id":""}',
  '{"value":"1","id":"","to":1.5}',
  '{"value":"1","id":"","late":["1) OR (1"]}',
  '[]',
])('the cursor %s is refused', async (cursor) => {
  const project = await newProject();
  const { status } = await list(project, { q: 'needle', cursor: Buffer.from(cursor).toString('base64url') });
  expect(status).toBe(400);
});

describe('a search that answers range by range', () => {
  const tooLong: ClickHouse['rows'] = (statement, options) =>
    options?.timeoutMs === undefined
      ? harness.clickhouse.rows(statement, options)
      : Promise.reject(new ClickHouseError('Timeout exceeded', 159));
  const after30ms: ClickHouse['rows'] = async (statement, options) => {
    await new Promise((resolve) => setTimeout(resolve, 30));
    return harness.clickhouse.rows(statement, options);
  };
  test.each<[string, { budgetMs: number; rows?: ClickHouse['rows'] }]>([
    ['at the end of each range', { budgetMs: 0 }],
    ['as soon as it has found some', { budgetMs: 60_000, rows: after30ms }],
    ['when all that is settled takes too long', { budgetMs: 0, rows: tooLong }],
  ])(
    'finds every trace once, the newest first, and says how far it is: %s',
    async (when, { budgetMs, rows: ask }) => {
      const search = createSearch({ clickhouse: { ...harness.clickhouse, ...(ask && { rows: ask }) }, budgetMs });
      const row = fc.record({
        trace: fc.integer({ min: 0, max: 15 }),
        minutesAgo: fc.oneof(
          fc.integer({ min: 0, max: 120 }),
          fc.integer({ min: 0, max: 60 * 24 * 3 }),
          fc.integer({ min: 0, max: 60 * 24 * 60 }),
        ),
        has: fc.boolean(),
      });
      let run = 0;
      await fc.assert(
        fc.asyncProperty(
          fc.array(row, { minLength: 1, maxLength: 30 }),
          fc.integer({ min: 2, max: 6 }),
          async (rows, count) => {
            const project = await harness.project(`ranges-${when.length}-${(run += 1)}`);
            await project.store(
              rows.map(({ trace, minutesAgo, has }, i): Sample => ({
                id: `o${i}`,
                traceId: `t${trace}`,
                at: HOUR - minutesAgo * 60,
                input: has ? 'a needle' : 'hay',
              })),
            );
            const timestamps = new Map<string, number>();
            for (const { trace, minutesAgo } of rows) {
              timestamps.set(`t${trace}`, Math.max(timestamps.get(`t${trace}`) ?? 0, minutesAgo));
            }
            const expected = [...new Set(rows.filter(({ has }) => has).map(({ trace }) => `t${trace}`))].toSorted(
              (a, b) => timestamps.get(a)! - timestamps.get(b)! || (a < b ? 1 : -1),
            );
            const found: string[] = [];
            let after: SearchPosition | undefined;
            let searchedTo = Infinity;
            for (let calls = 0; calls < 200; calls += 1) {
              const result = await search(
                projectScope(project.id),
                {
                  range: { from: null, to: null },
                  query: { clauses: [], text: [{ value: 'needle', not: false }] },
                  text: 'needle',
                  count,
                  after,
                  now: at(HOUR),
                  fields: new Set(),
                },
                new AbortController().signal,
              );
              found.push(...result.positions.map(({ id }) => id));
              if (result.searchedTo !== null) {
                expect(result.searchedTo).toBeLessThan(searchedTo);
                searchedTo = result.searchedTo;
              }
              if (result.next === null) break;
              after = result.next;
            }
            expect(found).toEqual(expected);
          },
        ),
        { numRuns: 6 },
      );
    },
    60_000,
  );

  test('shows the first it has found before it looks at what is older', async () => {
    const project = await newProject();
    await project.store([
      { id: 'a', traceId: 'new', at: -2 * HOUR, input: 'needle' },
      { id: 'b', traceId: 'old', at: -80 * HOUR, input: 'needle' },
    ]);
    const search = createSearch({ clickhouse: { ...harness.clickhouse, rows: after30ms }, budgetMs: 60_000 });
    const query = { clauses: [], text: [{ value: 'needle', not: false }] };
    const range = { from: null, to: null };
    const request = { range, query, text: 'needle', count: 10, now: at(HOUR), fields: new Set<never>() };
    const { signal } = new AbortController();
    const first = await search(projectScope(project.id), { ...request, after: undefined }, signal);
    expect(first.positions.map(({ id }) => id)).toEqual(['new']);
    expect(first.searchedTo).toBeLessThan(at(-2 * HOUR));
    const second = await search(projectScope(project.id), { ...request, after: first.next! }, signal);
    expect(second.positions.map(({ id }) => id)).toEqual(['old']);
    expect(second.next).toBeNull();
  });

  test('is ended in the engine when its reader has gone', async () => {
    const endless = clickhouse`SELECT sum(cityHash64(number)) AS hash FROM numbers(100000000000)`;
    const slow: ClickHouse = {
      ...harness.clickhouse,
      rows: (_statement, options) => harness.clickhouse.rows(endless, options),
    };
    const search = createSearch({ clickhouse: slow, budgetMs: 0 });
    const reader = new AbortController();
    const text = 'needle';
    const query = { clauses: [], text: [{ value: text, not: false }] };
    const range = { from: at(0), to: null };
    const answer = search(
      projectScope('p'),
      { range, query, text, count: 1, after: undefined, now: at(HOUR), fields: new Set() },
      reader.signal,
    ).catch((error: unknown) => error);
    const underWay = async (): Promise<number> =>
      (await harness.clickhouse.rows(clickhouse`SELECT 1 FROM system.processes WHERE query LIKE '%100000000000)%'`))
        .length - 1; // itself
    await expect.poll(underWay, { timeout: 60_000 }).toBe(1);
    reader.abort();
    expect(await answer).toMatchObject({ code: 394 });
    await expect.poll(underWay, { timeout: 60_000 }).toBe(0);
  }, 60_000);
});

test('the text indexes alone tell that two words are nowhere, in rows of the day and in older ones', async () => {
  const project = await newProject();
  // In a month of its own, where no merge drops what is built.
  const end = -365 * 24 * HOUR;
  const rows = Array.from({ length: 500 }, (_, i): Sample => {
    const text = `words of the text, number ${i}`;
    return { id: `o${i}`, traceId: `t${i}`, at: end - i * 800, input: text, output: text, metadata: { note: text } };
  });
  await project.store(rows);
  const { signal } = new AbortController();
  await buildTextIndexes(harness.clickhouse, { signal, fewRows: 0, smallShare: 0 });

  const statements: string[] = [];
  const noted: ClickHouse['rows'] = (statement, options) => {
    statements.push(statement.text);
    return harness.clickhouse.rows(statement, options);
  };
  const search = createSearch({ clickhouse: { ...harness.clickhouse, rows: noted }, budgetMs: 60_000 });
  const value = 'the xylophonist';
  const query = { clauses: [], text: [{ value, not: false }] };
  const range = { from: at(end - 100 * HOUR), to: at(end + 1) };
  const request = {
    range,
    query,
    text: value,
    count: 10,
    now: at(end + 1),
    fields: new Set<never>(),
    after: undefined,
  };
  expect((await search(projectScope(project.id), request, signal)).positions).toEqual([]);

  // Those of the last hour, where names and ids are looked at as well, are too few to be worth it.
  const looks = statements.filter((look) => look.includes(`put ILIKE '%${value}%'`) && !look.includes('name ILIKE'));
  const ofBoth = looks.filter((look) => look.includes('(input ILIKE') && look.includes('(output ILIKE'));
  expect([ofBoth.length > 0, looks.length > ofBoth.length]).toEqual([true, true]);
  for (const look of looks) {
    const plan = await harness.clickhouse.rows<{ explain: string }>(
      ClickHouseSql.trusted(`EXPLAIN indexes = 1 ${look}`),
      { settings: textSearchSettings },
    );
    // What is left when all indexes have been looked into.
    const left = plan.flatMap(({ explain }) => /Granules: (\d+)\/\d+/.exec(explain)?.[1] ?? []).at(-1);
    expect(left, look).toBe('0');
  }
});

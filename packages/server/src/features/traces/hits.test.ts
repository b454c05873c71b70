import type { SearchAnswer, SearchHit } from '@tracehouse/contract/x-search';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { at, type Harness, openHarness, type Project } from '../harness.ts';

let harness: Harness;
beforeAll(async () => (harness = await openHarness()));
afterAll(() => harness.close());

let projects = 0;
const newProject = (): Promise<Project> => harness.project(`hits-${(projects += 1)}`);

async function ask(project: Project, query: Record<string, string>): Promise<SearchAnswer> {
  const { status, body, text } = await project.get(`/x/search?${new URLSearchParams(query).toString()}`);
  expect(status, text).toBe(200);
  return body;
}
/** All pages, one after the other: an answer may be what was found so far. */
async function everything(project: Project, query: Record<string, string>): Promise<SearchAnswer[]> {
  const pages = [await ask(project, query)];
  for (let cursor = pages[0]!.meta.cursor; cursor !== undefined; cursor = pages.at(-1)!.meta.cursor) {
    pages.push(await ask(project, { ...query, cursor }));
  }
  return pages;
}
const hitsOf = async (project: Project, query: Record<string, string>): Promise<SearchHit[]> =>
  (await everything(project, query)).flatMap(({ data }) => data);
const told = ({ traceId, observationId, about, field, key, places }: SearchHit): string =>
  [
    traceId,
    observationId ?? '-',
    about,
    key === null ? field : `${field}.${key}`,
    ...places.map(({ offset }) => offset),
  ].join(' ');

describe('a text is found', () => {
  test('in every field of every observation, with all its places', async () => {
    const project = await newProject();
    await project.store([
      {
        id: 'root',
        traceId: 't',
        name: 'a needle',
        input: 'needle, Needle and NEEDLE',
        metadata: { what: 'no needle', other: 'x' },
      },
      { id: 'needle-1', traceId: 't', parentId: 'root', at: 1, name: 'x', output: '{"a":"needle"}' },
      { id: 'said', traceId: 't', parentId: 'root', at: 2, traceName: 'The needle', traceMetadata: { k: 'needle' } },
      { id: 'again', traceId: 't', parentId: 'root', at: 3, traceName: 'The needle' },
      { id: 'hay', traceId: 't', parentId: 'root', at: 4, input: 'hay' },
    ]);
    for (const query of [{ text: 'needle' }, { text: 'needle', traceId: 't' }]) {
      expect((await hitsOf(project, query)).map(told)).toEqual([
        't root observation name 2',
        't root observation input 0 8 19',
        't root observation metadata.what 3',
        't needle-1 observation id 0',
        't needle-1 observation output 6',
        't said trace name 4',
        't said trace metadata.k 0',
      ]);
    }
    expect((await ask(project, { text: 'needle', traceId: 't' })).traces).toEqual([{ traceId: 't', rows: 4 }]);
  });

  test('in any script, by UTF-16 offsets, at the first and the last character', async () => {
    const project = await newProject();
    const texts = ['😀 مرحبا، أين طلبي؟', '退款政策', 'ÄRGER und ärger', '👩‍👩‍👧 ends with 😀', 'a.b*c (d) [e] \\ 100% _x'];
    await project.store(texts.map((input, i) => ({ id: `${i}`, traceId: `${i}`, at: -i, input })));
    const found = async (text: string) => {
      const hits = await hitsOf(project, { text });
      for (const { field, places } of hits) expect([text, field, places.length > 0]).toEqual([text, 'input', true]);
      return hits.map(({ traceId, places }) => [
        traceId,
        ...places.map(({ offset, length }) => texts[Number(traceId)]!.slice(offset, offset + length)),
      ]);
    };
    expect(await found('أين')).toEqual([['0', 'أين']]);
    expect(await found('😀')).toEqual([
      ['0', '😀'],
      ['3', '😀'],
    ]);
    expect(await found('款政')).toEqual([['1', '款政']]);
    expect(await found('ärger')).toEqual([['2', 'ÄRGER', 'ärger']]);
    expect(await found('.B*c (d) [e] \\ 100% _')).toEqual([['4', '.b*c (d) [e] \\ 100% _']]);
    expect(await found('axb')).toEqual([]);
  });

  test('with the text around it, which no pair of surrogates is cut by', async () => {
    const project = await newProject();
    const input = `${'😀'.repeat(50)}x needle ${'😀'.repeat(200)}`;
    await project.store([{ id: 'a', input }]);
    const [hit] = await hitsOf(project, { text: 'needle' });
    expect(hit!.places).toEqual([{ offset: 102, length: 6 }]);
    expect(hit!.preview).toBe(input.slice(hit!.previewOffset, hit!.previewOffset + hit!.preview.length));
    expect([hit!.preview.isWellFormed(), hit!.preview.includes('needle'), hit!.preview.length <= 201]).toEqual([
      true,
      true,
      true,
    ]);
  });

  test('only where it is said now', async () => {
    const project = await newProject();
    await project.store([
      { id: 'a', input: 'needle' },
      { id: 'b', input: 'needle', at: 1 },
    ]);
    await project.store([{ id: 'a', input: 'hay' }]);
    expect((await hitsOf(project, { text: 'needle' })).map(told)).toEqual(['t b observation input 0']);
    expect((await hitsOf(project, { text: 'needle', traceId: 't' })).map(told)).toEqual(['t b observation input 0']);
    expect(await ask(project, { text: 'nowhere', traceId: 't' })).toEqual({
      data: [],
      traces: [{ traceId: 't', rows: 0 }],
      meta: {},
    });
    expect(await ask(project, { text: 'needle', traceId: 'none' })).toMatchObject({ data: [], meta: {} });
  });

  test('by what was said about a trace alone', async () => {
    const project = await newProject();
    await project.store([{ id: 't', kind: 'trace', source: 'json', traceName: 'needle', traceInput: 'a needle' }]);
    expect((await hitsOf(project, { text: 'needle' })).map(told)).toEqual(['t - trace name 0', 't - trace input 2']);
  });
});

describe('pages', () => {
  test('go on where the last one stopped, in one trace as in all', async () => {
    const project = await newProject();
    const one = Array.from({ length: 230 }, (_, i) => ({ id: `o${i}`, traceId: 'many', at: i, input: `needle ${i}` }));
    await project.store([
      ...one,
      ...Array.from({ length: 5 }, (_, i) => ({ id: `x${i}`, traceId: `t${i}`, at: -100 * (i + 1), input: 'needle' })),
    ]);
    const pages = await everything(project, { text: 'needle', traceId: 'many' });
    expect(pages.map(({ data }) => data.length)).toEqual([100, 100, 30]);
    expect(pages.flatMap(({ data }) => data).map(({ observationId }) => observationId)).toEqual(
      one.map(({ id }) => id),
    );
    // Of several traces each shows its first hits, and says how many more there are.
    const all = await everything(project, { text: 'needle', limit: '2' });
    expect(all.flatMap(({ traces }) => traces)).toEqual([
      { traceId: 'many', rows: 230 },
      ...[0, 1, 2, 3, 4].map((i) => ({ traceId: `t${i}`, rows: 1 })),
    ]);
    const shown = all.flatMap(({ data }) => data).map(({ observationId }) => observationId);
    expect(shown).toEqual(['o0', 'o1', 'o2', 'o3', 'o4', 'x0', 'x1', 'x2', 'x3', 'x4']);
  });

  test('are of the selection', async () => {
    const project = await newProject();
    const iso = (seconds: number): string => new Date(at(seconds) / 1000).toISOString();
    await project.store([
      { id: 'a', traceId: 'a', input: 'needle', userId: 'ada' },
      { id: 'b', traceId: 'b', at: 10, input: 'needle', environment: 'langfuse-judge' },
      { id: 'c', traceId: 'c', at: 20, input: 'needle and thread' },
    ]);
    const traces = async (query: Record<string, string>) =>
      (await hitsOf(project, { text: 'needle', ...query })).map(({ traceId }) => traceId);
    expect(await traces({})).toEqual(['c', 'a']);
    expect(await traces({ environment: '*' })).toEqual(['c', 'b', 'a']);
    expect(await traces({ q: 'user:ada' })).toEqual(['a']);
    expect(await traces({ q: 'thread' })).toEqual(['c']);
    expect(await traces({ from: iso(0), to: iso(20) })).toEqual(['a']);
  });

  test.each([
    ['no text', ''],
    ['an empty text', 'text='],
    ['a cursor that is none', 'text=x&cursor=x'],
    ['the same in a trace', 'text=x&traceId=t&cursor=x'],
    [
      'a cursor of another order',
      `text=x&traceId=t&cursor=${Buffer.from('{"value":"name","id":""}').toString('base64url')}`,
    ],
    ['filter text with a problem', 'text=x&q=luck%3A1'],
  ])('are 400 for %s', async (_, query) => {
    const project = await newProject();
    expect((await project.get(`/x/search?${query}`)).status).toBe(400);
  });
});

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Harness, openHarness, type Project } from '../harness.ts';

let harness: Harness;
let project: Project;
const path = '/v2/prompts';

beforeAll(async () => {
  harness = await openHarness();
  project = await harness.project('hostile');
});
afterAll(() => harness.close());

const production = { labels: ['production'] };
const create = (name: string, prompt: unknown, more: object = {}, by = project) =>
  by.post(path, { name, type: typeof prompt === 'string' ? 'text' : 'chat', prompt, ...production, ...more });
const made = async (...given: Parameters<typeof create>) => {
  const { status, text } = await create(...given);
  expect(status, text.slice(0, 500)).toBe(201);
};
const include = (name: string, by = 'label=production'): string => `@@@langfusePrompt:name=${name}|${by}@@@`;
const fetched = (name: string, query = '', by = project) => by.get(`${path}/${encodeURIComponent(name)}${query}`);
const many = <Item>(length: number, item: (i: number) => Item): Item[] => Array.from({ length }, (_, i) => item(i));

describe('what would cost more than it weighs is refused', () => {
  // Each of these once took the square of its length, which is hours, or ended in an error of ours.
  test.each<[what: string, given: () => object]>([
    ['a name of megabytes', () => ({ name: '<'.repeat(5_000_000), prompt: 'x' })],
    ['a name of slashes', () => ({ name: '/'.repeat(5_000_000), prompt: 'x' })],
    ['a label of megabytes', () => ({ name: 'a', prompt: 'x', labels: [`${'a'.repeat(5_000_000)}!`] })],
    ['10,000 labels', () => ({ name: 'a', prompt: 'x', labels: many(10_000, (i) => `l${i}`) })],
    ['10,000 tags', () => ({ name: 'a', prompt: 'x', tags: many(10_000, (i) => `t${i}`) })],
    ['a tag of megabytes', () => ({ name: 'a', prompt: 'x', tags: ['t'.repeat(5_000_000)] })],
    ['a config of megabytes', () => ({ name: 'a', prompt: 'x', config: { a: 'x'.repeat(2_000_000) } })],
    ['an unknown type', () => ({ name: 'a', prompt: many(1000, () => ({ role: 1 })), type: 'chat' })],
  ])('%s', async (_, given) => {
    expect((await project.post(path, given())).status).toBe(400);
    expect((await project.get(`${path}/a`)).status).toBe(404);
  });

  test('a config of 50,000 levels', async () => {
    const deep = `{"name":"deep","prompt":"x","config":${'['.repeat(50_000)}${']'.repeat(50_000)}}`;
    expect((await project.send(path, deep)).status).toBe(400);
  });

  test('a folder of megabytes to copy', async () => {
    const body = { from: { folder: `${'/'.repeat(5_000_000)}x` }, to: 'b', versions: 'all' };
    expect((await project.post('/x/prompt-copies', body)).status).toBe(400);
  });
});

describe('names', () => {
  // oxfmt-ignore
  test.each(['__proto__', 'constructor', 'toString', 'ａ', 'а', '...', '.a/b..', '漢'.repeat(255), '%2F', '?a=b#c', ' ', '*', 'x/versions/1', '$&', "' OR 1 = 1 --"])(
    '%j is one like any other',
    async (name) => {
      await made(name, `text of ${name}`, { config: { [name]: name }, tags: [name.slice(0, 50)] });
      const { body } = await fetched(name);
      expect([body.name, body.prompt, body.version]).toEqual([name, `text of ${name}`, 1]);
      expect(Object.hasOwn(body.config, name)).toBe(true);
      await made(`includes ${name.slice(0, 200)}`, name.length > 200 ? 'x' : include(name));
      const { body: list } = await project.get(`${path}?name=${encodeURIComponent(name)}`);
      expect(list.data).toMatchObject([{ name, versions: [1] }]);
      const { body: whole } = await project.get(`/x/prompt?name=${encodeURIComponent(name)}`);
      expect(whole.dependents).toHaveLength(name.length > 200 ? 0 : 1);
    },
  );

  test.each(['', '/', 'a//b', '.', '..', 'a/../b', '../a', 'a/.', 'a|b', 'a\0b', 'a\ud800', 'a\nb', 'x'.repeat(256)])(
    '%j is none',
    async (name) => expect((await create(name, 'x')).status).toBe(400),
  );

  test.each(['a%00b', `${'n'.repeat(5_000)}`, 'a%0Ab', '%ED%A0%80'])('%s is asked for in vain', async (name) =>
    expect([400, 404]).toContain((await project.get(`${path}/${name}`)).status),
  );
});

describe('a fetch', () => {
  test.each([
    [200, `label=production@${'k'.repeat(100_000)}`],
    [200, `abKey=${'k'.repeat(100_000)}`],
    [200, 'label=production@%00%ED%A0%80'],
    [404, `label=${'l'.repeat(100_000)}`],
    [404, 'label=a%00b'],
    [404, 'version=2147483648'],
    [404, 'version=-1'],
    [400, 'version=1e300'],
    [400, 'version=1&label=production'],
  ])('answers %i to a query', async (status, query) => {
    await made('fetched', 'x');
    expect((await project.get(`${path}/fetched?${query}`)).status).toBe(status);
  });
});

describe('composition', () => {
  test('that would double ten times on each level is refused, when it is written and when it is read', async () => {
    await made('level 5', 'x'.repeat(100));
    for (const level of [4, 3, 2, 1]) await made(`level ${level}`, include(`level ${level + 1}`).repeat(10));
    await made('level 0', include('level 1'));
    expect((await fetched('level 0')).body.prompt).toHaveLength(1_000_000);
    // By a label that moves, what is written already becomes longer.
    await made('level 5', 'x'.repeat(2_000));
    const { status, body } = await fetched('level 0');
    expect([status, body.message]).toEqual([409, 'The text with all it includes exceeds 8000000 characters']);
    expect((await create('level -1', include('level 1'))).status).toBe(400);
    expect((await fetched('level 1', '?resolve=false')).status).toBe(200);
    const preview = await project.post('/x/prompt-preview', { name: 'p', prompt: include('level 1') });
    expect(preview.body).toMatchObject({ resolved: null, problem: body.message });
  });

  test('of texts that are long together is refused', async () => {
    await made('leaf', 'x'.repeat(1_900_000));
    for (const i of many(6, Number)) await made(`middle ${i}`, include('leaf').repeat(4));
    const all = many(6, (i) => include(`middle ${i}`)).join('');
    expect((await create('wide', all)).status).toBe(400);
    const { body } = await project.post('/x/prompt-preview', { name: 'p', prompt: all });
    expect(body.resolved).toBeNull();
    expect(JSON.stringify(body).length).toBeLessThan(10_000_000);
  });

  test.each([
    ['NUL', include('a\0b')],
    ['half a character', include('\ud800')],
    ['a name of megabytes', include('n'.repeat(100_000))],
    ['the largest number', include('fetched', 'version=999999999')],
    ['more names than there may be', many(1_001, (i) => include(`n${i}`)).join('')],
  ])('of %s is refused', async (_, text) => expect((await create('asks', text)).status).toBe(400));

  test('a text of half tags is no tag, in a time that grows as it does', async () => {
    for (const text of ['@@@langfusePrompt:', '@@@langfusePrompt:name=|', '{{ a', '{{{{', '@@@']) {
      await made('half', text.repeat(20_000));
      await made('half chat', [
        { role: 'user', content: text.repeat(20_000) },
        { type: 'placeholder', name: 'p' },
      ]);
    }
    expect((await fetched('half')).body.prompt).toBe('@@@'.repeat(20_000));
  });
});

describe('a search', () => {
  // The store takes the product of both lengths for these.
  test('takes no longer for texts that repeat themselves', async () => {
    await made('repeats', 'y'.repeat(500_000));
    for (const q of [`${'y'.repeat(499)}z`, `z${'y'.repeat(499)}`, '%'.repeat(500)]) {
      expect((await project.get(`/x/prompts?q=${encodeURIComponent(q)}`)).body.data).toEqual([]);
    }
    const { body } = await project.get(`/x/prompts?q=${'Y'.repeat(500)}`);
    expect(body.data).toMatchObject([{ name: 'repeats', hit: { version: 1, preview: 'y'.repeat(200) } }]);
  });

  test('finds small texts although large ones are more than it looks through', async () => {
    const own = await harness.project('large texts');
    for (const i of many(2, Number)) await made(`large ${i}`, 'z'.repeat(9_000_000), {}, own);
    await made('small', 'a needle', {}, own);
    const { body } = await own.get('/x/prompts?q=needle');
    expect(body).toMatchObject({ data: [{ name: 'small' }], meta: { isCut: true } });
  });
});

describe('at the same time', () => {
  test('20 versions of a new name have 20 numbers, and one is the newest', async () => {
    const answers = await Promise.all(many(20, (i) => create('race', `text ${i}`)));
    expect(answers.map(({ body }) => body.version).toSorted((a, b) => a - b)).toEqual(many(20, (i) => i + 1));
    const { body } = await fetched('race', '?label=latest');
    expect(body).toMatchObject({ version: 20, labels: ['production', 'latest'] });
  });

  test('labels that move and versions that go leave each label on a version that there is', async () => {
    await Promise.all(many(8, (i) => create('moves', `text ${i}`)));
    const answers = await Promise.all(
      many(24, (i) =>
        i % 3 === 0
          ? project.delete(`${path}/moves?version=${1 + (i % 4)}`)
          : project.patch(`${path}/moves/versions/${1 + (i % 8)}`, { newLabels: ['production', `own-${i % 4}`] }),
      ),
    );
    expect(answers.filter(({ status }) => status >= 500)).toEqual([]);
    const { body } = await project.get('/x/prompt?name=moves');
    const versions = body.versions.map(({ version }: { version: number }) => version);
    for (const { version } of body.labels) expect(versions).toContain(version);
    expect(body.labels).toContainEqual(expect.objectContaining({ label: 'latest', version: Math.max(...versions) }));
  });
});

describe('another project with the same names', () => {
  test('is reached by no tag, label, number, search, copy or deletion', async () => {
    const theirs = await harness.project('theirs');
    await made('shared/one', 'SECRET', { tags: ['SECRET'], config: { a: 'SECRET' } }, theirs);
    await made('shared/two', include('shared/one'), {}, theirs);
    await made('secret only', 'SECRET', {}, theirs);
    const own = await harness.project('ours');
    expect((await create('x', include('secret only'), {}, own)).status).toBe(400);
    await made('shared/one', 'ours', {}, own);
    await made('shared/three', include('shared/one'), {}, own);
    expect((await fetched('shared/three', '', own)).body.prompt).toBe('ours');
    const answers = await Promise.all([
      fetched('secret only', '', own),
      own.get('/x/prompts?q=SECRET'),
      own.get('/x/prompts'),
      own.get('/x/prompt?name=shared/one'),
      own.get('/x/prompt?name=secret%20only'),
      own.get(`${path}?tag=SECRET`),
      own.post('/x/prompt-preview', { name: 'p', prompt: include('secret only') + include('shared/one') }),
      own.post('/x/prompt-copies', { from: { folder: 'shared' }, to: 'copy', versions: 'all' }),
      own.request('PUT', '/x/protected-prompt-labels', { labels: ['staging'] }),
    ]);
    for (const { text } of answers) expect(text).not.toContain('SECRET');
    expect(answers[3].body.dependents).toMatchObject([{ name: 'shared/three' }]);
    expect(answers[7].body.names).toEqual(['copy/one', 'copy/three']);
    expect((await fetched('copy/three', '', own)).body.prompt).toBe('ours');
    // Theirs includes it, which is nothing to ours; its own does.
    expect((await own.delete(`${path}/shared/one`)).status).toBe(400);
    expect((await own.delete(`${path}/shared/three`)).status).toBe(204);
    expect((await fetched('shared/two', '', theirs)).body.prompt).toBe('SECRET');
    expect((await theirs.get('/x/protected-prompt-labels')).body.labels).toEqual([]);
  });
});

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sql } from '../../stores/postgres/sql.ts';
import { type Harness, openHarness, type Project } from '../harness.ts';

let harness: Harness;
let project: Project;

beforeAll(async () => {
  harness = await openHarness();
  project = await harness.project('screens');
});
afterAll(() => harness.close());

const made = async (name: string, prompt: unknown, more: object = {}, by = project) => {
  const type = typeof prompt === 'string' ? 'text' : 'chat';
  const { status, body } = await by.post('/x/prompts', { prompt: { name, type, prompt, ...more } });
  expect(status, JSON.stringify(body)).toBe(201);
  return body.version as number;
};
const include = (name: string, by = 'label=production'): string => `@@@langfusePrompt:name=${name}|${by}@@@`;
const production = { labels: ['production'] };
const put = (path: string, body: unknown, by = project) => by.request('PUT', path, body);
const whole = async (name: string, by = project) => (await by.get(`/x/prompt?name=${encodeURIComponent(name)}`)).body;

describe('the list', () => {
  test('tells of each name by its newest version, and where its labels point', async () => {
    const own = await harness.project('list');
    await made('b', 'one', { ...production, tags: ['t'] }, own);
    harness.wait(60);
    await made('b', 'two', {}, own);
    await made('a/c', [{ role: 'user', content: 'hi' }], {}, own);
    const { body } = await own.get('/x/prompts');
    const place = { isProtected: false, test: null };
    expect(body).toEqual({
      data: [
        {
          name: 'a/c',
          type: 'chat',
          versionCount: 1,
          latestVersion: 1,
          labels: [{ label: 'latest', version: 1, ...place }],
          tags: [],
          changedAt: harness.now().toISOString(),
          changedBy: 'API',
        },
        {
          name: 'b',
          type: 'text',
          versionCount: 2,
          latestVersion: 2,
          labels: [
            { label: 'latest', version: 2, ...place },
            { label: 'production', version: 1, ...place },
          ],
          tags: ['t'],
          changedAt: harness.now().toISOString(),
          changedBy: 'API',
        },
      ],
      meta: { isCut: false },
    });
  });

  test('finds names, tags, labels, and texts that are the newest or have a label', async () => {
    const own = await harness.project('found');
    await made('by-name needle', 'x', {}, own);
    await made('tagged', 'x', { tags: ['a needle'] }, own);
    await made('labelled', 'x', { labels: ['needle'] }, own);
    await made('old', 'a needle that nobody gets', {}, own);
    await made('old', 'x', {}, own);
    await made('texts', `${'before '.repeat(50)}the NEEDLE "100%"\n and after`, production, own);
    await made('texts', 'x', {}, own);
    await made(
      'chat',
      [
        { role: 'user', content: 'say needle' },
        { type: 'placeholder', name: 'history' },
      ],
      {},
      own,
    );
    const found = async (q: string) =>
      (await own.get(`/x/prompts?q=${encodeURIComponent(q)}`)).body.data.map((one: { name: string; hit?: object }) => [
        one.name,
        one.hit,
      ]);
    expect(await found('needle')).toEqual([
      ['by-name needle', undefined],
      ['chat', { version: 1, preview: 'say needle\nhistory' }],
      ['labelled', undefined],
      ['tagged', undefined],
      ['texts', { version: 1, preview: expect.stringMatching(/^.{0,60}NEEDLE "100%"\n and after$/s) }],
    ]);
    expect(await found('needle "100%"')).toHaveLength(1);
    // Neither what makes a pattern nor what stands around a text in JSON.
    for (const nothing of ['n_edle', 'ne%le', '\\', 'content', '"role"']) expect(await found(nothing)).toEqual([]);
  });
});

describe('one prompt', () => {
  test('is shown with its versions, labels and those that include it', async () => {
    await made('whole', 'one', { ...production, commitMessage: 'first' });
    await made('whole', 'two', { tags: ['t'] });
    await made('includes it', include('whole'));
    expect(await whole('whole')).toMatchObject({
      name: 'whole',
      type: 'text',
      tags: ['t'],
      labels: [
        { label: 'latest', version: 2 },
        { label: 'production', version: 1 },
      ],
      versions: [
        { version: 2, labels: ['latest'], commitMessage: null, createdBy: 'API' },
        { version: 1, labels: ['production'], commitMessage: 'first' },
      ],
      dependents: [{ name: 'includes it', version: 1, label: 'production', childVersion: null }],
    });
    expect((await project.get('/x/prompt?name=none')).status).toBe(404);
  });

  test('tells of a version what it includes, and of a text what it would', async () => {
    await made('part', 'the part', production);
    const text = `${include('part')} and ${include('part', 'version=1')}`;
    await made('of parts', text);
    const { body } = await project.get('/x/prompt-version?name=of%20parts&version=1');
    expect(body).toMatchObject({
      prompt: text,
      resolved: 'the part and the part',
      problem: null,
      included: [
        { tag: include('part'), name: 'part', label: 'production', version: 1, text: 'the part' },
        { tag: include('part', 'version=1'), name: 'part', label: null, version: 1, text: 'the part' },
      ],
    });
    const preview = await project.post('/x/prompt-preview', {
      name: 'part',
      prompt: [
        { role: 'user', content: `${include('none')} ${include('of parts', 'label=latest')} ${include('whole')}` },
      ],
    });
    expect(preview.body).toMatchObject({
      resolved: null,
      problem: 'Prompt dependency not found: none - label production',
      included: [
        { name: 'none', version: null, text: null },
        // It includes the prompt that is edited.
        { name: 'of parts', version: 1, text: null },
        { name: 'whole', version: 1, text: 'one' },
      ],
    });
    expect((await project.get('/x/prompt-version?name=part&version=9007199254740991')).status).toBe(404);
  });

  test('is saved only over the version that was seen', async () => {
    const save = (expectedLatest: number | null | undefined) =>
      project.post('/x/prompts', { prompt: { name: 'raced', prompt: 'x' }, expectedLatest });
    expect(await save(1)).toMatchObject({ status: 409 });
    expect(await save(null)).toMatchObject({ status: 201, body: { version: 1 } });
    expect(await save(null)).toMatchObject({
      status: 409,
      body: { error: 'LangfuseConflictError', code: 'newer-version', latestVersion: 1 },
    });
    const both = await Promise.all([save(1), save(1)]);
    expect(both.map(({ status }) => status).toSorted()).toEqual([201, 409]);
    expect(await save(undefined)).toMatchObject({ status: 201, body: { version: 3 } });
    await project.delete('/v2/prompts/raced?version=3');
    expect(await save(3)).toMatchObject({
      status: 409,
      body: { message: 'The newest version is 2 now', latestVersion: 2 },
    });
  });
});

describe('a label', () => {
  test('is pointed elsewhere, and taken away', async () => {
    await made('labels', 'one', production);
    await made('labels', 'two');
    const set = (label: string, version: number | null) => put('/x/prompt-labels', { name: 'labels', label, version });
    expect((await set('production', 2)).body.labels).toMatchObject([
      { label: 'production', version: 2 },
      { label: 'latest', version: 2 },
    ]);
    expect((await project.get('/v2/prompts/labels')).body.version).toBe(2);
    expect((await set('production', null)).body.labels).toMatchObject([{ label: 'latest' }]);
    expect((await project.get('/v2/prompts/labels')).status).toBe(404);
    expect((await set('production', null)).status).toBe(200);
    expect((await set('latest', 1)).status).toBe(400);
    expect((await set('production', 3)).status).toBe(404);
    expect((await put('/x/prompt-labels', { name: 'none', label: 'production', version: null })).status).toBe(404);
  });

  test('by which others include a prompt is not taken away, but moved', async () => {
    await made('included', 'one', production);
    await made('including', include('included'));
    const set = (version: number | null) => put('/x/prompt-labels', { name: 'included', label: 'production', version });
    const { status, body } = await set(null);
    expect({ status, message: body.message }).toEqual({
      status: 400,
      message: expect.stringContaining('including v1 depends on included production'),
    });
    await made('included', 'two');
    expect((await set(2)).status).toBe(200);
  });
});

test('tags are replaced for all versions', async () => {
  await made('tags', 'one', { tags: ['a'] });
  expect((await put('/x/prompt-tags', { name: 'tags', tags: ['b', 'b', 'c'] })).body).toEqual({ tags: ['b', 'c'] });
  expect((await project.get('/v2/prompts/tags?label=latest')).body.tags).toEqual(['b', 'c']);
  expect((await put('/x/prompt-tags', { name: 'none', tags: [] })).status).toBe(404);
});

test('as many tags may be set as a version may bring', async () => {
  const tags = ['', ...Array.from({ length: 99 }, (_, i) => `t${i}`)];
  await made('many tags', 'one', { tags });
  expect((await put('/x/prompt-tags', { name: 'many tags', tags: tags.slice(0, 98) })).status).toBe(200);
});

describe('a copy', () => {
  const copy = (from: object, to: string, versions: 'all' | 'newest', by: Project, more: object = {}) =>
    by.post('/x/prompt-copies', { from, to, versions, ...more });
  const read = async (name: string, by: Project, query = '') =>
    (await by.get(`/v2/prompts/${encodeURIComponent(name)}${query}`)).body;

  test('of a folder names what was copied with it, and has its versions and labels', async () => {
    const own = await harness.project('copies');
    await made('app/tone', 'old', {}, own);
    await made('app/tone', 'kind', { ...production, tags: ['t'] }, own);
    await made('shared', 'all', production, own);
    await made(
      'app/x/answer',
      `${include('app/tone')} ${include('app/tone', 'version=1')} ${include('shared')}`,
      production,
      own,
    );
    await made('apple', 'other', {}, own);
    expect((await copy({ folder: 'app/' }, 'fresh', 'all', own)).body).toEqual({
      names: ['fresh/tone', 'fresh/x/answer'],
    });
    expect(await read('fresh/x/answer', own, '?resolve=false')).toMatchObject({
      prompt: `${include('fresh/tone')} ${include('fresh/tone', 'version=1')} ${include('shared')}`,
      version: 1,
      labels: ['production', 'latest'],
    });
    expect(await read('fresh/tone', own)).toMatchObject({ version: 2, tags: ['t'] });
    await made('fresh/tone', 'rude', production, own);
    expect((await read('fresh/x/answer', own)).prompt).toBe('rude old all');
    expect((await read('app/x/answer', own)).prompt).toBe('kind old all');
    expect((await copy({ folder: 'app' }, 'as it is', 'all', own, { rewritesReferences: false })).status).toBe(201);
    expect((await read('as it is/x/answer', own, '?resolve=false')).prompt).toContain(include('app/tone'));
  });

  test('of the newest version is version 1, and what it cannot name in the copy it names as before', async () => {
    const own = await harness.project('newest');
    await made('a/part', 'one', production, own);
    await made('a/part', 'two', { labels: ['beta'] }, own);
    await made('a/text', `${include('a/part')} ${include('a/part', 'label=beta')}`, production, own);
    await copy({ folder: 'a' }, 'b', 'newest', own);
    expect(await read('b/part', own, '?label=latest')).toMatchObject({ version: 1, prompt: 'two' });
    expect((await read('b/text', own, '?resolve=false')).prompt).toBe(
      `${include('a/part')} ${include('b/part', 'label=beta')}`,
    );
    expect((await read('b/text', own)).prompt).toBe('one two');
  });

  test('replaces nothing', async () => {
    const own = await harness.project('replaces');
    await made('one', 'x', {}, own);
    await made('two', 'y', {}, own);
    expect(await copy({ name: 'one' }, 'two', 'all', own)).toMatchObject({
      status: 409,
      body: { message: "There is a prompt named 'two' already" },
    });
    expect((await copy({ name: 'none' }, 'three', 'all', own)).status).toBe(404);
    expect((await copy({ folder: 'none' }, 'three', 'all', own)).status).toBe(404);
    expect((await copy({ name: 'one' }, 'a/'.repeat(126) + 'three', 'all', own)).status).toBe(400);
    expect((await own.get('/v2/prompts')).body.meta.totalItems).toBe(2);
  });
});

describe('a protected label', () => {
  test('is not moved, given, copied or deleted by a key, on any route', async () => {
    const own = await harness.project('protected');
    await made('p', 'one', production, own);
    await made('p', 'two', {}, own);
    const setting = { labels: ['production', 'production'] };
    expect((await put('/x/protected-prompt-labels', setting, own)).body).toEqual({ labels: ['production'] });
    expect((await own.get('/x/protected-prompt-labels')).body).toEqual({ labels: ['production'] });
    expect((await put('/x/protected-prompt-labels', { labels: ['latest'] }, own)).status).toBe(400);
    expect((await whole('p', own)).labels).toContainEqual({
      label: 'production',
      version: 1,
      isProtected: true,
      test: null,
    });
    const before = (await own.get('/v2/prompts')).text;
    const body = { name: 'p', prompt: 'three', labels: ['production'] };
    const refused = await Promise.all([
      own.post('/v2/prompts', body),
      own.post('/prompts', { name: 'p', prompt: 'three', isActive: true }),
      own.post('/v2/prompts', { ...body, name: 'new name' }),
      own.patch('/v2/prompts/p/versions/2', { newLabels: ['production'] }),
      own.delete('/v2/prompts/p'),
      own.delete('/v2/prompts/p?version=1'),
      own.delete('/v2/prompts/p?label=production'),
      own.post('/x/prompts', { prompt: body }),
      put('/x/prompt-labels', { name: 'p', label: 'production', version: 2 }, own),
      put('/x/prompt-labels', { name: 'p', label: 'production', version: null }, own),
      own.post('/x/prompt-copies', { from: { name: 'p' }, to: 'copy', versions: 'all' }),
    ]);
    for (const { status, body: answer } of refused) {
      expect({ status, message: answer.message }).toEqual({
        status: 403,
        message: expect.stringMatching(/'production' is protected .* admins and owners/),
      });
    }
    expect((await own.get('/v2/prompts')).text).toBe(before);
    // What does not touch it is done as ever.
    expect((await own.patch('/v2/prompts/p/versions/1', { newLabels: ['production', 'eu'] })).status).toBe(200);
    expect((await own.delete('/v2/prompts/p?version=2')).status).toBe(204);
    expect((await own.post('/x/prompt-copies', { from: { name: 'p' }, to: 'copy', versions: 'newest' })).status).toBe(
      403,
    );
    await put('/x/protected-prompt-labels', { labels: [] }, own);
    expect((await own.delete('/v2/prompts/p')).status).toBe(204);
    const lines = await harness.postgres.rows(sql`
      SELECT before, after FROM audit_log
      WHERE project_id = 'protected' AND object_type = 'promptProtectedLabels' ORDER BY at, id`);
    expect(lines).toEqual([
      { before: { labels: [] }, after: { labels: ['production'] } },
      { before: { labels: ['production'] }, after: { labels: [] } },
    ]);
  });
});

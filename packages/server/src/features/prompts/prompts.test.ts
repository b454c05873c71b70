import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sql } from '../../stores/postgres/sql.ts';
import { type Harness, openHarness, type Project } from '../harness.ts';

let harness: Harness;
let project: Project;
const path = '/v2/prompts';

beforeAll(async () => {
  harness = await openHarness();
  project = await harness.project('prompts');
});
afterAll(() => harness.close());

const create = async (name: string, prompt: unknown, more: object = {}) => {
  const type = typeof prompt === 'string' ? 'text' : 'chat';
  return project.post(path, { name, type, prompt, ...more });
};
const made = async (name: string, prompt: unknown, more: object = {}) => {
  const { status, body } = await create(name, prompt, more);
  expect(status, JSON.stringify(body)).toBe(201);
  return body;
};
const read = async (name: string, query = '') =>
  (await project.get(`${path}/${encodeURIComponent(name)}${query}`)).body;
const include = (name: string, by = 'label=production'): string => `@@@langfusePrompt:name=${name}|${by}@@@`;
const production = { labels: ['production'] };

describe('a version', () => {
  test('is answered, and read by its number, its label and as the newest', async () => {
    const body = await made('greeting', 'Hello {{name}}', {
      ...production,
      tags: ['a'],
      config: { z: 1, a: [1.5, null] },
      commitMessage: 'first',
    });
    expect(body).toMatchObject({
      projectId: 'prompts',
      createdBy: 'API',
      version: 1,
      type: 'text',
      labels: ['production', 'latest'],
      tags: ['a'],
      config: { z: 1, a: [1.5, null] },
      commitMessage: 'first',
      isActive: null,
    });
    const whole = { ...body, isActive: true, resolutionGraph: null };
    expect(await read('greeting')).toEqual(whole);
    expect(await read('greeting', '?version=1')).toEqual(whole);
    expect(await read('greeting', '?label=latest')).toEqual(whole);
    expect((await project.get('/prompts?name=greeting')).body).toEqual(whole);
  });

  test('keeps its text, whatever is in it, and the order of its config', async () => {
    const text = 'NUL \0, half \ud800, $& $1, "quotes", \\ and 漢字 😀';
    await made('hostile', text, { config: { z: 1, a: 2, 10: 3 }, ...production });
    const { text: answer } = await project.get(`${path}/hostile`);
    expect(JSON.parse(answer).prompt).toBe(text);
    expect(answer).toContain('"config":{"10":3,"z":1,"a":2}');
  });

  test('is one of several that are created at once, each with its number', async () => {
    const all = await Promise.all(Array.from({ length: 5 }, (_, i) => made('at once', `text ${i}`, production)));
    expect(all.map(({ version }) => version).toSorted()).toEqual([1, 2, 3, 4, 5]);
    expect(await read('at once')).toMatchObject({ version: 5, labels: ['production', 'latest'] });
  });

  test('is in a folder, whose slashes may be escaped or not, in every method', async () => {
    await made('app/support/answer me', 'text', production);
    for (const name of ['app/support/answer%20me', 'app%2Fsupport%2Fanswer%20me', 'app/support%2Fanswer%20me']) {
      expect((await project.get(`${path}/${name}`)).body).toMatchObject({ name: 'app/support/answer me' });
      const labelled = await project.patch(`${path}/${name}/versions/1`, { newLabels: ['staging'] });
      expect(labelled.body).toMatchObject({ labels: ['staging', 'production', 'latest'] });
    }
    expect((await project.delete(`${path}/app/support/answer%20me`)).status).toBe(204);
    expect((await project.get(`${path}/app%2Fsupport%2Fanswer%20me`)).status).toBe(404);
  });

  test.each(['metrics', 'prompt-detail', 'a<b>c', 'x'.repeat(256), 'a\0b', 'a\nb'])(
    'cannot be named %j',
    async (name) => {
      expect(await create(name, 'text')).toMatchObject({ status: 400, body: { message: 'Invalid request data' } });
    },
  );

  test('that cannot be there is not found', async () => {
    for (const version of ['0', '-1', '2147483648', '9007199254740991']) {
      expect((await project.get(`${path}/greeting?version=${version}`)).status).toBe(404);
      expect((await project.delete(`${path}/greeting?version=${version}`)).status).toBe(404);
    }
    expect((await project.patch(`${path}/greeting/versions/99999999999`, { newLabels: [] })).status).toBe(404);
  });

  test('of chat needs other names for its placeholders than for its variables', async () => {
    const message = { role: 'user', content: '{{ history }} and {{question}}' };
    const refused = await create('ambiguous', [{ type: 'placeholder', name: 'history' }, message]);
    expect(refused).toMatchObject({ status: 400, body: { message: expect.stringContaining('history') } });
    expect((await create('ambiguous', [{ type: 'placeholder', name: 'before' }, message])).status).toBe(201);
  });
});

describe('a label', () => {
  test('points to one version: where it goes, it leaves', async () => {
    await made('moving', 'one', { labels: ['production', 'eu'] });
    await made('moving', 'two', { labels: ['eu'] });
    expect(await read('moving', '?version=1')).toMatchObject({ labels: ['production'], isActive: true });
    const { body } = await project.patch(`${path}/moving/versions/2`, { newLabels: ['production'] });
    expect(body.labels).toEqual(['production', 'eu', 'latest']);
    expect(await read('moving', '?version=1')).toMatchObject({ labels: [], isActive: false });
    expect(await read('moving')).toMatchObject({ version: 2, prompt: 'two' });
  });

  test('of the newest version goes to the one before when that is deleted', async () => {
    await made('shrinking', 'one');
    await made('shrinking', 'two', production);
    expect((await project.delete(`${path}/shrinking?label=production`)).status).toBe(204);
    expect(await read('shrinking', '?label=latest')).toMatchObject({ version: 1, labels: ['latest'] });
    expect((await project.get(`${path}/shrinking`)).status).toBe(404);
  });

  test('may carry the key of somebody behind an @, with or without a test', async () => {
    await made('keyed', 'text', production);
    for (const query of [
      '?label=production@user-1',
      '?label=production%40a%40b',
      '?label=production@',
      '?label=@user-1',
    ]) {
      expect((await project.get(`${path}/keyed${query}`)).body).toMatchObject({ version: 1 });
    }
    const { body } = await project.get(`${path}/keyed?label=none@user-1`);
    expect(body.message).toBe("Prompt not found: 'keyed' with label 'none'");
  });
});

test('tags belong to the name: a version that says some changes them for all, one that says none keeps them', async () => {
  await made('tagged', 'one', { tags: ['a', 'a', 'b'] });
  expect(await made('tagged', 'two')).toMatchObject({ tags: ['a', 'b'] });
  await made('tagged', 'three', { tags: [] });
  expect(await read('tagged', '?version=1')).toMatchObject({ tags: [] });
});

describe('a list', () => {
  test('tells of names by what their versions have', async () => {
    const own = await harness.project('listed');
    const add = (name: string, more: object) => own.post(path, { name, prompt: 'x', ...more });
    await add('b', { labels: ['production'], tags: ['t'], config: { n: 1 } });
    harness.wait(60);
    await add('b', { config: { n: 2 } });
    await add('a/c', {});
    const names = async (query: string) =>
      (await own.get(`${path}${query}`)).body.data.map((one: { name: string }) => one.name);
    expect(await names('')).toEqual(['a/c', 'b']);
    expect((await own.get(`${path}?version=1&label=production`)).body.data).toMatchObject([
      { name: 'b', versions: [1], labels: ['production'], lastConfig: { n: 1 } },
    ]);
    expect((await own.get(`${path}?name=b`)).body.data).toMatchObject([
      { name: 'b', versions: [1, 2], labels: ['latest', 'production'], lastConfig: { n: 2 } },
    ]);
    expect(await names('?tag=t')).toEqual(['b']);
    expect(await names('?version=9007199254740991')).toEqual([]);
    expect((await own.get(`${path}?limit=1&page=2`)).body).toMatchObject({
      data: [{ name: 'b' }],
      pagination: { page: 2, limit: 1, totalItems: 2, totalPages: 2 },
    });
  });
});

describe('a text that includes others', () => {
  test('has them in their place, as deep as five levels', async () => {
    for (const level of [5, 4, 3, 2, 1, 0]) {
      const inside = level === 5 ? 'end' : include(`level ${level + 1}`);
      await made(`level ${level}`, `${level} ${inside}`, production);
    }
    expect(await read('level 0')).toMatchObject({ prompt: '0 1 2 3 4 5 end' });
    expect(await create('level -1', include('level 0'))).toMatchObject({
      status: 400,
      body: { message: 'Maximum nesting depth exceeded (5)' },
    });
  });

  test('has what is in them as it is, in a chat too', async () => {
    await made('special', 'say "$&" \\ {{x}}\n', production);
    await made('around', [{ role: 'system', content: `<${include('special')}>` }], production);
    expect((await read('around')).prompt).toEqual([{ role: 'system', content: '<say "$&" \\ {{x}}\n>' }]);
    expect((await read('around', '?resolve=false')).prompt).toEqual([
      { role: 'system', content: `<${include('special')}>` },
    ]);
  });

  test('follows the label at once, and says 409 when it can be resolved no more', async () => {
    await made('part', 'one', production);
    await made('whole', include('part'), production);
    expect(await read('whole')).toMatchObject({ prompt: 'one' });
    await made('part', 'two', production);
    expect(await read('whole')).toMatchObject({ prompt: 'two' });
    await made('other', 'x', production);
    await made('part', include('other'), production);
    // Each may be saved, only both together cannot be resolved.
    await made('other', include('level 5'), production);
    expect(await read('whole')).toMatchObject({ prompt: '5 end' });
    await made('part', 'three', { labels: ['spare'] });
    await project.patch(`${path}/part/versions/1`, { newLabels: ['production'] });
    await made('other', include('whole'), {});
    await project.patch(`${path}/other/versions/3`, { newLabels: ['production'] });
    await project.patch(`${path}/part/versions/3`, { newLabels: ['production'] });
    const { status, body } = await project.get(`${path}/whole`);
    expect({ status, body }).toMatchObject({ status: 409, body: { error: 'LangfuseConflictError' } });
    expect(body.message).toMatch(/^Circular dependency detected involving prompt 'whole' version 1$/);
  });

  test('may not become longer than a server can hold', async () => {
    await made('grow 1', 'x'.repeat(1_000_000), production);
    const { status, body } = await create('grow 2', include('grow 1').concat(' ').repeat(20));
    expect(status).toBe(400);
    expect(body.message).toContain('characters');
  });

  test('keeps what it includes from being deleted', async () => {
    await made('needed', 'one', production);
    await made('needed', 'two');
    await made('needing', `${include('needed')} ${include('needed', 'version=2')}`);
    for (const [query, line] of [
      ['?version=1', 'needing v1 depends on needed production'],
      ['?label=latest', 'needing v1 depends on needed v2'],
    ]) {
      const { status, body } = await project.delete(`${path}/needed${query}`);
      expect({ status, message: body.message }).toEqual({ status: 400, message: expect.stringContaining(line!) });
    }
    await project.delete(`${path}/needing`);
    expect((await project.delete(`${path}/needed`)).status).toBe(204);
  });
});

describe('a cache', () => {
  test('is asked again with the tag of what it has', async () => {
    await made('cached', 'text', production);
    const first = await project.get(`${path}/cached`);
    expect(first.headers).toMatchObject({
      'cache-control': 'private, no-cache',
      etag: expect.stringMatching(/^"\S+"$/),
    });
    const tag = String(first.headers['etag']);
    for (const known of [tag, `W/${tag}`, `"x", ${tag}`]) {
      const second = await project.get(`${path}/cached`, { 'if-none-match': known });
      expect({ status: second.status, text: second.text }).toEqual({ status: 304, text: '' });
    }
    await made('cached', 'other', production);
    expect((await project.get(`${path}/cached`, { 'if-none-match': tag })).body).toMatchObject({ prompt: 'other' });
  });

  test('never shows what was before an acknowledged change', async () => {
    expect((await project.get(`${path}/flip`)).status).toBe(404);
    await made('flip', '1', production);
    for (let version = 2; version <= 20; version += 1) {
      await made('flip', String(version), production);
      const answers = await Promise.all(Array.from({ length: 3 }, () => read('flip')));
      expect(answers.map((answer) => answer.version)).toEqual([version, version, version]);
    }
    await project.delete(`${path}/flip`);
    expect((await project.get(`${path}/flip`)).status).toBe(404);
  });
});

test('every change is in the audit log with what was and what is', async () => {
  const own = await harness.project('audited');
  await own.post(path, { name: 'p', prompt: 'a', labels: ['production'] });
  await own.post(path, { name: 'p', prompt: 'b' });
  await own.patch(`${path}/p/versions/2`, { newLabels: ['production'] });
  await own.delete(`${path}/p?version=2`);
  await own.get(`${path}/p?label=latest@somebody&abKey=somebody`);
  const lines = await harness.postgres.rows(sql`
    SELECT action, object_type, object_id, before, after FROM audit_log WHERE project_id = 'audited' ORDER BY at, id`);
  expect(lines).toMatchObject([
    {
      action: 'create',
      object_type: 'prompt',
      object_id: 'p',
      after: { version: 1, labels: ['production', 'latest'] },
    },
    { action: 'create', before: { labels: { latest: 1 } }, after: { version: 2 } },
    { action: 'update', before: { labels: { production: 1 } }, after: { labels: { production: 2 } } },
    { action: 'delete', before: { version: 2, labels: ['production', 'latest'] }, after: null },
  ]);
  expect(JSON.stringify(lines)).not.toContain('somebody');
});

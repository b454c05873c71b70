import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sql } from '../../stores/postgres/sql.ts';
import { type Harness, openHarness, type Project } from '../harness.ts';

let harness: Harness;
beforeAll(async () => {
  harness = await openHarness();
});
afterAll(() => harness.close());

const path = '/x/ab-tests';
let made = 0;

/** A project with `support/answer` in so many versions, of which the first is in production. */
async function withPrompt(versions = 3): Promise<Project> {
  const project = await harness.project(`tested-${(made += 1)}`);
  for (let version = 1; version <= versions; version += 1) await save(project, version === 1 ? ['production'] : []);
  return project;
}

const save = (project: Project, labels: string[] = []) =>
  project.post('/v2/prompts', { name: 'support/answer', prompt: `Answer. ${(made += 1)}`, labels });

const arms = (...shares: number[]) => shares.map((share, i) => ({ version: i + 1, share }));
const plan = (more: object = {}) => ({ prompt: 'support/answer', label: 'production', arms: arms(70, 30), ...more });
const step = (project: Project, id: string, name: string, body?: object) => project.post(`${path}/${id}/${name}`, body);

async function started(project: Project, more: object = {}): Promise<string> {
  const { body } = await project.post(path, plan(more));
  expect(await step(project, body.id, 'start')).toMatchObject({ status: 200 });
  return body.id;
}

const fetchIn = (project: Project, query = '', headers: Record<string, string> = {}) =>
  project.get(`/v2/prompts/${encodeURIComponent('support/answer')}?${query}`, headers);
/** Versions that these users get. */
async function servedTo(project: Project, keys: readonly string[]): Promise<number[]> {
  const versions: number[] = [];
  for (const key of keys) versions.push((await fetchIn(project, `label=production%40${key}`)).body.version);
  return versions;
}
const users = Array.from({ length: 60 }, (_, i) => `user-${i}`);
const controlOnly = users.map(() => 1);

describe('a test', () => {
  test('is a draft that splits nothing, then runs, pauses, goes on and ends, and tells when', async () => {
    const project = await withPrompt();
    const created = await project.post(path, plan({ name: 'Shorter', hypothesis: 'It is cheaper.' }));
    expect(created).toMatchObject({
      status: 201,
      body: {
        state: 'draft',
        unit: 'user',
        keyAs: 'id',
        primary: 'cost',
        phases: [],
        includedIn: [],
        createdBy: 'API',
      },
    });
    const { id } = created.body;
    expect(await servedTo(project, users)).toEqual(controlOnly);
    const start = harness.now().toISOString();
    expect(await step(project, id, 'start')).toMatchObject({ body: { state: 'running', startedAt: start } });
    const split = await servedTo(project, users);
    expect(new Set(split)).toEqual(new Set([1, 2]));

    harness.wait(100);
    const pause = harness.now().toISOString();
    expect(await step(project, id, 'pause')).toMatchObject({ body: { state: 'paused' } });
    expect(await servedTo(project, users)).toEqual(controlOnly);
    harness.wait(100);
    const resume = harness.now().toISOString();
    expect(await step(project, id, 'resume')).toMatchObject({ body: { state: 'running' } });
    expect(await servedTo(project, users)).toEqual(split);

    harness.wait(100);
    const end = harness.now().toISOString();
    const stretches = [
      { from: start, to: pause },
      { from: resume, to: end },
    ];
    expect((await step(project, id, 'end')).body).toMatchObject({
      state: 'ended',
      endReason: 'by-hand',
      endedAt: end,
      shippedVersion: null,
      phases: [{ number: 1, shares: [70, 30], from: start, to: end, stretches }],
    });
    expect(await servedTo(project, users)).toEqual(controlOnly);
    for (const name of ['start', 'pause', 'resume', 'end'])
      expect(await step(project, id, name)).toMatchObject({ status: 409 });
  });

  test('starts and ends at its times by the clock alone', async () => {
    const project = await withPrompt();
    const later = (seconds: number) => new Date(harness.now().getTime() + seconds * 1000).toISOString();
    const [startAt, endAt] = [later(600), later(1200)];
    const id = await started(project, { startAt, endAt });
    const state = async () => (await project.get(`${path}/${id}`)).body;
    expect(await state()).toMatchObject({ state: 'scheduled', startedAt: null, phases: [] });
    expect(await servedTo(project, users)).toEqual(controlOnly);
    expect((await project.get(`${path}/${id}/result`)).body).toMatchObject({
      verdict: null,
      sentence: expect.stringMatching(/^Starts Nov \d+, \d\d:\d\d UTC\. Until then everybody gets v1\.$/),
    });
    harness.wait(600);
    expect(await state()).toMatchObject({ state: 'running', startedAt: startAt });
    expect(new Set(await servedTo(project, users))).toEqual(new Set([1, 2]));
    expect((await project.get(`${path}?state=running`)).body.data).toMatchObject([{ id }]);
    harness.wait(600);
    expect(await state()).toMatchObject({ state: 'ended', endedAt: endAt, endReason: 'end-time' });
    expect(await servedTo(project, users)).toEqual(controlOnly);
    // What the job writes down is the same.
    const read = await state();
    await harness.sweepAbTests();
    expect(await state()).toEqual(read);
    const log = await project.get(`/x/audit-log?objectId=${id}`);
    expect(log.body.data.map((line: { action: string }) => line.action)).toEqual(['end', 'start', 'create']);
  });

  test('a change of shares begins a phase, moves only what it must, and an arm that grows keeps its users', async () => {
    const project = await withPrompt();
    const id = await started(project);
    const before = await servedTo(project, users);
    harness.wait(60);
    const changed = await project.patch(`${path}/${id}`, { arms: arms(50, 50) });
    expect(changed.body).toMatchObject({
      arms: arms(50, 50),
      phases: [
        { number: 1, shares: [70, 30], to: harness.now().toISOString() },
        { number: 2, shares: [50, 50], from: harness.now().toISOString(), to: null },
      ],
    });
    const after = await servedTo(project, users);
    expect(after.filter((version, i) => before[i] === 2 && version !== 2)).toEqual([]);
    expect(after.filter((version) => version === 2).length).toBeGreaterThan(before.filter((v) => v === 2).length);
    // While it pauses, nothing runs under new shares yet.
    harness.wait(60);
    await step(project, id, 'pause');
    harness.wait(60);
    await project.patch(`${path}/${id}`, { arms: arms(70, 30) });
    harness.wait(60);
    const { body } = await step(project, id, 'resume');
    expect(body.phases).toMatchObject([{ number: 1 }, { number: 2 }, { number: 3, shares: [70, 30] }]);
    expect(body.phases[2].stretches).toEqual([{ from: harness.now().toISOString(), to: null }]);
    expect((await servedTo(project, users)).filter((version, i) => after[i] === 1 && version === 2)).toEqual([]);
  });

  test('ending it may move the label in the same step; moving the label ends it', async () => {
    const project = await withPrompt();
    const id = await started(project);
    expect(await step(project, id, 'end', { makeVersion: 3 })).toMatchObject({ status: 400 });
    expect((await step(project, id, 'end', { makeVersion: 2 })).body).toMatchObject({
      state: 'ended',
      endReason: 'by-hand',
      shippedVersion: 2,
    });
    expect(await servedTo(project, users)).toEqual(users.map(() => 2));
    const { body } = await project.post(
      path,
      plan({
        arms: [
          { version: 2, share: 50 },
          { version: 3, share: 50 },
        ],
      }),
    );
    await step(project, body.id, 'start');
    await project.request('PATCH', `/v2/prompts/${encodeURIComponent('support/answer')}/versions/1`, {
      newLabels: ['production'],
    });
    expect((await project.get(`${path}/${body.id}`)).body).toMatchObject({ state: 'ended', endReason: 'label-moved' });
    expect(await servedTo(project, users)).toEqual(controlOnly);
  });

  test('a deleted version ends it', async () => {
    const project = await withPrompt();
    const id = await started(project);
    await project.delete(`/v2/prompts/${encodeURIComponent('support/answer')}?version=2`);
    expect((await project.get(`${path}/${id}`)).body).toMatchObject({ state: 'ended', endReason: 'version-deleted' });
    expect(await servedTo(project, users)).toEqual(controlOnly);
  });

  test('a new version of the prompt leaves it as it is; one saved with the label ends it', async () => {
    const project = await withPrompt();
    const id = await started(project);
    await save(project);
    expect((await project.get(`${path}/${id}`)).body.state).toBe('running');
    await save(project, ['production']);
    expect((await project.get(`${path}/${id}`)).body).toMatchObject({ state: 'ended', endReason: 'label-moved' });
  });
});

describe('refused with a reason', () => {
  let project: Project;
  beforeAll(async () => {
    project = await withPrompt();
  });

  // oxfmt-ignore
  const bad: [string, object, number, RegExp][] = [
    ['the label latest', { label: 'latest' }, 400, /moves with every version/],
    ['a prompt that is not there', { prompt: 'nobody' }, 404, /no prompt named 'nobody'/],
    ['a version that is not there', { arms: [{ version: 1, share: 50 }, { version: 9, share: 50 }] }, 400, /no version 9/],
    ['a control that the label does not point at', { arms: [{ version: 2, share: 50 }, { version: 1, share: 50 }] }, 400, /is control.*version 1, not 2/],
    ['a label that points nowhere', { label: 'staging' }, 400, /No version of 'support\/answer' has the label 'staging'/],
    ['an arm twice', { arms: [{ version: 1, share: 50 }, { version: 1, share: 50 }] }, 400, /A\/A test save the text as a new version/],
    ['shares that do not add to 100', { arms: arms(70, 31) }, 400, /add to 101/],
    ['a share with three decimals', { arms: arms(33.333, 66.667) }, 400, /two decimals/],
    ['an end before the start', { startAt: '2030-01-02T00:00:00.000Z', endAt: '2030-01-01T00:00:00.000Z' }, 400, /later than startAt/],
    ['a measure of units without a key', { unit: 'none', primary: 'costPerUnit' }, 400, /without a key/],
  ];
  test.each(bad)('%s', async (_, more, status, message) => {
    const answer = await project.post(path, plan(more));
    expect(answer.status).toBe(status);
    expect(answer.body.message).toMatch(message);
  });

  test('one arm, or six', async () => {
    expect(await project.post(path, plan({ arms: arms(100) }))).toMatchObject({ status: 400 });
    expect(await project.post(path, plan({ arms: arms(20, 20, 20, 20, 10, 10) }))).toMatchObject({ status: 400 });
  });

  test('a second test of the label, and a version in two tests, by name', async () => {
    const first = await started(project, { name: 'Shorter' });
    const second = (await project.post(path, plan({ arms: arms(60, 40) }))).body.id;
    const refused = await step(project, second, 'start');
    expect(refused).toMatchObject({ status: 409, body: { message: expect.stringContaining(`'Shorter' (${first})`) } });
    await project.request('PATCH', `/v2/prompts/${encodeURIComponent('support/answer')}/versions/3`, {
      newLabels: ['staging'],
    });
    const shared = [
      { version: 3, share: 50 },
      { version: 2, share: 50 },
    ];
    const other = (await project.post(path, plan({ label: 'staging', arms: shared }))).body.id;
    const overlapping = await step(project, other, 'start');
    expect(overlapping.status).toBe(409);
    expect(overlapping.body.message).toMatch(/Version 2 is in the A\/B test 'Shorter'/);
    await step(project, first, 'end');
    expect(await step(project, other, 'start')).toMatchObject({ status: 200 });
  });

  test('a start once the label has moved away from control', async () => {
    const project = await withPrompt();
    const { body } = await project.post(path, plan());
    await project.request('PATCH', `/v2/prompts/${encodeURIComponent('support/answer')}/versions/3`, {
      newLabels: ['production'],
    });
    expect(await step(project, body.id, 'start')).toMatchObject({ status: 400 });
  });

  test('what is fixed by the start; what only says how the application keys may be corrected', async () => {
    const project = await withPrompt();
    const { body: draft } = await project.post(path, plan());
    const changed = { primary: 'latency', smallestEffect: 0.1, cacheSeconds: 0, environments: ['production'] };
    expect((await project.patch(`${path}/${draft.id}`, changed)).body).toMatchObject(changed);
    await step(project, draft.id, 'start');
    for (const fixed of [{ primary: 'cost' }, { smallestEffect: 0.2 }, { environments: null }, { cacheSeconds: 60 }])
      expect(await project.patch(`${path}/${draft.id}`, fixed)).toMatchObject({ status: 400 });
    const other = [
      { version: 1, share: 50 },
      { version: 3, share: 50 },
    ];
    expect(await project.patch(`${path}/${draft.id}`, { arms: other })).toMatchObject({ status: 400 });
    const keyed = { unit: 'session', keyAs: 'slot', name: 'Keys', hypothesis: null };
    expect((await project.patch(`${path}/${draft.id}`, keyed)).body).toMatchObject(keyed);
    expect(await project.delete(`${path}/${draft.id}`)).toMatchObject({ status: 409 });
    await step(project, draft.id, 'end');
    expect((await project.patch(`${path}/${draft.id}`, { unit: 'user' })).body).toMatchObject({ unit: 'user' });
    expect(await project.patch(`${path}/${draft.id}`, { arms: arms(50, 50) })).toMatchObject({ status: 409 });
    // What is sent again as it is changes nothing.
    expect(await project.patch(`${path}/${draft.id}`, { arms: arms(70, 30) })).toMatchObject({ status: 200 });
  });

  test('a protected label, to a key; back to control it may lead', async () => {
    const project = await withPrompt();
    const { body: draft } = await project.post(path, plan());
    const id = await started(project);
    await harness.postgres.rows(
      sql`INSERT INTO protected_prompt_labels (project_id, label) VALUES (${project.id}, 'production')`,
    );
    expect(await project.post(path, plan())).toMatchObject({ status: 403 });
    expect(await step(project, draft.id, 'start')).toMatchObject({ status: 403 });
    expect(await project.patch(`${path}/${id}`, { arms: arms(50, 50) })).toMatchObject({ status: 403 });
    expect(await project.patch(`${path}/${id}`, { name: 'Named', arms: arms(70, 30) })).toMatchObject({ status: 200 });
    expect(await step(project, id, 'pause')).toMatchObject({ status: 200 });
    expect(await step(project, id, 'resume')).toMatchObject({ status: 403 });
    expect(await step(project, id, 'end', { makeVersion: 2 })).toMatchObject({ status: 403 });
    expect(await step(project, id, 'end')).toMatchObject({ status: 200 });
  });
});

test('a fetch says which test chose, an arm and how; what names nobody is drawn; other labels and versions are in no test', async () => {
  const project = await withPrompt();
  const id = await started(project, { arms: arms(0, 100) });
  const keyed = await fetchIn(project, 'label=production%40user-1');
  expect(keyed.headers['x-tracehouse-ab-test']).toBe(`${id}; arm=2; by=key`);
  expect(keyed.headers['cache-control']).toBe('private, no-store');
  expect(keyed.body).toMatchObject({ version: 2, labels: expect.arrayContaining(['production']) });
  const of = async (query: string, headers?: Record<string, string>) =>
    (await fetchIn(project, query, headers)).headers['x-tracehouse-ab-test'];
  expect(await of('label=production%40slot%3A7')).toBe(`${id}; arm=2; by=slot`);
  expect(await of('label=production&abKey=user-1')).toBe(`${id}; arm=2; by=key`);
  expect(await of('', { 'x-tracehouse-ab-key': 'user-1' })).toBe(`${id}; arm=2; by=key`);
  expect(await of('label=production')).toBe(`${id}; arm=2; by=draw`);
  expect(await of('label=production%40undefined')).toBe(`${id}; arm=2; by=draw`);
  expect(await of('version=1')).toBeUndefined();
  expect(await of('label=latest%40user-1')).toBeUndefined();
  expect((await fetchIn(project, 'version=1')).body.version).toBe(1);
});

test('a key is the same in each of its places, byte for byte; what names nobody leaves the word to the next', async () => {
  const project = await withPrompt();
  await started(project, { arms: arms(50, 50) });
  for (const key of ['é', '東京', 'a:b', 'user@example.dev', ' ', '%']) {
    const encoded = encodeURIComponent(key);
    const header = { 'x-tracehouse-ab-key': Buffer.from(key).toString('latin1') };
    const answers = [
      await fetchIn(project, `label=production%40${encoded}`),
      await fetchIn(project, `label=production&abKey=${encoded}`),
      await fetchIn(project, `label=production%40undefined&abKey=None`, header),
    ];
    expect(new Set(answers.map(({ body, headers }) => `${body.version} ${headers['x-tracehouse-ab-test']}`)).size).toBe(
      1,
    );
  }
});

test('support sees which arm a key gets', async () => {
  const project = await withPrompt();
  const { id } = (await project.post(path, plan())).body;
  const assigned = async (key: string) => (await project.get(`${path}/${id}/assignment?key=${key}`)).body;
  const { bucket: ofSlot } = await assigned('slot:7');
  await step(project, id, 'start');
  expect(await assigned('slot:7')).toMatchObject({ bucket: ofSlot });
  // Templates write this for nobody, who is drawn.
  expect(await project.get(`${path}/${id}/assignment?key=None`)).toMatchObject({ status: 400 });
  for (const key of users.slice(0, 10)) {
    const { bucket, arm, version } = await assigned(key);
    expect(version).toBe(arm + 1);
    expect(arm).toBe(bucket < 7000 ? 0 : 1);
    expect(await servedTo(project, [key])).toEqual([version]);
  }
  await step(project, id, 'pause');
  expect(await assigned('user-1')).toMatchObject({ arm: 0, version: 1 });
});

test('tests are listed newest first, by prompt, label and state, page by page', async () => {
  const project = await withPrompt();
  const ids: string[] = [];
  for (let i = 0; i < 3; i += 1) {
    harness.wait(1);
    ids.unshift((await project.post(path, plan({ name: `${i}` }))).body.id);
  }
  await step(project, ids[1]!, 'start');
  const listed = async (query: string) =>
    (await project.everyPage(`${path}?${query}`)).map((row) => ids.indexOf(row.id));
  expect(await listed('limit=2')).toEqual([0, 1, 2]);
  expect(await listed('state=draft')).toEqual([0, 2]);
  expect(await listed('state=running,ended')).toEqual([1]);
  expect(await listed('prompt=other')).toEqual([]);
  expect(await listed('label=production&prompt=support%2Fanswer')).toEqual([0, 1, 2]);
  expect(await project.get(`${path}?state=asleep`)).toMatchObject({ status: 400 });
  expect(await project.get(`${path}?cursor=nonsense`)).toMatchObject({ status: 400 });
});

test('prompts that include the label are told of, and get control', async () => {
  const project = await withPrompt();
  await project.post('/v2/prompts', {
    name: 'outer',
    prompt: 'Be kind. @@@langfusePrompt:name=support/answer|label=production@@@',
    labels: ['production'],
  });
  const { body } = await project.post(path, plan({ arms: arms(0, 100) }));
  expect(body.includedIn).toEqual([{ name: 'outer', version: 1 }]);
  const outer = async () => (await project.get('/v2/prompts/outer?label=production%40user-1')).body.prompt;
  const before = await outer();
  await step(project, body.id, 'start');
  expect(await outer()).toBe(before);
});

test('a test of another project is not there', async () => {
  const [project, other] = [await withPrompt(), await withPrompt()];
  const id = await started(project);
  for (const answer of [
    await other.get(`${path}/${id}`),
    await other.get(`${path}/${id}/result`),
    await other.get(`${path}/${id}/snapshots`),
    await other.get(`${path}/${id}/assignment?key=a`),
    await other.patch(`${path}/${id}`, { name: 'mine' }),
    await other.delete(`${path}/${id}`),
    await step(other, id, 'end'),
  ])
    expect(answer.status).toBe(404);
  expect((await other.get(path)).body.data).toEqual([]);
  expect((await project.get(`${path}/${id}`)).body).toMatchObject({ state: 'running', name: null });
});

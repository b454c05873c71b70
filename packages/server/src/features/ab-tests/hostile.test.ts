import type { AbResult } from '@tracehouse/contract/x-ab-tests';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sql } from '../../stores/postgres/sql.ts';
import { at as micros, type Harness, openHarness, type Project, type Sample } from '../harness.ts';

let harness: Harness;
beforeAll(async () => {
  harness = await openHarness();
});
afterAll(() => harness.close());

const path = '/x/ab-tests';
const PROMPT = `it's "a" \\' OR 1 = 1 -- %_/{x:String}`;
const arms = (...shares: number[]) => shares.map((share, i) => ({ version: i + 1, share }));
const plan = (more: object = {}) => ({ prompt: PROMPT, label: 'production', arms: arms(50, 50), ...more });
const hostile = [
  "'",
  "\\'",
  '\\',
  '"',
  '`',
  '%',
  '_',
  ';--',
  '/*',
  '{x:String}',
  '\n',
  '\t',
  '😀',
  "' OR 1=1 --",
  'null',
  ' ',
  'slot:1',
];

async function withVersions(id: string, versions = 2): Promise<Project> {
  const project = await harness.project(id);
  for (let version = 1; version <= versions; version += 1)
    await project.post('/v2/prompts', {
      name: PROMPT,
      prompt: `${id} ${version}`,
      labels: version === 1 ? ['production'] : [],
    });
  return project;
}
async function started(project: Project, more: object = {}): Promise<string> {
  const { status, body } = await project.post(path, plan(more));
  expect([status, body.message]).toEqual([201, undefined]);
  expect((await project.post(`${path}/${body.id}/start`, undefined)).status).toBe(200);
  return body.id;
}
const secondsNow = (): number => (harness.now().getTime() * 1000 - micros(0)) / 1_000_000;

test('a result counts what is hostile as any other text, and nothing of a project with the same names and ids', async () => {
  const [ours, theirs] = [await withVersions('ours'), await withVersions('theirs')];
  const primary = `score:${hostile[0]}`;
  const more = { primary, environments: ["prod'uction"], hypothesis: `\0 ${PROMPT}`, name: PROMPT, cacheSeconds: 0 };
  const [id] = [await started(ours, more), await started(theirs, more)];
  const began = secondsNow();
  const call = (user: string, i: number): Sample => ({
    id: `call-${i}`,
    traceId: `trace ${user} ${i}`,
    type: 'GENERATION',
    promptName: PROMPT,
    promptVersion: 1 + (i % 2),
    userId: user,
    environment: "prod'uction",
    at: began + 60,
    totalCost: '0.01',
  });
  const rows = hostile.map(call);
  const scores = rows.flatMap(({ traceId }, i) => [
    { id: `a${i}`, traceId: traceId!, name: hostile[0]!, value: i % 2 === 0 ? 1e308 : -1e308 },
    {
      id: `b${i}`,
      traceId: traceId!,
      name: hostile[i % 5]!,
      dataType: 'CATEGORICAL' as const,
      stringValue: hostile[(i * 3) % hostile.length]!,
    },
  ]);
  await ours.store(rows, scores);
  await theirs.store(
    [...rows, ...rows.map((row, i) => ({ ...row, id: `more-${i}`, traceId: `more ${i}`, userId: `SECRET ${i}` }))],
    scores,
  );
  harness.wait(3600);
  for (const query of ['', `?scoreSource=API&environment=${encodeURIComponent("prod'uction,' OR 1=1 --,\\")}`]) {
    const { status, body, text } = await ours.get(`${path}/${id}/result${query}`);
    expect([status, text]).toEqual([200, expect.not.stringContaining('SECRET')]);
    const { arms: counted } = body as AbResult;
    // Templates write `null` for nobody, and each of the others is a user.
    expect(counted.reduce((sum, arm) => sum + arm.units, 0)).toBe(hostile.length - 1);
  }
  const { body: none } = await ours.get(`${path}/${id}/result?environment=${encodeURIComponent("' OR '1'='1")}`);
  expect(none.arms.map(({ units }: { units: number }) => units)).toEqual([0, 0]);
});

test('nothing of a test is reached from another project', async () => {
  const [ours, theirs] = [await withVersions('near'), await withVersions('far')];
  const id = await started(theirs);
  const asked = await Promise.all([
    ours.get(`${path}/${id}`),
    ours.get(`${path}/${id}/result`),
    ours.get(`${path}/${id}/snapshots`),
    ours.get(`${path}/${id}/assignment?key=u`),
    ours.patch(`${path}/${id}`, { arms: arms(10, 90) }),
    ours.post(`${path}/${id}/pause`, undefined),
    ours.post(`${path}/${id}/end`, { makeVersion: 2 }),
    ours.delete(`${path}/${id}`),
  ]);
  expect(asked.map(({ status }) => status)).toEqual(asked.map(() => 404));
  expect((await ours.get(path)).body.data).toEqual([]);
  // The same name and label split there alone.
  const served = await ours.get(`/v2/prompts/${encodeURIComponent(PROMPT)}?abKey=u`);
  expect([served.body.version, served.headers['x-tracehouse-ab-test']]).toEqual([1, undefined]);
  expect((await theirs.get(`${path}/${id}`)).body).toMatchObject({ state: 'running', arms: arms(50, 50) });
});

describe('bounds', () => {
  test.each([
    ['a share of a third', { arms: arms(100 / 3, 100 - 100 / 3) }],
    ['shares below 0', { arms: arms(-1, 101) }],
    ['six arms', { arms: arms(20, 20, 20, 20, 10, 10) }],
    ['a measure there is not', { primary: 'score:' }],
    ['a measure of 600 characters', { primary: `score:${'x'.repeat(600)}` }],
    ['no effect', { smallestEffect: 0 }],
    ['a label that moves by itself', { label: 'latest' }],
    ['a name of megabytes', { prompt: 'p'.repeat(3_000_000) }],
    [
      'a version of 33 bits',
      {
        arms: [
          { version: 1, share: 50 },
          { version: 2 ** 33, share: 50 },
        ],
      },
    ],
  ])('%s is refused', async (_, more) => {
    const project = await withVersions(`bounds ${JSON.stringify(more).slice(0, 100)}`);
    expect([400, 404]).toContain((await project.post(path, plan(more))).status);
  });

  test('shares can be changed often, not without end, and the split stays short', async () => {
    const project = await withVersions('changes', 5);
    const id = await started(project, { arms: arms(20, 20, 20, 20, 20) });
    const shares = (i: number) =>
      arms(...[0, 1, 2, 3].map((arm) => 10 + ((i * (arm + 7)) % 11)), 0).map(({ version, share }, arm, all) => ({
        version,
        share: arm === 4 ? 100 - all.reduce((sum, one) => sum + one.share, 0) : share,
      }));
    for (let i = 1; i <= 30; i += 1) {
      harness.wait(1);
      expect((await project.patch(`${path}/${id}`, { arms: shares(i) })).status).toBe(200);
    }
    const [row] = await harness.postgres.rows<{ most: number }>(
      sql`SELECT max(json_array_length(segments::json))::int AS most FROM ab_test_phases WHERE test_id = ${id}`,
    );
    expect(row!.most).toBeLessThan(100);
    await harness.postgres.rows(sql`UPDATE ab_test_phases SET stretch = 500 WHERE test_id = ${id} AND stretch = 31`);
    const refused = await project.patch(`${path}/${id}`, { arms: shares(31) });
    expect(refused).toMatchObject({
      status: 409,
      body: { message: expect.stringContaining('end it and start another') },
    });
    expect((await project.post(`${path}/${id}/pause`, undefined)).status).toBe(200);
    expect((await project.post(`${path}/${id}/resume`, undefined)).status).toBe(409);
    expect((await project.post(`${path}/${id}/end`, { makeVersion: 2 })).status).toBe(200);
  });

  test('of tests of one label that start at once, one does', async () => {
    const project = await withVersions('at once');
    const drafts = await Promise.all(
      [0, 1, 2, 3].map(async () => (await project.post(path, plan())).body.id as string),
    );
    const statuses = (await Promise.all(drafts.map((id) => project.post(`${path}/${id}/start`, undefined)))).map(
      ({ status }) => status,
    );
    expect(statuses.toSorted()).toEqual([200, 409, 409, 409]);
    const running = drafts[statuses.indexOf(200)]!;
    // Its label moves while it is changed, paused and ended: it has ended, and the label is where one of them left it.
    const all = await Promise.all([
      project.patch(`/v2/prompts/${encodeURIComponent(PROMPT)}/versions/2`, { newLabels: ['production'] }),
      project.patch(`${path}/${running}`, { arms: arms(30, 70) }),
      project.post(`${path}/${running}/pause`, undefined),
      project.post(`${path}/${running}/end`, { makeVersion: 2 }),
      project.delete(`/v2/prompts/${encodeURIComponent(PROMPT)}?version=1`),
    ]);
    expect(all.filter(({ status }) => status >= 500)).toEqual([]);
    expect((await project.get(`${path}/${running}`)).body.state).toBe('ended');
    expect((await project.get(`/v2/prompts/${encodeURIComponent(PROMPT)}?abKey=u`)).body.version).toBe(2);
  });
});

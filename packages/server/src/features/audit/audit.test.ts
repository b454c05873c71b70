import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Actor, recordAudit, systemActor } from '../../identity/audit/audit.ts';
import { sql } from '../../stores/postgres/sql.ts';
import { AUDIT_RETENTION_DAYS, type Harness, openHarness, type Project } from '../harness.ts';

let harness: Harness;
let project: Project;
let other: Project;

beforeAll(async () => {
  harness = await openHarness();
  project = await harness.project('project');
  other = await harness.project('other');
});
afterAll(() => harness.close());

const model = { modelName: 'audited', matchPattern: '^audited$', unit: 'TOKENS', inputPrice: 1 };
const person = (id: string): Actor => ({
  ...systemActor(`${id}@acme.dev`),
  kind: 'person',
  id,
  sessionId: 's',
  ip: '::1',
});
/** A day of its own for each test, so that none sees the lines of another. */
const day = (n: number): string => `2026-01-${String(n).padStart(2, '0')}`;
const ofDay = (n: number): string => `from=${day(n)}T00:00:00.000Z&to=${day(n + 1)}T00:00:00.000Z`;
const record = (n: number, entry: Partial<Parameters<typeof recordAudit>[3]>, actor = person('ada'), second = 0) =>
  recordAudit(harness.postgres, actor, new Date(Date.parse(day(n)) + second * 1000), {
    place: { projectId: project.id },
    action: 'update',
    objectType: 'thing',
    objectId: 'x',
    ...entry,
  });

test('who changes a model, what it was and what it is can be read', async () => {
  const { id } = (await project.post('/models', model)).body;
  await project.request('PUT', `/x/models/${id}`, { ...model, inputPrice: 2 });
  await project.delete(`/models/${id}`);
  const { body } = await project.get(`/x/audit-log?objectId=${id}`);
  const about = { objectType: 'model', objectId: id, objectName: 'audited', refusedFor: null };
  const actor = { kind: 'projectKey', name: 'pk-lf-harness', sessionId: null };
  expect(body).toMatchObject({
    data: [
      { action: 'delete', ...about, actor },
      { action: 'update', ...about, actor },
      { action: 'create', ...about, actor, project: { id: 'project', name: 'project' } },
    ],
    meta: {},
  });
  expect(JSON.stringify(body)).not.toContain('inputPrice');
  const lines = await Promise.all(
    body.data.map(async (line: { id: string }) => (await project.get(`/x/audit-log/${line.id}`)).body),
  );
  expect(lines).toMatchObject([
    { before: { inputPrice: 2 }, after: null },
    { before: { inputPrice: 1 }, after: { inputPrice: 2 } },
    { before: null, after: { inputPrice: 1, modelName: 'audited' } },
  ]);
});

test('a change that fails leaves no line', async () => {
  await project.post('/models', { ...model, modelName: 'taken' });
  expect((await project.post('/models', { ...model, modelName: 'taken' })).status).toBe(400);
  expect((await project.get('/x/audit-log?q=taken')).body.data).toHaveLength(1);
});

test('what carries data in writes none', async () => {
  await project.post('/scores', { id: 'quiet', traceId: 'quiet', name: 'quiet', value: 1 });
  await project.post('/traces', { id: 'quiet' });
  expect((await project.get('/x/audit-log?q=quiet')).body.data).toEqual([]);
  await project.delete('/scores/quiet');
  await project.delete('/traces', { traceIds: ['quiet', 'quieter'] });
  const { data } = (await project.get('/x/audit-log?q=quiet')).body;
  expect(
    data.map((line: { objectType: string; objectId: string }) => `${line.objectType} ${line.objectId}`).toSorted(),
  ).toEqual(['score quiet', 'trace quiet', 'trace quieter']);
  const line = data.find(({ objectType }: { objectType: string }) => objectType === 'score');
  expect((await project.get(`/x/audit-log/${line.id}`)).body.before).toMatchObject({ name: 'quiet', value: 1 });
});

test('text that no column of JSON takes is kept as near as can be', async () => {
  await record(1, { objectId: 'a\0b', before: { 'k\0': 'v\0\ud800', list: [{ 'in\0': 1 }] } });
  const [line] = (await project.get(`/x/audit-log?${ofDay(1)}`)).body.data;
  expect(line.objectId).toBe('a\uFFFDb');
  expect((await project.get(`/x/audit-log/${line.id}`)).body.before).toEqual({
    'k\uFFFD': 'v\uFFFD\uFFFD',
    list: [{ 'in\uFFFD': 1 }],
  });
});

test('of what is very large the size alone is kept', async () => {
  await record(2, { after: { text: 'x'.repeat(200_000) } });
  const [line] = (await project.get(`/x/audit-log?${ofDay(2)}`)).body.data;
  expect((await project.get(`/x/audit-log/${line.id}`)).body.after).toEqual({ tooLargeToKeep: '200011 characters' });
});

describe('the list', () => {
  beforeAll(async () => {
    await record(5, { objectId: 'one' });
    await record(5, { objectId: 'two', action: 'delete', before: { name: 'Größe 100%' } }, person('bob'), 1);
    await record(
      5,
      { objectId: 'three', objectType: 'other', refusedFor: 'You need the role ADMIN' },
      person('bob'),
      2,
    );
    await record(5, { objectId: 'four' }, systemActor('role-sync'), 2);
  });
  const ids = async (query: string): Promise<string[]> =>
    (await project.get(`/x/audit-log?${ofDay(5)}&${query}`)).body.data
      .map(({ objectId }: { objectId: string }) => objectId)
      .toSorted();

  test.each([
    ['', ['four', 'one', 'three', 'two']],
    ['actor=bob', ['three', 'two']],
    ['actor=ADA%40', ['one']],
    ['actor=role', ['four']],
    ['action=delete', ['two']],
    ['objectType=other', ['three']],
    ['objectId=one', ['one']],
    ['refused=true', ['three']],
    ['refused=false', ['four', 'one', 'two']],
    ['q=gr%C3%96%C3%9Fe', ['two']],
    ['q=100%25', ['two']],
    ['q=%25', ['two']],
    ['q=role+admin', ['three']],
    [`to=${day(5)}T00:00:01.000Z`, ['one']],
  ])('%s', async (query, expected) => {
    const all = query.startsWith('to=') ? `/x/audit-log?from=${day(5)}T00:00:00.000Z&${query}` : null;
    if (all === null) expect(await ids(query)).toEqual(expected);
    else expect((await project.get(all)).body.data).toMatchObject(expected.map((objectId) => ({ objectId })));
  });

  test('goes on where a page ended, also between lines of the same moment', async () => {
    const seen: string[] = [];
    let cursor = '';
    do {
      const page = (await project.get(`/x/audit-log?${ofDay(5)}&limit=1${cursor}`)).body;
      seen.push(...page.data.map(({ objectId }: { objectId: string }) => objectId));
      cursor = page.meta.cursor === undefined ? '' : `&cursor=${page.meta.cursor}`;
    } while (cursor !== '');
    expect(seen).toEqual(['four', 'three', 'two', 'one']);
  });

  test('of what occurs nowhere is answered before all of a long log is looked through, and goes on where that ended', async () => {
    await harness.postgres.script(`
      INSERT INTO audit_log (id, at, project_id, actor_kind, action, object_type)
      SELECT 'many-' || n, '${day(20)}T01:00:00Z'::timestamptz + n * interval '1 second', 'project', 'system', 'update', 'many'
      FROM generate_series(1, 21000) n`);
    await record(20, { objectId: 'the first of that day', objectType: 'one' });
    const first = (await project.get(`/x/audit-log?${ofDay(20)}&objectType=one`)).body;
    expect(first.data).toEqual([]);
    const second = (await project.get(`/x/audit-log?${ofDay(20)}&objectType=one&cursor=${first.meta.cursor}`)).body;
    expect(second).toMatchObject({ data: [{ objectId: 'the first of that day' }], meta: {} });
    const { text } = await project.get(`/x/audit-log/export?format=ndjson&${ofDay(20)}&objectType=one`);
    expect(JSON.parse(text)).toMatchObject({ objectId: 'the first of that day' });
  });

  test.each(['cursor=nonsense', 'cursor=W10', 'limit=101', 'refused=maybe', 'from=yesterday'])(
    '%s is 400',
    async (query) => {
      expect((await project.get(`/x/audit-log?${query}`)).status).toBe(400);
    },
  );
});

describe('an export', () => {
  test('as CSV holds all lines, and nothing that a spreadsheet would run', async () => {
    const formulas = ['=HYPERLINK("http://evil.example")', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', ' =1', '＝1'];
    for (const [second, objectId] of formulas.entries()) await record(8, { objectId }, person('ada'), second);
    await record(8, { objectId: 'plain "quoted", text\r\n=1' }, person('ada'), 60);
    const { status, headers, text } = await project.get(`/x/audit-log/export?${ofDay(8)}`);
    expect(status).toBe(200);
    expect(headers).toMatchObject({
      'content-type': 'text/csv; charset=utf-8',
      'content-disposition': 'attachment; filename="audit-log.csv"',
    });
    expect(text.split('\r\n')[0]).toMatch(/^"time","actor_kind","actor",/);
    expect(text).toContain('"plain ""quoted"", text\r\n=1"');
    for (const formula of formulas) expect(text).toContain(`"'${formula.replaceAll('"', '""')}"`);
    expect(text).not.toMatch(/"[\s]*[=+\-@＝]/);
  });

  test('as NDJSON is one object a line, more than are read at once, newest first', async () => {
    const many = Array.from({ length: 250 }, (_, i) => i);
    for (const i of many) await record(11, { objectId: String(i), after: { i } }, person('ada'), i);
    const { headers, text } = await project.get(`/x/audit-log/export?format=ndjson&${ofDay(11)}`);
    expect(headers['content-type']).toBe('application/x-ndjson; charset=utf-8');
    const lines = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { objectId: string; after: { i: number } });
    expect(lines.map(({ objectId }) => Number(objectId))).toEqual(many.toReversed());
    expect(lines[0]?.after).toEqual({ i: 249 });
  });

  test('of nothing is a head, or nothing', async () => {
    expect((await project.get(`/x/audit-log/export?${ofDay(27)}`)).text).toMatch(/^"time",.*\r\n$/);
    expect((await project.get(`/x/audit-log/export?format=ndjson&${ofDay(27)}`)).text).toBe('');
  });
});

test('the lines of another project are not there', async () => {
  await record(14, { objectId: 'ours' });
  const [line] = (await project.get(`/x/audit-log?${ofDay(14)}`)).body.data;
  expect((await other.get(`/x/audit-log?${ofDay(14)}`)).body.data).toEqual([]);
  expect((await other.get(`/x/audit-log/${line.id}`)).status).toBe(404);
  expect((await other.get(`/x/audit-log/export?format=ndjson&${ofDay(14)}`)).text).toBe('');
});

test("an organization's log has its own lines, those of its projects, and what its members do to their accounts", async () => {
  const at = harness.now();
  const db = harness.postgres;
  await db.rows(
    sql`INSERT INTO organizations (id, name, created_at, updated_at) VALUES ('foreign', 'Foreign', ${at}, ${at})`,
  );
  for (const [id, organization] of [
    ['ada', 'organization'],
    ['eve', 'foreign'],
  ] as const) {
    await db.rows(
      sql`INSERT INTO users (id, email, created_at, updated_at) VALUES (${id}, ${`${id}@acme.dev`}, ${at}, ${at})`,
    );
    await db.rows(sql`
      INSERT INTO organization_memberships (organization_id, user_id, role, created_at, updated_at)
      VALUES (${organization}, ${id}, 'OWNER', ${at}, ${at})`);
  }
  await record(17, { objectId: 'of the project' });
  await record(17, { objectId: 'of the organization', place: { organizationId: 'organization' } }, person('eve'));
  await record(17, { objectId: 'of an account', place: null });
  await record(17, { objectType: 'user', objectId: 'ada', place: null }, systemActor('sign-up'));
  await record(17, { objectId: 'of another account', place: null }, person('eve'));
  await record(17, { objectId: 'of another organization', place: { organizationId: 'foreign' } });
  const asked = async (organizationId: string) => {
    const { publicKey, secretKey } = await harness.keys.create({ organizationId });
    const authorization = `Basic ${Buffer.from(`${publicKey}:${secretKey}`).toString('base64')}`;
    return (path: string) => project.get(path, { authorization });
  };
  const [ask, askForeign] = [await asked('organization'), await asked('foreign')];
  const { body } = await ask(`/x/organization/audit-log?${ofDay(17)}`);
  expect(body.data.map(({ objectId }: { objectId: string }) => objectId).toSorted()).toEqual([
    'ada',
    'of an account',
    'of the organization',
    'of the project',
  ]);
  for (const { id } of body.data) {
    expect((await ask(`/x/organization/audit-log/${id}`)).status).toBe(200);
    expect((await askForeign(`/x/organization/audit-log/${id}`)).status).toBe(404);
  }
  const { text } = await askForeign(`/x/organization/audit-log/export?format=ndjson&${ofDay(17)}`);
  expect(
    text
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { objectId: string }).objectId)
      .toSorted(),
  ).toEqual(['of another account', 'of another organization']);
  expect((await project.get('/x/organization/audit-log')).status).not.toBe(200);
});

test('lines older than they are kept go at night, newer ones stay', async () => {
  const kept = new Date(harness.now().getTime() - AUDIT_RETENTION_DAYS * 86_400_000);
  const at = (ms: number) => new Date(kept.getTime() + ms);
  const entry = { place: { projectId: project.id }, action: 'update', objectType: 'aged' };
  await recordAudit(harness.postgres, person('ada'), at(-1), { ...entry, objectId: 'old' });
  await recordAudit(harness.postgres, person('ada'), at(0), { ...entry, objectId: 'just' });
  const many = Array.from({ length: 2_500 }, (_, i) => ({ ...entry, objectId: String(i) }));
  await recordAudit(harness.postgres, person('ada'), at(-2), ...many);
  expect(await harness.sweepAuditLog(AbortSignal.timeout(60_000))).toBeGreaterThan(2_500);
  expect((await project.get('/x/audit-log?objectType=aged')).body.data).toMatchObject([{ objectId: 'just' }]);
});

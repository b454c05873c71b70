import { afterAll, beforeAll, expect, test } from 'vitest';
import { clickhouse, ClickHouseSql, string } from '../../stores/clickhouse/sql.ts';
import { sql } from '../../stores/postgres/sql.ts';
import { type Harness, openHarness, type Project } from '../harness.ts';

let harness: Harness;
let theirs: Project;
beforeAll(async () => {
  harness = await openHarness();
  // The engine drops receipts by its own clock.
  harness.setNow(new Date());
  theirs = await harness.project('theirs');
  await fill(theirs);
});
afterAll(() => harness.close());

const large = 'l'.repeat(1_200_000);

/** Something of everything that a project has. */
async function fill(project: Project): Promise<void> {
  await project.store(
    Array.from({ length: 300 }, (_, i) => ({ id: `row-${i}`, traceId: `t-${i % 10}`, at: i * 600 })),
    [{ id: 'stored', traceId: 't-1' }],
  );
  await project.post('/ingestion', {
    batch: [
      {
        id: 'large',
        type: 'span-create',
        timestamp: '2026-11-20T10:20:00.000Z',
        body: { id: 'large', traceId: 't-1', input: large },
      },
      { id: 'refused', type: 'span-create', timestamp: 'no time', body: { id: 'refused', traceId: 't-1' } },
    ],
  });
  await project.post('/scores', { id: 'score', traceId: 't-1', name: 'quality', value: 1 });
  await project.post('/score-configs', { name: 'config', dataType: 'NUMERIC' });
  await project.post('/models', { modelName: 'own', matchPattern: '^own$', unit: 'TOKENS', inputPrice: 1 });
  await project.post('/media', {
    traceId: 't-1',
    field: 'input',
    contentType: 'text/plain',
    contentLength: 1,
    sha256Hash: Buffer.alloc(32).toString('base64'),
  });
  await project.delete('/traces/t-9');
  // Waits until the receipts are in.
  await project.get('/x/receipts');
}

const basic = ({ publicKey, secretKey }: { publicKey: string; secretKey: string }) => ({
  authorization: `Basic ${Buffer.from(`${publicKey}:${secretKey}`).toString('base64')}`,
});
async function organizationAsks(method: 'GET' | 'DELETE', path: string, organizationId = 'organization') {
  const headers = basic(await harness.keys.create({ organizationId }));
  const { status, body } = await harness.follow(`/api/public${path}`, { method, headers });
  return { status, body: JSON.parse(body.toString()) as Record<string, unknown> };
}

/** Rows of a project in every table of the engine that has any; or also those that are deleted and still in its files. */
async function rowsOf(id: string, { inFiles = false } = {}): Promise<Record<string, number>> {
  const tables = await harness.clickhouse.rows<{ table: string }>(clickhouse`
    SELECT c.table AS table
    FROM system.columns AS c JOIN system.tables AS t ON t.database = c.database AND t.name = c.table
    WHERE c.database = currentDatabase() AND c.name = 'project_id' AND t.engine LIKE '%MergeTree'`);
  const counts: Record<string, number> = {};
  for (const { table } of tables) {
    const [row] = await harness.clickhouse.rows<{ n: string }>(
      clickhouse`SELECT toString(count()) AS n FROM ${ClickHouseSql.trusted(table)} WHERE project_id = ${string(id)}`,
      { settings: { apply_deleted_mask: inFiles ? 0 : 1 } },
    );
    counts[table] = Number(row?.n);
  }
  return counts;
}
const blobsOf = async (): Promise<string[]> => {
  const names = [];
  for await (const { name } of harness.blobs.list('')) names.push(name);
  return names.toSorted();
};
const projectRows = (id: string) => harness.postgres.rows(sql`SELECT id FROM projects WHERE id = ${id}`);

test('a deleted project is gone at once, its data soon, and nothing of another project', async () => {
  const blobsBefore = await blobsOf();
  const ours = await harness.project('ours');
  await fill(ours);
  const before = await rowsOf('theirs');
  for (const [table, rows] of Object.entries(await rowsOf('ours'))) expect(rows, table).toBeGreaterThan(0);
  expect((await blobsOf()).length).toBeGreaterThan(blobsBefore.length);
  const key = basic(await harness.keys.create({ projectId: 'ours' }));
  expect((await harness.follow('/api/public/score-configs', { headers: key })).status).toBe(200);

  expect(await organizationAsks('DELETE', '/projects/ours')).toMatchObject({ status: 202, body: { success: true } });

  expect((await harness.follow('/api/public/score-configs', { headers: key })).status).toBe(401);
  expect(await organizationAsks('DELETE', '/projects/ours')).toMatchObject({ status: 404 });
  // Another organization hears nothing of it.
  await harness.postgres.rows(sql`
    INSERT INTO organizations (id, name, created_at, updated_at) VALUES ('elsewhere', 'Elsewhere', now(), now())`);
  expect(await organizationAsks('GET', '/x/project-deletions', 'elsewhere')).toMatchObject({ body: { data: [] } });
  // By a request that was let in before: the harness asks nobody.
  expect((await ours.post('/scores', { traceId: 't-1', name: 'late', value: 1 })).status).toBe(401);
  await expect.poll(() => projectRows('ours'), { timeout: 60_000 }).toEqual([]);

  expect(Object.values(await rowsOf('ours', { inFiles: true })).every((rows) => rows === 0)).toBe(true);
  expect(await rowsOf('theirs')).toEqual(before);
  expect(await blobsOf()).toEqual(blobsBefore);
  expect((await theirs.get('/traces/t-1')).status).toBe(200);
  const audit = await harness.postgres.rows(sql`
    SELECT organization_id, action, actor_kind FROM audit_log WHERE object_type = 'project' AND object_id = 'ours' ORDER BY at, ctid`);
  expect(audit).toEqual([
    { organization_id: 'organization', action: 'delete', actor_kind: 'organizationKey' },
    { organization_id: 'organization', action: 'purge', actor_kind: 'system' },
  ]);
}, 120_000);

test('a project of another organization, or none, is not deleted', async () => {
  await harness.postgres.rows(sql`
    INSERT INTO organizations (id, name, created_at, updated_at) VALUES ('foreign', 'Foreign', now(), now())`);
  await harness.postgres.rows(sql`
    INSERT INTO projects (id, organization_id, name, created_at, updated_at)
    VALUES ('foreign', 'foreign', 'Foreign', now(), now())`);
  for (const id of ['foreign', 'nowhere', 'tracehouse-probe'])
    expect(await organizationAsks('DELETE', `/projects/${id}`)).toMatchObject({
      status: 404,
      body: { message: "Project not found or you don't have access to it" },
    });
  expect(await projectRows('foreign')).toHaveLength(1);
});

import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import { afterAll, describe, expect, test } from 'vitest';
import { describePostgres } from '../../packages/server/src/stores/postgres/postgres.contract.ts';
import { openPostgresServer } from '../../packages/server/src/stores/postgres/server.ts';
import { sql } from '../../packages/server/src/stores/postgres/sql.ts';
import { describeQueue } from '../../packages/server/src/stores/queue/queue.contract.ts';
import { otlpProcessor } from '../clients/tracing.ts';
import { startPostgres } from '../harness/postgres.ts';
import { projectApi } from '../harness/project-api.ts';
import { readBack } from '../harness/read-back.ts';
import { startServer } from '../harness/server.ts';

const postgres = await startPostgres();
afterAll(postgres.stop);
const store = await postgres.createDatabase('store');

const open = async () => openPostgresServer(store);
describePostgres('PostgreSQL server', { open, openAgain: open });
const queued = await postgres.createDatabase('queued');
describeQueue('PostgreSQL server', async () => openPostgresServer(queued));

describe('the program on a PostgreSQL server', () => {
  test('keeps there what people edit, and finds it again at the next start', async () => {
    const DATABASE_URL = await postgres.createDatabase('product');
    const dataDirectory = await mkdtemp(join(tmpdir(), 'tracehouse-test-'));

    const first = await startServer({ env: { DATABASE_URL }, dataDirectory });
    const provider = new NodeTracerProvider({ spanProcessors: [otlpProcessor(first)] });
    const span = provider.getTracer('test').startSpan('question', { attributes: { 'user.id': 'user-1' } });
    span.end();
    const { traceId } = span.spanContext();
    await provider.shutdown();
    expect((await readBack(projectApi(first), traceId)).trace).toMatchObject({ name: 'question', userId: 'user-1' });
    await first.stop();

    const database = openPostgresServer(DATABASE_URL);
    expect(await database.rows(sql`SELECT id FROM projects`)).toContainEqual({ id: first.projectId });
    await database.close();
    expect(await readdir(dataDirectory)).not.toContain('postgres');

    const second = await startServer({ env: { DATABASE_URL }, dataDirectory });
    expect((await readBack(projectApi(second), traceId)).trace).toMatchObject({ name: 'question' });
    await second.stop();
    await rm(dataDirectory, { recursive: true });
  });
});

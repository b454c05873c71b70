// After the server has ended: is every acknowledged span in its data directory, once, and what does one take on disk?
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openChdb } from '../../packages/server/src/stores/clickhouse/chdb.ts';
import { clickhouse, string } from '../../packages/server/src/stores/clickhouse/sql.ts';

export interface CheckResult {
  rows: number;
  /** Ids that were acknowledged and are not there. */
  missing: string[];
  /** Rows beyond one for each acknowledged span. */
  surplus: number;
  /** Of the active parts once merges have ended. */
  bytesOnDisk: number;
  parts: number;
}

const SETTLE_MS = 30_000;
const ID_BYTES = 8;

async function check(
  dataDirectory: string,
  acknowledgedFile: string,
  projectId: string,
  holdsOthers: boolean,
): Promise<CheckResult> {
  const engine = await openChdb(join(dataDirectory, 'clickhouse'));
  const acknowledged = await readFile(acknowledgedFile);
  const found = await engine.rows<{ id: string; rows: number }>(clickhouse`
    SELECT id, toUInt32(count()) AS rows FROM observations FINAL
    WHERE project_id = ${string(projectId)} AND kind = 'observation'
    GROUP BY id`);
  const rowsOf = new Map(found.map(({ id, rows }) => [id, rows]));
  const missing: string[] = [];
  let rows = 0;
  const expected = acknowledged.length / ID_BYTES;
  for (let i = 0; i < expected; i += 1) {
    const id = acknowledged.toString('hex', i * ID_BYTES, (i + 1) * ID_BYTES);
    if (!rowsOf.has(id)) missing.push(id);
    rows += rowsOf.get(id) ?? 0;
  }
  if (!holdsOthers) rows = found.reduce((sum, one) => sum + one.rows, 0);
  const deadline = Date.now() + SETTLE_MS;
  const merging = clickhouse`SELECT toUInt32(count()) AS merges FROM system.merges`;
  // Merges start a moment after the tables are opened.
  do await new Promise((resolve) => setTimeout(resolve, 1000));
  while ((await engine.rows<{ merges: number }>(merging))[0]!.merges > 0 && Date.now() < deadline);
  const [disk] = await engine.rows<{ bytes: number; parts: number }>(clickhouse`
    SELECT toFloat64(sum(bytes_on_disk)) AS bytes, toUInt32(count()) AS parts
    FROM system.parts WHERE active AND table = 'observations'`);
  // A process that ends with a statement or a merge under way crashes at times.
  await engine.close();
  return {
    rows,
    missing,
    surplus: rows - (expected - missing.length),
    bytesOnDisk: disk!.bytes,
    parts: disk!.parts,
  };
}

// What else the directory held before is not counted.
const [dataDirectory, acknowledgedFile, projectId, others] = process.argv.slice(2);
const result = await check(dataDirectory!, acknowledgedFile!, projectId!, others !== undefined);
// The engine's threads would keep the process alive.
process.stdout.write(JSON.stringify(result), () => process.exit(0));

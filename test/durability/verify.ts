import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { openChdb } from '../../packages/server/src/stores/clickhouse/chdb.ts';
import type { ClickHouse } from '../../packages/server/src/stores/clickhouse/clickhouse.ts';
import { clickhouse, ClickHouseSql } from '../../packages/server/src/stores/clickhouse/sql.ts';
import type { Expected } from './load.ts';

/** Empty lists are what a test wants; each entry says what is wrong with one row. */
export interface Findings {
  lost: string[];
  doubled: string[];
  /** There, but not as acknowledged. */
  wrong: string[];
  /** Never sent, or of a deleted trace. */
  unexpected: string[];
  observations: number;
  scores: number;
}

const SLICES = 8;
const md5 = (text: string): string => createHash('md5').update(text).digest('hex');

/** Compares what a server that has ended holds of the project of tests with what was acknowledged; the probe has its own. */
export async function verify(dataDirectory: string, expected: Expected): Promise<Findings> {
  const db = await openChdb(join(dataDirectory, 'clickhouse'));
  const findings: Findings = { lost: [], doubled: [], wrong: [], unexpected: [], observations: 0, scores: 0 };
  try {
    await verifyObservations(db, expected, findings);
    await verifyTraces(db, expected, findings);
    await verifyScores(db, expected, findings);
  } finally {
    await db.close();
  }
  return findings;
}

/** Finds out of `rows` which are too many, and which of `wanted` are missing. */
function compare<Row extends { id: string; trace_id: string }, Wanted extends { traceId: string }>(
  what: string,
  rows: readonly Row[],
  wanted: ReadonlyMap<string, Wanted>,
  { deletedTraces, doubtfulTraces }: Expected,
  findings: Findings,
  differences: (row: Row, wanted: Wanted) => string[],
): void {
  const seen = new Set<string>();
  for (const row of rows) {
    const name = `${what} ${row.id}`;
    const want = wanted.get(row.id);
    if (seen.has(row.id)) findings.doubled.push(name);
    else if (deletedTraces.has(row.trace_id)) findings.unexpected.push(`${name} of a deleted trace`);
    else if (!want) findings.unexpected.push(name);
    else findings.wrong.push(...differences(row, want).map((difference) => `${name}: ${difference}`));
    seen.add(row.id);
  }
  for (const [id, { traceId }] of wanted) {
    if (!seen.has(id) && !deletedTraces.has(traceId) && !doubtfulTraces.has(traceId))
      findings.lost.push(`${what} ${id}`);
  }
}

async function verifyObservations(db: ClickHouse, expected: Expected, findings: Findings): Promise<void> {
  interface Row {
    id: string;
    trace_id: string;
    name: string;
    status_message: string;
    model: string;
    input: string;
    output: string;
    usage: Record<string, string>;
  }
  const rows: Row[] = [];
  for (let slice = 0; slice < SLICES; slice += 1) {
    rows.push(
      ...(await db.rows<Row>(clickhouse`
        SELECT id, trace_id, name, status_message, model, lower(hex(MD5(input))) AS input, lower(hex(MD5(output))) AS output,
          mapApply((k, v) -> (k, toString(v)), usage) AS usage
        FROM observations FINAL
        WHERE project_id = 'test-project' AND kind = 'observation' AND cityHash64(id) % ${number(SLICES)} = ${number(slice)}`)),
    );
  }
  findings.observations = rows.length;
  compare('observation', rows, expected.observations, expected, findings, (row, { traceId, step, seen }) => [
    ...(row.trace_id === traceId ? [] : [`is of trace ${row.trace_id}`]),
    ...(row.name === step.name ? [] : [`is called ${row.name}`]),
    ...(row.input === md5(step.input) ? [] : ['has another input']),
    ...(row.output === md5(step.output) ? [] : ['has another output']),
    ...(row.model === step.model ? [] : [`has model ${row.model}`]),
    ...(Object.entries(step.usage).every(([key, units]) => row.usage[key] === String(units))
      ? []
      : ['has other usage']),
    ...(row.status_message === (seen ?? (step.failed ? 'upstream timed out' : ''))
      ? []
      : [`has the message ${row.status_message}`]),
  ]);
}

async function verifyTraces(db: ClickHouse, expected: Expected, findings: Findings): Promise<void> {
  const rows = await db.rows<{ id: string; trace_id: string; trace_name: string; tags: string[] }>(clickhouse`
    SELECT id, trace_id, trace_name, tags FROM observations FINAL WHERE project_id = 'test-project' AND kind = 'trace'`);
  const wanted = new Map([...expected.traces].map(([traceId, trace]) => [traceId, { traceId, ...trace }]));
  compare('trace', rows, wanted, expected, findings, (row, { name, late }) => [
    ...(row.trace_name === name ? [] : [`is called ${row.trace_name}`]),
    ...(row.tags.includes('late') === late ? [] : [`has the tags ${row.tags.join(', ')}`]),
  ]);
}

async function verifyScores(db: ClickHouse, expected: Expected, findings: Findings): Promise<void> {
  const rows = await db.rows<{ id: string; trace_id: string; value: number }>(clickhouse`
    SELECT id, trace_id, value FROM scores FINAL WHERE project_id = 'test-project'`);
  findings.scores = rows.length;
  compare('score', rows, expected.scores, expected, findings, (row, { value }) =>
    row.value === value ? [] : [`is ${row.value} instead of ${value}`],
  );
}

const number = (value: number): ClickHouseSql => ClickHouseSql.trusted(String(value));

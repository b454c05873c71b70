import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ResolvedTrace, type TraceColumn } from '../../ingest/resolve-trace.ts';
import { clickhouse, ClickHouseSql, string } from '../../stores/clickhouse/sql.ts';
import { projectScope } from '../../stores/scope.ts';
import { at, type Harness, openHarness, type Sample } from '../harness.ts';
import { selectTraces } from './store.ts';

let harness: Harness;
beforeAll(async () => (harness = await openHarness()));
afterAll(() => harness.close());

const time = (column: string): string => `toUnixTimestamp64Micro(${column})`;
/** Column of the view `traces` → its value as the program has it. */
// oxfmt-ignore
const shown: Record<TraceColumn, string> = {
  trace_id: 'trace_id', name: 'name', user_id: 'user_id', session_id: 'session_id', release: 'release', version: 'version',
  environment: 'environment', tags: 'tags', public: 'public', bookmarked: 'bookmarked', input: 'input', output: 'output',
  input_preview: 'input_preview', output_preview: 'output_preview', metadata: 'metadata', said_metadata: 'said_metadata',
  root_attributes: 'root_attributes', root_resource_attributes: 'root_resource_attributes', root_scope: 'root_scope',
  has_otlp_root: 'has_otlp_root', has_trace_root: 'has_trace_root', timestamp: time('timestamp'),
  first_start: time('first_start'), last_end: time('last_end'), ended_count: 'toUInt32(ended_count)', running: 'running',
  observation_count: 'toUInt32(observation_count)', observation_ids: 'observation_ids',
  total_cost: 'toString(total_cost)', input_tokens: 'toFloat64(input_tokens)', output_tokens: 'toFloat64(output_tokens)',
  total_tokens: 'toFloat64(total_tokens)', calls: 'toUInt32(calls)', unpriced_calls: 'toUInt32(unpriced_calls)',
  models: 'models', error_count: 'toUInt32(error_count)', warning_count: 'toUInt32(warning_count)', level: 'level',
  error_message: 'error_message', created_at: time('created_at'), updated_at: time('updated_at'),
  payload_blobs: 'payload_blobs',
};
const columns = Object.keys(shown) as TraceColumn[];

/** Few values, so that rows agree, contradict and say nothing. The last two are in another order as UTF-16 than as UTF-8. */
const word = fc.constantFrom('', '', 'a', 'b', '\u{10000}', '\u{ff5e}');
const map = fc.dictionary(fc.constantFrom('k', 'l', '__proto__'), word, { maxKeys: 2, noNullPrototype: true });
const long = fc.constantFrom('', 'x', '\u{1f600}'.repeat(250), 'é'.repeat(250));
const row = fc.record({
  kind: fc.constantFrom('observation' as const, 'observation' as const, 'trace' as const),
  id: fc.constantFrom('1', '2', '3', '\u{10000}', '\u{ff5e}'),
  traceId: fc.constantFrom('t', 'u'),
  parentId: fc.constantFrom('', '1', 'elsewhere'),
  isAppRoot: fc.boolean(),
  type: fc.constantFrom('SPAN' as const, 'GENERATION' as const, 'EVENT' as const),
  name: word,
  at: fc.constantFrom(0, 1.000001, 3599, 3601, 90_000),
  endTime: fc.constantFrom(null, at(-5), at(2), at(100_000)),
  eventTime: fc.constantFrom(at(0), at(1), at(2)),
  environment: fc.constantFrom('default', 'default', 'production', 'langfuse-x'),
  version: word,
  release: word,
  level: fc.constantFrom('DEBUG' as const, 'DEFAULT' as const, 'WARNING' as const, 'ERROR' as const),
  statusMessage: word,
  traceName: word,
  userId: word,
  sessionId: word,
  tags: fc.array(fc.constantFrom('a', 'b', '\u{10000}', '\u{ff5e}'), { maxLength: 2 }),
  public: fc.constantFrom(null, true, false),
  bookmarked: fc.constantFrom(null, true, false),
  traceInput: long,
  traceOutput: word,
  traceMetadata: map,
  input: long,
  output: word,
  metadata: map,
  attributes: map,
  resourceAttributes: map,
  scopeName: word,
  model: word,
  totalCost: fc.constantFrom(null, '0', '0.1', '12.000000000001', '-1'),
  usage: fc.constantFrom({}, { input: 1, total: 3 }, { output: 2 }),
  source: fc.constantFrom('otlp' as const, 'json' as const, 'ui' as const),
  createdAt: fc.constantFrom(at(0), at(9)),
  updatedAt: fc.constantFrom(at(0), at(9)),
  isDeleted: fc.constantFrom(false, false, false, true),
});

test('the program and the view `traces` resolve any rows alike', async () => {
  const blocks = fc.sample(fc.array(row, { minLength: 1, maxLength: 8 }), { numRuns: 400, seed: 7 });
  const samples = blocks.flatMap((rows, block) =>
    rows.map((one, i): Sample => {
      const traceId = `${block}-${one.traceId}`;
      const statement = one.kind === 'trace' ? { id: traceId, endTime: null, type: 'SPAN' as const } : {};
      // Statements of one moment by rows of one id have no order, in the engine or here.
      return { ...one, traceId, ...statement, eventTime: one.eventTime + i };
    }),
  );
  const project = await harness.project('resolved');
  await project.store(samples);
  const reading = ClickHouseSql.trusted(columns.map((column) => `${shown[column]} AS ${column}_`).join(', '));
  const view = await harness.clickhouse.rows<Record<string, unknown>>(
    clickhouse`SELECT ${reading} FROM traces WHERE project_id = ${string(project.id)} ORDER BY trace_id_`,
  );
  const traces = [...new Set(samples.map((one) => one.traceId!))].map((id) => ({ id }));
  const resolved = await selectTraces(harness.clickhouse, projectScope(project.id), traces, columns);
  expect(resolved.map(sortedIds).toSorted((a, b) => (a.trace_id < b.trace_id ? -1 : 1))).toEqual(
    view.map((one) => sortedIds(Object.fromEntries(columns.map((column) => [column, one[`${column}_`]])) as never)),
  );
  expect(resolved.length).toBeGreaterThan(400);
});

/** Their order is of no consequence. */
const sortedIds = (trace: ResolvedTrace): ResolvedTrace => ({
  ...trace,
  observation_ids: trace.observation_ids.toSorted(),
});

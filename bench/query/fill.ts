// Fills a data directory as if its observations had come over the last 30 days: the rows that the OTLP door makes of the
// bench's traffic, in the program's own encoding, in blocks as large as the engine likes them.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ObservationRow } from '../../packages/server/src/ingest/observation.ts';
import { encodeObservation, observationTarget } from '../../packages/server/src/ingest/observation-columns.ts';
import { mapExport } from '../../packages/server/src/ingest/otlp/map.ts';
import { decodeProtobuf } from '../../packages/server/src/ingest/otlp/protobuf.ts';
import { createPricing } from '../../packages/server/src/ingest/price/pricing.ts';
import { openChdb } from '../../packages/server/src/stores/clickhouse/chdb.ts';
import { migrateClickHouse } from '../../packages/server/src/stores/clickhouse/migrate.ts';
import { RowBinaryWriter } from '../../packages/server/src/stores/clickhouse/row-binary.ts';
import { clickhouse } from '../../packages/server/src/stores/clickhouse/sql.ts';
import { buildTextIndexes } from '../../packages/server/src/stores/clickhouse/text-index.ts';
import { createConversations } from '../traffic/conversations.ts';
import { createRandom } from '../traffic/random.ts';
import {
  createRequests,
  type RequestBody,
  SPANS_PER_REQUEST,
  spanIdOf,
  stamp,
  traceIdOf,
} from '../traffic/requests.ts';
import { TESTED_PROMPT, versionFor } from '../traffic/tested-prompt.ts';
import { createWords } from '../traffic/words.ts';

export interface FillPlan {
  dataDirectory: string;
  projectId: string;
  publicKey: string;
  observations: number;
  seed: number;
  /** Builds the text indexes, as the program does at night. */
  textIndex: boolean;
}

/** What is there stays, and only its text indexes are built. */
export interface IndexPlan {
  dataDirectory: string;
  observations: null;
}

/** What is there to ask for. Times are Unix milliseconds. */
export interface FillFacts {
  observations: number;
  filledAt: number;
  /** From here on there are about 100,000 observations. */
  newest100kFrom: number;
  tracesOfTen: string[];
  tracesOfThousand: string[];
  some: { traceId: string; id: string }[];
}

/** Occurs in one of 20,000 observations. */
export const RARE_TEXT = 'quizzaciously';

const DAYS = 30;
const DAY_MS = 86_400_000;
const BLOCK_ROWS = 20_000;
const BODIES = 600;
const RANGE = 100_000;
const RARE_EVERY = 20_000;
const SOME = 200;

async function fill({
  dataDirectory,
  projectId,
  publicKey,
  observations,
  seed,
  textIndex,
}: FillPlan): Promise<FillFacts> {
  const random = createRandom(seed);
  const bodies = createRequests('otlp-protobuf', createConversations(random, createWords(seed)), BODIES);
  const templates = bodies.map((body) => rowsOf(body, projectId, publicKey));
  const engine = await openChdb(join(dataDirectory, 'clickhouse'));
  await migrateClickHouse(engine);
  const filledAt = Date.now();
  const started = filledAt - DAYS * DAY_MS;
  const requests = Math.ceil(observations / SPANS_PER_REQUEST);
  const gapMs = (DAYS * DAY_MS) / requests;
  const facts: FillFacts = {
    observations: requests * SPANS_PER_REQUEST,
    filledAt,
    newest100kFrom: started,
    tracesOfTen: [],
    tracesOfThousand: [],
    some: [],
  };

  let writer = new RowBinaryWriter(64 * 1024 * 1024);
  let rows = 0;
  let inserting: Promise<void> = Promise.resolve();
  async function flush(): Promise<void> {
    const block = writer;
    await inserting;
    inserting = engine.insert(observationTarget, block.bytes());
    writer = new RowBinaryWriter(block.capacity);
  }
  async function add(row: ObservationRow): Promise<void> {
    encodeObservation(writer, row);
    rows += 1;
    if (rows % BLOCK_ROWS === 0) await flush();
  }

  for (let request = 0; request < requests; request += 1) {
    const which = request % BODIES;
    const at = started + daily(request * gapMs);
    if (rows <= facts.observations - RANGE) facts.newest100kFrom = at;
    const shifts = bodies[which]!.traces.map(() => random.between(0, Math.floor(gapMs)) * 1000);
    for (const [index, row] of templates[which]!.entries()) {
      const { trace } = bodies[which]!.spans[index]!;
      const moved = move(row, request, (at - TEMPLATE_END) * 1000 + shifts[trace]!);
      if (moved.type === 'GENERATION' && moved.name === 'chat') {
        moved.promptName = TESTED_PROMPT;
        moved.promptVersion = versionFor(moved.userId);
      }
      if (rows % RARE_EVERY === RARE_EVERY / 2) moved.output += ` ${RARE_TEXT}`;
      await add(moved);
    }
    for (const [trace, { steps }] of bodies[which]!.traces.entries()) {
      if (steps.length === 10) keep(facts.tracesOfTen, traceIdOf(request, trace), random.next());
    }
    const index = random.between(0, SPANS_PER_REQUEST - 1);
    const { trace } = bodies[which]!.spans[index]!;
    keep(facts.some, { traceId: traceIdOf(request, trace), id: spanIdOf(request, index) }, random.next());
  }
  for (let i = 0; i < 3; i += 1) {
    const sequence = requests + i * 16;
    const traceId = traceIdOf(sequence, 0);
    const root = spanIdOf(sequence, 0);
    // 20 minutes, some days ago.
    const at = filledAt - (i * 9 + 1) * DAY_MS;
    for (let n = 0; n < 1000; n += 1) {
      const request = sequence + Math.floor(n / SPANS_PER_REQUEST);
      const row = templates[request % BODIES]![n % SPANS_PER_REQUEST]!;
      const moved = move(row, request, (at - TEMPLATE_END) * 1000 + n * 1_200_000);
      await add({
        ...moved,
        traceId,
        id: n === 0 ? root : spanIdOf(request, n % SPANS_PER_REQUEST),
        parentId: n === 0 ? '' : root,
      });
    }
    facts.tracesOfThousand.push(traceId);
  }
  await flush();
  await inserting;
  await settle(() =>
    engine.rows<{ merges: number }>(clickhouse`SELECT toUInt32(count()) AS merges FROM system.merges`),
  );
  if (textIndex) await buildTextIndexes(engine, { signal: new AbortController().signal });
  await engine.close();
  await writeFile(join(dataDirectory, 'bench.json'), JSON.stringify(facts));
  return facts;
}

/** Until no merge has been under way for two looks. */
async function settle(merges: () => Promise<{ merges: number }[]>): Promise<void> {
  const deadline = Date.now() + 180_000;
  for (let quiet = 0; quiet < 2 && Date.now() < deadline;) {
    await new Promise((resolve) => setTimeout(resolve, 1000));
    quiet = (await merges())[0]!.merges === 0 ? quiet + 1 : 0;
  }
}

/** When the templates' traces end, Unix milliseconds. Within what the door takes as a sane clock. */
const TEMPLATE_END = Date.now();

/** The rows that the door makes of a body. */
function rowsOf(body: RequestBody, projectId: string, publicKey: string): ObservationRow[] {
  stamp(body, 0, TEMPLATE_END);
  const { priceRow } = createPricing();
  const sdk = { sdkName: 'javascript', sdkVersion: '5.11.1' };
  const { rows } = mapExport(decodeProtobuf(body.bytes), { projectId, publicKey, ...sdk, now: TEMPLATE_END * 1000 });
  const places = new Map(body.spans.map((_, index) => [spanIdOf(0, index), index]));
  const traces = new Map(body.traces.map((_, index) => [traceIdOf(0, index), index]));
  // Ids become places, from which `move` makes the ids of another request.
  return rows.map(priceRow).map((row) => ({
    ...row,
    id: String(places.get(row.id)),
    traceId: String(traces.get(row.traceId)),
    parentId: row.parentId === '' ? '' : String(places.get(row.parentId)),
  }));
}

/** The same row with the ids of a request, some microseconds later. */
const move = (row: ObservationRow, request: number, byMicros: number): ObservationRow => ({
  ...row,
  id: spanIdOf(request, Number(row.id)),
  traceId: traceIdOf(request, Number(row.traceId)),
  parentId: row.parentId === '' ? '' : spanIdOf(request, Number(row.parentId)),
  startTime: row.startTime + byMicros,
  endTime: row.endTime === null ? null : row.endTime + byMicros,
  eventTime: row.eventTime + byMicros,
  createdAt: row.createdAt + byMicros,
  updatedAt: row.updatedAt + byMicros,
  rowVersion: row.rowVersion + byMicros,
});

/** More by day than by night: at most 1.8 times the mean, at least a fifth of it. */
const daily = (ms: number): number => ms + ((0.8 * DAY_MS) / (2 * Math.PI)) * Math.sin((2 * Math.PI * ms) / DAY_MS);

/** A sample of all that were offered, `SOME` at the most. */
function keep<T>(kept: T[], one: T, at: number): void {
  if (kept.length < SOME) kept.push(one);
  else if (at < 0.02) kept[Math.floor(at * 50 * SOME)] = one;
}

/** What merges have dropped since it was filled is built again, as in the night. */
async function index({ dataDirectory }: IndexPlan): Promise<null> {
  const engine = await openChdb(join(dataDirectory, 'clickhouse'));
  await migrateClickHouse(engine);
  await buildTextIndexes(engine, { signal: new AbortController().signal });
  await engine.close();
  return null;
}

if (import.meta.main) {
  const plan = JSON.parse(process.argv[2]!) as FillPlan | IndexPlan;
  const facts = await (plan.observations === null ? index(plan) : fill(plan));
  // The engine's threads would keep the process alive.
  process.stdout.write(JSON.stringify(facts), () => process.exit(0));
}

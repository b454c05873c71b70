import type { ClickHouse } from './clickhouse.ts';
import { anyOf, clickhouse, ClickHouseSql, join, string, uint } from './sql.ts';
import { type SearchedText, textIndexes } from './text-search.ts';

const { trusted } = ClickHouseSql;

/** Rows of one month, and how many of them stand in parts without the text indexes of one expression. */
export interface TextIndexGap {
  text: SearchedText;
  /** `YYYYMM`. */
  partition: string;
  rows: number;
  missing: number;
}

export interface TextIndexOptions {
  /** Stops after the step under way has been taken back. */
  signal: AbortSignal;
  /** A month is left alone while fewer of its rows than this lack an index, and … */
  fewRows?: number;
  /** … while they are a smaller share of it: the engine builds a month anew, also where it has the index. */
  smallShare?: number;
  /** Told of each step: what was built, over how many rows. */
  onBuilt?(gap: TextIndexGap, tookMs: number): void;
}

const FEW_ROWS = 20_000;
const SMALL_SHARE = 0.05;
const POLL_MS = 200;

/**
 * Builds the text indexes where enough rows lack them, newest month first, one expression at a time. Safe to run twice and
 * to stop half-way. A merge drops the indexes of its rows (building them there would cost the day's throughput), so this runs
 * every night; rows without are scanned.
 */
export async function buildTextIndexes(db: ClickHouse, options: TextIndexOptions): Promise<void> {
  const { signal, fewRows = FEW_ROWS, smallShare = SMALL_SHARE, onBuilt } = options;
  const gaps = await textIndexGaps(db);
  const worthIt = gaps.filter(({ rows, missing }) => missing >= fewRows && missing >= rows * smallShare && missing > 0);
  for (const gap of worthIt) {
    if (signal.aborted) return;
    const started = performance.now();
    await materialize(db, gap, signal);
    if (!signal.aborted) onBuilt?.(gap, Math.round(performance.now() - started));
  }
}

/** Every month and expression, newest month first. Parts with hardly any text need no index, and may have none to show. */
export async function textIndexGaps(db: ClickHouse): Promise<TextIndexGap[]> {
  const parts = await db.rows<{ name: string; partition: string; rows: number }>(clickhouse`
    SELECT name, partition, toUInt32(rows) AS rows FROM system.parts
    WHERE database = currentDatabase() AND table = 'observations' AND active AND rows > 0`);
  const partitions = [...new Set(parts.map(({ partition }) => partition))].toSorted().toReversed();
  const texts = Object.keys(columnsOf) as SearchedText[];
  const settled = new Map<SearchedText, Set<string>>();
  for (const text of texts) {
    // The one of words stands for both, which are built by one statement: the other is empty where all is ASCII.
    const names = await db.rows<{ name: string }>(clickhouse`
      SELECT DISTINCT part_name AS name FROM mergeTreeTextIndex(currentDatabase(), 'observations', ${string(`t_${text}`)})
      UNION ALL
      SELECT name FROM system.parts_columns
      WHERE database = currentDatabase() AND table = 'observations' AND active AND part_type = 'Wide'
        AND column IN ${anyOf(columnsOf[text])}
      GROUP BY name HAVING sum(column_data_uncompressed_bytes) < ${uint(HARDLY_ANY_BYTES)} * any(rows)`);
    settled.set(text, new Set(names.map(({ name }) => name)));
  }
  return partitions.flatMap((partition) => {
    const own = parts.filter((part) => part.partition === partition);
    const rows = sum(own.map((part) => part.rows));
    return texts.map((text) => ({
      text,
      partition,
      rows,
      missing: sum(own.map((part) => (settled.get(text)?.has(part.name) ? 0 : part.rows))),
    }));
  });
}

/** Columns an index reads. */
const columnsOf: Record<SearchedText, readonly string[]> = {
  input: ['input'],
  output: ['output'],
  said: ['trace_input', 'trace_output', 'metadata', 'trace_metadata'],
};
/** A row; empty maps take 18 of them. */
const HARDLY_ANY_BYTES = 32;

const sum = (values: number[]): number => values.reduce((total, value) => total + value, 0);

async function materialize(db: ClickHouse, { text, partition }: TextIndexGap, signal: AbortSignal): Promise<void> {
  const steps = textIndexes
    .filter((index) => index.text === text)
    .map(({ name }) => trusted(`MATERIALIZE INDEX ${name} IN PARTITION ${uint(Number(partition)).text}`));
  // Does not wait: it would hold the connection that inserts.
  await db.run(clickhouse`ALTER TABLE observations ${join(steps, ', ')}`);
  const isUnderWay = clickhouse`database = currentDatabase() AND table = 'observations' AND NOT is_done AND command LIKE '%MATERIALIZE INDEX%'`;
  for (;;) {
    const [state] = await db.rows<{ reason: string }>(clickhouse`
      SELECT latest_fail_reason AS reason FROM system.mutations WHERE ${isUnderWay} LIMIT 1`);
    if (!state) return;
    if (signal.aborted || state.reason !== '') {
      await db.run(clickhouse`KILL MUTATION WHERE ${isUnderWay}`);
      if (signal.aborted) return;
      throw new Error(`The text index of ${text} in ${partition} could not be built: ${state.reason}`);
    }
    await pause(POLL_MS, signal);
  }
}

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end, { once: true });
  });

/*
 * A segment into the engine. When the engine refuses it for what it says, it is halved until the record at fault stands alone:
 * that one is set aside in `rejected/`, the rest goes in. What was inserted twice meanwhile is one row by its version.
 */
import { access, mkdir, open, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { type ClickHouse, ClickHouseError } from '../../stores/clickhouse/clickhouse.ts';
import { clickhouse, type ClickHouseSql, join as joinSql, string } from '../../stores/clickhouse/sql.ts';
import type { Fate } from '../journal.ts';
import type { ReceiptRow } from '../ledger/receipt.ts';
import { journalTableOf } from './record-batch.ts';
import type { SegmentHeader } from './segment.ts';

/** A request's rows in a segment. Offsets count from the start of the file. */
export interface SegmentRecord {
  projectId: string;
  start: number;
  end: number;
  /** Null for a record read back after a start, whose rows nobody has counted. */
  rows: number | null;
  /** Null where there is none, and for a record read back. */
  receipt: ReceiptRow | null;
  settle(fate: Fate): void;
}

/** A file that takes no more rows, or is about to be closed. */
export interface ClosedSegment {
  path: string;
  table: string;
  header: SegmentHeader;
  /** Up to here it is whole. */
  bytes: number;
  /** Not yet in the engine. */
  records: SegmentRecord[];
  /** How often it was to be applied. */
  attempts: number;
  /** Some are: not to be inserted as a whole again. */
  isHalved: boolean;
  /** A failed write may have left something behind `bytes`. */
  isTorn: boolean;
  /** Written before this process began. */
  isRecovered: boolean;
}

/** Rows the engine refused for what they say; the file `path` has them as a segment of their own. */
export interface Rejected {
  projectId: string;
  table: string;
  rows: number | null;
  bytes: number;
  path: string;
  error: unknown;
  receipt: ReceiptRow | null;
}

export interface DeletedTrace {
  projectId: string;
  traceId: string;
}

export interface ApplyNeeds {
  clickhouse: Pick<ClickHouse, 'insertFile'>;
  /** Their rows are dropped from what an earlier process has written. */
  deletedTraces(): Promise<readonly DeletedTrace[]>;
  onRejected(rejected: Rejected): void;
}

/**
 * Codes of the engine that speak of what rows say: 6, 26, 27, 38, 41, 72, 130, 131, 117 parsing; 12, 36, 69, 321, 407 out of bounds;
 * 33 less than announced; 44, 48, 50, 53, 70 types; 128, 190 arrays; 248 partition; 349 null; 469 constraint.
 */
const OF_THE_ROWS = new Set([
  6, 12, 26, 27, 33, 36, 38, 41, 44, 48, 50, 53, 69, 70, 72, 117, 128, 130, 131, 190, 248, 321, 349, 407, 469,
]);
/**
 * Codes that speak of the engine's own state: 23, 24 reading, writing; 60, 81 no table or database; 74–76 files; 159 time;
 * 164, 242 read-only; 173 allocation; 202, 203, 252 too much at once; 209, 210 network; 218, 219 dropped; 236, 394 stopped;
 * 241 memory; 243 disk space; 425 system; 439 threads; 0, 1000–1002 anything below the engine.
 */
const OF_THE_ENGINE = new Set([
  0, 23, 24, 60, 74, 75, 76, 81, 159, 164, 173, 202, 203, 209, 210, 218, 219, 236, 241, 242, 243, 252, 394, 425, 439,
  1000, 1001, 1002,
]);
/**
 * Other codes may mean either. Rows set aside for a fault of the machine would be lost to their readers, rows at fault that are
 * tried for ever would hold up all others: so they are tried as often as this first, over a minute at the journal's pauses.
 */
const DOUBTFUL_ATTEMPTS = 20;

/** Resolves when every record is in the engine or set aside. @throws what the engine says while it takes nothing */
export async function applySegment(needs: ApplyNeeds, segment: ClosedSegment): Promise<void> {
  segment.attempts += 1;
  if (segment.isTorn) {
    await truncate(segment.path, segment.bytes);
    segment.isTorn = false;
  }
  const where = segment.isRecovered ? notDeleted(await needs.deletedTraces(), segment) : undefined;
  const insert = (file: string): Promise<void> =>
    needs.clickhouse.insertFile(file, {
      table: segment.table,
      columns: segment.header.columns,
      ...(where !== undefined && { where }),
    });
  if (!segment.isHalved) {
    try {
      await insert(segment.path);
      return settle(segment, segment.records, 'stored');
    } catch (error) {
      // The engine has several words for a file that is gone; this has one.
      await access(segment.path);
      if (!isAboutRows(error, segment)) throw error;
    }
  }
  await applyHalves(needs, segment, insert);
}

function settle(segment: ClosedSegment, records: readonly SegmentRecord[], fate: Fate): void {
  const those = new Set(records);
  segment.records = segment.records.filter((record) => !those.has(record));
  for (const record of records) record.settle(fate);
}

const isAboutRows = (error: unknown, { attempts }: ClosedSegment): boolean =>
  error instanceof ClickHouseError &&
  (OF_THE_ROWS.has(error.code) || (attempts > DOUBTFUL_ATTEMPTS && !OF_THE_ENGINE.has(error.code)));

/** Undefined when nothing was deleted in the projects of the segment. */
function notDeleted(deleted: readonly DeletedTrace[], { records, table }: ClosedSegment): ClickHouseSql | undefined {
  const isOf = journalTableOf(table)?.isOf;
  if (!isOf) return undefined;
  const present = new Set(records.map(({ projectId }) => projectId));
  const byProject = Map.groupBy(
    deleted.filter(({ projectId }) => present.has(projectId)),
    ({ projectId }) => projectId,
  );
  if (byProject.size === 0) return undefined;
  const conditions = [...byProject].map(
    ([projectId, traces]) =>
      clickhouse`NOT (project_id = ${string(projectId)} AND ${isOf(traces.map(({ traceId }) => traceId))})`,
  );
  return joinSql(conditions, ' AND ');
}

type Insert = (file: string) => Promise<void>;

async function applyHalves(needs: ApplyNeeds, segment: ClosedSegment, insert: Insert): Promise<void> {
  const part = `${segment.path}.part`;

  async function tryTogether(records: readonly SegmentRecord[]): Promise<void> {
    await copyRecords(segment, records, part);
    try {
      await insert(part);
      return settle(segment, records, 'stored');
    } catch (error) {
      if (!isAboutRows(error, segment)) throw error;
      if (records.length === 1) return reject(records[0]!, error);
    }
    const middle = Math.ceil(records.length / 2);
    await tryTogether(records.slice(0, middle));
    await tryTogether(records.slice(middle));
  }

  /** Once its rows are in a file of their own. */
  async function reject(record: SegmentRecord, error: unknown): Promise<void> {
    const directory = join(dirname(segment.path), 'rejected');
    await mkdir(directory, { recursive: true });
    const path = join(directory, `${basename(segment.path, '.rows')}.${record.start}.rows`);
    await rename(part, path);
    const { projectId, rows, start, end, receipt } = record;
    needs.onRejected({ projectId, table: segment.table, rows, bytes: end - start, path, error, receipt });
    settle(segment, [record], 'rejected');
  }

  try {
    // A file of these columns without rows must go in; else the rows are not at fault.
    await copyRecords(segment, [], part);
    await insert(part);
    segment.isHalved = true;
    if (segment.records.length > 0) await tryTogether(segment.records);
  } finally {
    await rm(part, { force: true });
  }
}

/** The header and these records, which stand side by side in the segment. */
async function copyRecords(
  { path, header }: ClosedSegment,
  records: readonly SegmentRecord[],
  to: string,
): Promise<void> {
  const from = records[0]?.start ?? 0;
  const bytes = Buffer.allocUnsafe((records.at(-1)?.end ?? 0) - from);
  const source = await open(path, 'r');
  try {
    const { bytesRead } = await source.read(bytes, 0, bytes.length, from);
    if (bytesRead < bytes.length) throw new Error(`${path} is shorter than what was written to it`);
  } finally {
    await source.close();
  }
  await writeFile(to, Buffer.concat([header.bytes, bytes]), { mode: 0o600 });
}

/*
 * The journal of the embedded engine (docs/decisions/0005-the-journal.md). Stages of a block:
 *
 *   append   encoded into the batch that is being gathered
 *   write    one write and one fdatasync a table for every request in the batch → acknowledged, later the longer the backlog
 *   rotate   the open segments are closed when full, when a reader waits, or after 400 ms to 1 s; those of the ledger after 5 s
 *   apply    one INSERT at a time, from the oldest closed segment; then the file goes
 *
 * While the engine takes nothing, acknowledging goes on until the bytes allowed are used up; what cannot be written is refused
 * with 503. Both end by themselves.
 */
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm, truncate } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Logger } from 'pino';
import { OverloadedError } from '../../http/errors.ts';
import type { ClickHouse } from '../../stores/clickhouse/clickhouse.ts';
import { syncPath } from '../../stores/sync-path.ts';
import { checkRoom } from '../../stores/disk-room.ts';
import type { Fate, Journal, Reach, Receipt, RowBlock } from '../journal.ts';
import {
  applySegment,
  type ApplyNeeds,
  type ClosedSegment,
  type DeletedTrace,
  type Rejected,
} from './apply-segment.ts';
import {
  type Batch,
  type BatchPart,
  encodeBlock,
  journalTableOf,
  journalTables,
  newBatch,
  releaseBatch,
} from './record-batch.ts';
import { checksumOf, formatSegmentName, parseSegmentName, readSegment, segmentHeader } from './segment.ts';

/** Caps of a segment: larger inserts cost as much a row and hold more memory. */
const FULL_ROWS = 10_000;
const FULL_BYTES = 32 * 1024 * 1024;
/**
 * How long rows may lie in an open segment when nobody asks for them. The larger the commits, the fewer times a row is merged: with
 * 12 MB each 65 to 78 us of CPU a row for insert and merges together, with 21 MB 55. Where few rows come in that is no matter.
 */
const MAX_AGE_MS = 1_000;
const FEW_MAX_AGE_MS = 400;
const FEW_ROWS = 1_000;
/** So many need not wait for more. */
const ENOUGH_ROWS = 6_000;
/** The same for the ledger: a commit of its few rows costs as much as one of many. */
const LEDGER_MAX_AGE_MS = 5_000;
/** Between two starts while busy: small inserts cost twice as much a row. */
const MIN_GAP_MS = 100;

/**
 * Accepting outruns applying almost three times, so an acknowledgement waits the longer the more is unapplied. The lower mark
 * lies above what gathers until the next commit is due: below it the engine stands idle while clients wait (with 2,000 to 10,000
 * rows it was busy 38 % of the time, and the door took 12,100 spans/s instead of 18,300).
 */
export const DELAY = {
  rows: { low: 12_000, high: 30_000 },
  bytes: { low: 40e6, high: 100e6 },
  atHighMs: 400,
  maxMs: 2_000,
};
/** Of the bytes allowed, what one project may use. */
export const PROJECT_SHARE = 0.5;

const FIRST_PAUSE_MS = 100;
const MAX_PAUSE_MS = 5_000;
/** How often a disk that took no write is tried again. */
const DISK_RETRY_MS = 1_000;
/** How long a read waits for what was acknowledged before it is told to come again. */
export const MAX_WAIT_MS = 30_000;
const MAX_WAIT_FAILING_MS = 2_000;
const LOOK_MS = 500;
const CLOSE_WAIT_MS = 15_000;

export interface JournalState {
  /** False when something keeps it from taking rows, or the engine from taking them over. */
  ok: boolean;
  /** What that is, a sentence; empty when ok. */
  problem: string;
  /** Acknowledged and not yet in the engine; rows found at the start are in the bytes alone. */
  backlogRows: number;
  backlogBytes: number;
  /** Milliseconds since the oldest of them was acknowledged; 0 without any. */
  oldestMs: number;
}

export interface SegmentJournal extends Journal {
  state(): JournalState;
}

export interface SegmentJournalOptions {
  /** Its own; made if need be. */
  directory: string;
  clickhouse: Pick<ClickHouse, 'insertFile'>;
  log: Pick<Logger, 'info' | 'warn' | 'error'>;
  /** Whether an acknowledgement waits until the disk has the rows (and not only the operating system). */
  fsync: boolean;
  /** What may lie unapplied before the doors say 503. */
  maxBytes: number;
  /** Traces whose rows an earlier process may have written and which must not come back. */
  deletedTraces(): Promise<readonly DeletedTrace[]>;
  /** The journal is this one: what became of the rows can be told in it. */
  onRejected?(rejected: Rejected, journal: Journal): void;
  /** How long a read waited at the barrier, also 0. */
  onWait?(waitMs: number): void;
  /** Each segment the engine has taken over; rows found at the start are not counted. */
  onApplied?(rows: number, tookMs: number): void;
  /** For tests on a small disk. */
  reserveBytes?: number;
}

/** What of a project is in a segment. */
interface Presence {
  bytes: number;
  /** Null: any. */
  traces: Set<string> | null;
  hasOthersThanKept: boolean;
}

interface Segment extends ClosedSegment {
  /** Null once closed. */
  file: FileHandle | null;
  rows: number;
  isLedger: boolean;
  /** Not written to again, whatever its age. */
  isSpent: boolean;
  projects: Map<string, Presence>;
  sinceMs: number;
  done: PromiseWithResolvers<void>;
}

/** Reads back what an earlier process has left, and starts applying it; resolves as soon as rows can be taken. */
export async function openSegmentJournal(options: SegmentJournalOptions): Promise<SegmentJournal> {
  const { directory, log } = options;
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const recovered = await recover(options);
  if (recovered.length > 0) {
    const bytes = recovered.reduce((sum, segment) => sum + segment.bytes, 0);
    log.info({ segments: recovered.length, bytes }, 'rows of the last run are being applied');
  }
  return new OpenJournal(options, recovered);
}

class OpenJournal implements SegmentJournal {
  readonly #options: SegmentJournalOptions;
  readonly #applyNeeds: ApplyNeeds;
  readonly #headers = new Map(journalTables.map(({ target }) => [target.table, segmentHeader(target)]));
  #nextNumber: number;
  #isClosed = false;

  /** The last one takes new blocks, the first may be on its way to the disk. */
  #batches: Batch[] = [];
  #flushing: Promise<void> | null = null;
  #isWriting = false;
  /** Requests not acknowledged yet, by project. */
  readonly #underWay = new Map<string, Set<Promise<unknown>>>();

  /** One a table at the most. */
  #open: Segment[] = [];
  /** Oldest first. */
  #closed: Segment[] = [];
  #isRotationWanted = false;
  #doesReaderWait = false;
  #isLedgerWanted = false;
  #applying: Promise<void> | null = null;
  #timer: NodeJS.Timeout | null = null;
  #lastStartMs = -Infinity;

  #backlogRows = 0;
  /** Of the blocks that were encoded, on the disk or not. */
  #backlogBytes = 0;
  readonly #projectBytes = new Map<string, number>();

  #failures = 0;
  #engineProblem = '';
  #diskProblem = '';
  #diskTimer: NodeJS.Timeout | null = null;
  #roomCheckedMs = -Infinity;

  constructor(options: SegmentJournalOptions, recovered: Segment[]) {
    this.#options = options;
    const { clickhouse, deletedTraces, log } = options;
    this.#applyNeeds = {
      clickhouse,
      deletedTraces,
      onRejected: (rejected) => {
        const { error, receipt, ...rest } = rejected;
        log.error(
          { err: error, receiptId: receipt?.id ?? null, ...rest },
          'the engine refused rows for what they say; they are set aside',
        );
        options.onRejected?.(rejected, this);
      },
    };
    this.#closed = recovered;
    for (const { projects } of recovered) this.#countBytes(projects, 1);
    this.#nextNumber = 1 + Math.max(0, ...recovered.map(({ path }) => parseSegmentName(basename(path))!.number));
    this.#kick();
  }

  // ---- append, write, acknowledge

  async append(block: RowBlock): Promise<Receipt> {
    const { projectId } = block;
    this.#refuseWhenFull(projectId);
    const last = this.#batches.at(-1);
    // The first one may be on its way to the disk.
    const isOpen = last !== undefined && !(this.#isWriting && this.#batches.length === 1);
    const batch = isOpen && last.rows < FULL_ROWS && last.bytes < FULL_BYTES ? last : newBatch();
    if (batch !== last) this.#batches.push(batch);

    const fate = Promise.withResolvers<Fate>();
    let open = 0;
    let worst: Fate = 'stored';
    const { records, bytes } = encodeBlock(batch, block, {
      settle: (one) => {
        if (one === 'rejected') worst = one;
        open -= 1;
        if (open === 0) fate.resolve(worst);
      },
      onUnwritable: (error, table) =>
        // The ledger knows: it is written after them.
        this.#applyNeeds.onRejected({ projectId, table, rows: 1, bytes: 0, path: '', error, receipt: null }),
    });
    open = records;
    if (records === 0) fate.resolve('rejected');
    if (bytes === 0) return { applied: fate.promise };
    this.#countProject(projectId, bytes);

    const written = new Promise<void>((resolve, reject) => void batch.waiting.push({ resolve, reject }));
    const untrack = this.#track(projectId, written);
    this.#flushing ??= this.#flush();
    try {
      await written;
    } catch (cause) {
      this.#countProject(projectId, -bytes);
      throw new OverloadedError('The rows could not be stored; send this again', 2, { cause });
    } finally {
      untrack();
    }
    const delayMs = this.#delayMs();
    if (delayMs > 0) await sleep(delayMs);
    return { applied: fate.promise };
  }

  #refuseWhenFull(projectId: string): void {
    const { maxBytes } = this.#options;
    if (this.#isClosed) throw new OverloadedError('The server is shutting down', 5);
    if (this.#backlogBytes >= maxBytes) throw new OverloadedError('Ingestion is behind; send this again', 5);
    if ((this.#projectBytes.get(projectId) ?? 0) >= maxBytes * PROJECT_SHARE) {
      throw new OverloadedError('Ingestion of this project is behind; send this again', 5);
    }
  }

  #countBytes(projects: ReadonlyMap<string, Presence>, sign: 1 | -1): void {
    for (const [projectId, { bytes }] of projects) this.#countProject(projectId, sign * bytes);
  }

  #countProject(projectId: string, bytes: number): void {
    this.#backlogBytes += bytes;
    const total = (this.#projectBytes.get(projectId) ?? 0) + bytes;
    if (total > 0) this.#projectBytes.set(projectId, total);
    else this.#projectBytes.delete(projectId);
  }

  /** None while the engine fails: waiting would not help it, and the rows are on the disk. */
  #delayMs(): number {
    if (this.#failures > 0 || this.#isClosed) return 0;
    const { rows, bytes, atHighMs, maxMs } = DELAY;
    const pressure = Math.max(
      (this.#backlogRows - rows.low) / (rows.high - rows.low),
      (this.#backlogBytes - bytes.low) / (bytes.high - bytes.low),
    );
    return Math.min(maxMs, Math.max(0, pressure) * atHighMs);
  }

  #track(projectId: string, work: Promise<unknown>): () => void {
    const those = this.#underWay.get(projectId) ?? new Set();
    this.#underWay.set(projectId, those.add(work));
    return () => {
      those.delete(work);
      if (those.size === 0) this.#underWay.delete(projectId);
    };
  }

  async #flush(): Promise<void> {
    // Requests that are being handled in this turn of the loop share the write.
    await new Promise((resolve) => setImmediate(resolve));
    for (let batch = this.#batches[0]; batch !== undefined; batch = this.#batches[0]) {
      this.#isWriting = true;
      try {
        await this.#write(batch);
        for (const { resolve } of batch.waiting) resolve();
      } catch (error) {
        this.#diskFailed(error);
        for (const { reject } of batch.waiting) reject(error);
      }
      this.#isWriting = false;
      this.#batches.shift();
      releaseBatch(batch);
      if (this.#isRotationWanted) this.#rotate();
      this.#kick();
    }
    this.#flushing = null;
  }

  /** All parts or none. */
  async #write(batch: Batch): Promise<void> {
    await this.#checkRoom();
    const targets: { segment: Segment; part: BatchPart }[] = [];
    for (const [{ target }, part] of batch.parts) {
      const segment = this.#open.find(({ table }) => table === target.table) ?? (await this.#create(target.table));
      targets.push({ segment, part });
    }
    const outcomes = await Promise.allSettled(targets.map(({ segment, part }) => this.#writePart(segment, part)));
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failed !== undefined) {
      for (const { segment } of targets) await this.#takeBack(segment);
      throw failed.reason;
    }
    if (this.#diskProblem !== '') this.#diskAnswers();
    for (const { segment, part } of targets) this.#register(segment, part);
  }

  async #writePart({ file, bytes: at }: Segment, { out }: BatchPart): Promise<void> {
    const bytes = out.bytes();
    for (let done = 0; done < bytes.length;) {
      done += (await file!.write(bytes, done, bytes.length - done, at + done)).bytesWritten;
    }
    if (this.#options.fsync) await file!.datasync();
  }

  /** After a failed write: only what was acknowledged may stay, and the file is not written to again. */
  async #takeBack(segment: Segment): Promise<void> {
    try {
      await segment.file!.truncate(segment.bytes);
    } catch (error) {
      this.#options.log.warn({ err: error, path: segment.path }, 'a torn end of the journal is cut later');
      segment.isTorn = true;
    }
    segment.isSpent = true;
    this.#isRotationWanted = true;
  }

  #register(segment: Segment, { records, rows }: BatchPart): void {
    if (segment.records.length === 0) segment.sinceMs = performance.now();
    const base = segment.bytes;
    for (const { projectId, traces, isKept, start, end, rows: count, receipt, settle } of records) {
      segment.records.push({ projectId, start: base + start, end: base + end, rows: count, receipt, settle });
      const presence = segment.projects.get(projectId);
      if (presence === undefined) {
        segment.projects.set(projectId, { bytes: end - start, traces, hasOthersThanKept: !isKept });
      } else {
        presence.bytes += end - start;
        presence.hasOthersThanKept ||= !isKept;
        for (const traceId of traces) presence.traces!.add(traceId);
      }
    }
    segment.bytes += records.at(-1)!.end;
    segment.rows += rows;
    if (!segment.isLedger) this.#backlogRows += rows;
    if (isAtCap(segment)) this.#isRotationWanted = true;
  }

  async #create(table: string): Promise<Segment> {
    const { directory, fsync } = this.#options;
    const header = this.#headers.get(table)!;
    const number = this.#nextNumber++;
    const path = join(directory, formatSegmentName({ number, table, checksum: checksumOf(header.bytes) }));
    const file = await open(path, 'wx', 0o600);
    try {
      await file.write(header.bytes, 0, header.bytes.length, 0);
      // So that the new file survives the loss of power.
      if (fsync) await syncPath(directory);
    } catch (error) {
      await file.close();
      await rm(path, { force: true });
      throw error;
    }
    const segment: Segment = {
      path,
      table,
      header,
      file,
      bytes: header.bytes.length,
      rows: 0,
      isLedger: journalTableOf(table)?.isLedger ?? false,
      isSpent: false,
      records: [],
      projects: new Map(),
      sinceMs: performance.now(),
      attempts: 0,
      isHalved: false,
      isTorn: false,
      isRecovered: false,
      done: Promise.withResolvers(),
    };
    this.#open.push(segment);
    return segment;
  }

  // ---- the disk

  async #checkRoom(): Promise<void> {
    const { directory, reserveBytes } = this.#options;
    const nowMs = performance.now();
    if (nowMs - this.#roomCheckedMs < DISK_RETRY_MS && this.#diskProblem === '') return;
    await checkRoom(directory, reserveBytes);
    this.#roomCheckedMs = nowMs;
  }

  #diskFailed(error: unknown): void {
    if (this.#diskProblem === '') this.#options.log.error({ err: error }, 'the journal cannot be written');
    this.#diskProblem = `The journal cannot be written: ${messageOf(error)}`;
    this.#diskTimer ??= setTimeout(() => void this.#tryDisk(), DISK_RETRY_MS);
  }

  #diskAnswers(): void {
    this.#diskProblem = '';
    this.#options.log.info('the journal can be written again');
  }

  /** Nobody may send while `ready` is red, so that a write works again is found out here. */
  async #tryDisk(): Promise<void> {
    this.#diskTimer = null;
    if (this.#diskProblem === '' || this.#isClosed) return;
    const path = join(this.#options.directory, 'probe');
    try {
      await this.#checkRoom();
      const file = await open(path, 'w', 0o600);
      try {
        await file.write(Buffer.alloc(4096, 1));
        await file.datasync();
      } finally {
        await file.close();
        await rm(path, { force: true });
      }
      this.#diskAnswers();
    } catch (error) {
      this.#diskFailed(error);
    }
  }

  // ---- rotate, apply

  /** Starts what is due, or sees to it that it starts when it is. */
  #kick(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#applying !== null) return;
    const waitMs = this.#dueMs() - performance.now();
    if (waitMs === Infinity) return;
    if (waitMs > 0) {
      this.#timer = setTimeout(() => this.#kick(), waitMs);
      return;
    }
    if (this.#closed.length === 0) {
      if (this.#isWriting) {
        this.#isRotationWanted = true; // the write ends in a kick
        return;
      }
      this.#rotate();
    }
    this.#applying = this.#applyOldest().finally(() => {
      this.#applying = null;
      this.#kick();
    });
  }

  #dueMs(): number {
    const retryMs = this.#failures > 0 ? this.#lastStartMs + pauseMs(this.#failures) : -Infinity;
    if (this.#closed.length > 0) return retryMs;
    const filled = this.#open.filter(({ records }) => records.length > 0);
    if (filled.length === 0) return Infinity;
    const agedMs = Math.min(...filled.map((segment) => this.#agedMs(segment)));
    return Math.max(agedMs, retryMs, this.#isClosed ? -Infinity : this.#lastStartMs + MIN_GAP_MS);
  }

  /** When it is old enough to go, or somebody wants it to. */
  #agedMs({ sinceMs, isLedger, rows }: Segment): number {
    if (this.#isClosed) return -Infinity;
    if (isLedger) return this.#isLedgerWanted ? -Infinity : sinceMs + LEDGER_MAX_AGE_MS;
    if (this.#doesReaderWait || rows >= ENOUGH_ROWS) return -Infinity;
    return sinceMs + (rows < FEW_ROWS ? FEW_MAX_AGE_MS : MAX_AGE_MS);
  }

  /** Not while a write is under way. */
  #rotate(): void {
    const nowMs = performance.now();
    const goes = (segment: Segment): boolean => segment.isSpent || isAtCap(segment) || this.#agedMs(segment) <= nowMs;
    const staying = this.#open.filter((segment) => !goes(segment));
    // Readers of rows first.
    const going = this.#open.filter(goes).toSorted((a, b) => Number(a.isLedger) - Number(b.isLedger));
    this.#isRotationWanted = false;
    this.#doesReaderWait = false;
    this.#isLedgerWanted = false;
    for (const segment of going) {
      const { file } = segment;
      segment.file = null;
      void file!.close().catch((error: unknown) => this.#options.log.warn({ err: error }, 'a file was not closed'));
      if (segment.records.length > 0) this.#closed.push(segment);
      else void this.#remove(segment.path);
    }
    this.#open = staying;
  }

  async #applyOldest(): Promise<void> {
    const segment = this.#closed[0];
    if (segment === undefined) return;
    // The gap is for the sake of larger commits of rows; the ledger's few are no reason to let those wait.
    if (!segment.isLedger) this.#lastStartMs = performance.now();
    try {
      await applySegment(this.#applyNeeds, segment);
    } catch (error) {
      if (isGone(error)) this.#options.log.error({ err: error, path: segment.path }, 'a file of the journal is gone');
      else return this.#engineFailed(error);
      for (const record of segment.records) record.settle('rejected');
    }
    if (!segment.isLedger) this.#options.onApplied?.(segment.rows, performance.now() - this.#lastStartMs);
    if (this.#engineProblem !== '') this.#options.log.info('the engine takes rows again');
    this.#failures = 0;
    this.#engineProblem = '';
    await this.#remove(segment.path);
    this.#closed.shift();
    if (!segment.isLedger) this.#backlogRows -= segment.rows;
    this.#countBytes(segment.projects, -1);
    segment.done.resolve();
  }

  #engineFailed(error: unknown): void {
    this.#lastStartMs = Math.max(this.#lastStartMs, performance.now());
    this.#failures += 1;
    this.#engineProblem = `The engine takes no rows: ${messageOf(error)}`;
    if (this.#failures === 1)
      this.#options.log.error({ err: error }, 'the engine takes no rows; they stay in the journal');
  }

  /** What stays is applied again at the next start, where versions make that harmless. */
  async #remove(path: string): Promise<void> {
    try {
      await rm(path, { force: true });
    } catch (error) {
      this.#options.log.warn({ err: error, path }, 'an applied file of the journal could not be removed');
    }
  }

  // ---- reads

  async barrier(reach: Reach): Promise<void> {
    const startMs = performance.now();
    await this.#wait(reach);
    this.#options.onWait?.(performance.now() - startMs);
  }

  async hasRoom(): Promise<void> {
    const { directory, reserveBytes } = this.#options;
    try {
      await checkRoom(directory, reserveBytes);
    } catch (cause) {
      throw new OverloadedError('There is too little room on the disk; try again later', 10, { cause });
    }
  }

  async settled(projectId: string): Promise<void> {
    await Promise.allSettled(this.#underWay.get(projectId) ?? []);
    await Promise.all([this.#wait({ projectId }), this.#wait({ projectId, ledger: true })]);
  }

  async #wait(reach: Reach): Promise<void> {
    const opened = this.#open.filter((segment) => isIn(segment, reach));
    const awaited = [...this.#closed.filter((segment) => isIn(segment, reach)), ...opened];
    if (awaited.length === 0) return;
    if (opened.length > 0 && !(reach.ledger === true ? this.#isLedgerWanted : this.#doesReaderWait)) {
      if (reach.ledger === true) this.#isLedgerWanted = true;
      else this.#doesReaderWait = true;
      this.#kick();
    }
    const applied = Promise.all(awaited.map(({ done }) => done.promise)).then((): true => true);
    const startMs = performance.now();
    while (!(await withinMs(applied, LOOK_MS))) {
      // Asked anew each time: the engine may begin to fail while a read waits.
      const maxMs = this.#failures > 0 ? MAX_WAIT_FAILING_MS : MAX_WAIT_MS;
      if (performance.now() - startMs < maxMs) continue;
      throw new OverloadedError(
        `What was accepted cannot be read yet. ${this.#engineProblem || 'The engine is behind; try again'}`,
        2,
      );
    }
  }

  state(): JournalState {
    const isFull = this.#backlogBytes >= this.#options.maxBytes;
    const oldest = [...this.#closed, ...this.#open].find(({ records, isLedger }) => !isLedger && records.length > 0);
    const problem =
      this.#diskProblem ||
      // One failure alone may be a matter of the moment.
      (this.#failures > 1 ? this.#engineProblem : '') ||
      (isFull ? 'The journal holds as much as it may; the engine is behind' : '');
    return {
      ok: problem === '',
      problem,
      backlogRows: this.#backlogRows,
      backlogBytes: this.#backlogBytes,
      oldestMs: oldest === undefined ? 0 : performance.now() - oldest.sinceMs,
    };
  }

  /** What the engine does not take in time stays for the next start. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#flushing;
    this.#kick();
    for (const deadlineMs = performance.now() + CLOSE_WAIT_MS; performance.now() < deadlineMs;) {
      const isLeft = this.#closed.length + this.#open.filter(({ records }) => records.length > 0).length > 0;
      if (!isLeft || this.#failures > 1) break;
      await (this.#applying ?? sleep(20));
    }
    await this.#applying;
    if (this.#timer !== null) clearTimeout(this.#timer);
    if (this.#diskTimer !== null) clearTimeout(this.#diskTimer);
    for (const { file, records, path } of this.#open) {
      await file!.close();
      if (records.length === 0) await this.#remove(path);
    }
    this.#open = [];
    const left = this.#closed.length;
    if (left > 0) this.#options.log.warn({ segments: left }, 'rows not yet in the engine stay in the journal');
  }
}

const isAtCap = ({ rows, bytes }: Segment): boolean => rows >= FULL_ROWS || bytes >= FULL_BYTES;

function isIn({ projects, isLedger }: Segment, { projectId, traceId, exceptKept, ledger }: Reach): boolean {
  if (isLedger !== (ledger === true)) return false;
  const presence = projects.get(projectId);
  if (presence === undefined || (exceptKept === true && !presence.hasOthersThanKept)) return false;
  return isLedger || traceId === undefined || presence.traces === null || presence.traces.has(traceId);
}

const pauseMs = (failures: number): number => Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (failures - 1));
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
/** True when it resolved in time. */
async function withinMs(work: Promise<true>, ms: number): Promise<boolean> {
  const late = Promise.withResolvers<false>();
  const timer = setTimeout(() => late.resolve(false), ms);
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error)).slice(0, 300);
const isGone = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT';

// ---- recovery

/** The segments an earlier process has left, oldest first, each cut to what is whole. */
async function recover({ directory, log }: SegmentJournalOptions): Promise<Segment[]> {
  const known = new Map(journalTables.map(({ target }) => [target.table, segmentHeader(target)]));
  const segments: Segment[] = [];
  for (const name of (await readdir(directory)).toSorted()) {
    const path = join(directory, name);
    const parsed = parseSegmentName(name);
    if (parsed === null) {
      if (name.endsWith('.part') || name === 'probe') await rm(path, { force: true });
      continue;
    }
    const content = await readFile(path);
    const found = readSegment(content, parsed.checksum, known.get(parsed.table));
    if (found === null) {
      await setAside(directory, name, content, log);
      continue;
    }
    const { header, records, validBytes, isHeaderDamaged } = found;
    if (records.length === 0) {
      await rm(path);
      continue;
    }
    if (validBytes < content.length) {
      log.warn({ path, bytes: content.length - validBytes }, 'the torn end of a file of the journal was cut');
      await truncate(path, validBytes);
    }
    if (isHeaderDamaged) await rewriteStart(path, header.bytes);
    const projects = new Map<string, Presence>();
    for (const { projectId, start, end } of records) {
      const presence = projects.get(projectId) ?? { bytes: 0, traces: null, hasOthersThanKept: true };
      presence.bytes += end - start;
      projects.set(projectId, presence);
    }
    segments.push({
      path,
      table: parsed.table,
      // Not the slice, which would hold the whole file in memory.
      header: { ...header, bytes: Buffer.from(header.bytes) },
      file: null,
      bytes: validBytes,
      rows: 0,
      isLedger: journalTableOf(parsed.table)?.isLedger ?? false,
      isSpent: true,
      records: records.map((record) => ({ ...record, rows: null, receipt: null, settle: () => undefined })),
      projects,
      sinceMs: performance.now(),
      attempts: 0,
      isHalved: false,
      isTorn: false,
      isRecovered: true,
      done: Promise.withResolvers(),
    });
  }
  return segments;
}

/** A header of a torn first write holds nothing; one that is damaged otherwise is kept for a person to look at. */
async function setAside(
  directory: string,
  name: string,
  content: Buffer,
  log: SegmentJournalOptions['log'],
): Promise<void> {
  const path = join(directory, name);
  if (content.length === 0) return rm(path);
  await mkdir(join(directory, 'rejected'), { recursive: true });
  await rename(path, join(directory, 'rejected', name));
  log.error({ path, bytes: content.length }, 'a file of the journal cannot be read; it is set aside');
}

async function rewriteStart(path: string, bytes: Buffer): Promise<void> {
  const file = await open(path, 'r+');
  try {
    await file.write(bytes, 0, bytes.length, 0);
  } finally {
    await file.close();
  }
}

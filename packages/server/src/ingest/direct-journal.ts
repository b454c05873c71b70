import type { Logger } from 'pino';
import { OverloadedError } from '../http/errors.ts';
import type { ClickHouse, InsertTarget } from '../stores/clickhouse/clickhouse.ts';
import { RowBinaryWriter } from '../stores/clickhouse/row-binary.ts';
import type { Journal, RowBlock } from './journal.ts';
import { encodeObservation, observationTarget } from './observation-columns.ts';
import { encodeScore, scoreTarget } from './score-columns.ts';

/** Caps of one commit: larger ones cost as much a row and hold more memory. */
const MAX_ROWS = 10_000;
const MAX_BYTES = 32 * 1024 * 1024;
/** What may wait for the engine before the doors say 503. */
const MAX_WAITING_BYTES = 256 * 1024 * 1024;

interface Pending {
  target: InsertTarget;
  bytes: Buffer;
  rows: number;
  done(): void;
  failed(error: unknown): void;
}

/**
 * "Acknowledged when the engine's insert returns", as a group commit: one insert is in flight, and whatever arrives
 * meanwhile shares the next. Nothing acknowledged is ever invisible, so the barrier has nothing to wait for.
 */
export function createDirectJournal(clickhouse: ClickHouse, log: Pick<Logger, 'error'>): Journal {
  let waiting: Pending[] = [];
  let waitingBytes = 0;
  let running: Promise<void> | null = null;
  let closed = false;
  const underWay = new Map<string, Set<Promise<unknown>>>();

  const enqueue = (target: InsertTarget, bytes: Buffer, rows: number): Promise<void> =>
    new Promise((done, failed) => {
      waiting.push({ target, bytes, rows, done, failed });
      waitingBytes += bytes.length;
    });

  /** The longest run of one table from the front that fits one commit. */
  function take(): Pending[] {
    const first = waiting[0];
    if (!first) return [];
    const group: Pending[] = [];
    const rest: Pending[] = [];
    let rows = 0;
    let bytes = 0;
    for (const entry of waiting) {
      const fits = group.length === 0 || (rows + entry.rows <= MAX_ROWS && bytes + entry.bytes.length <= MAX_BYTES);
      if (entry.target === first.target && fits) {
        group.push(entry);
        rows += entry.rows;
        bytes += entry.bytes.length;
      } else rest.push(entry);
    }
    waiting = rest;
    waitingBytes -= bytes;
    return group;
  }

  async function commit(group: Pending[]): Promise<void> {
    const target = group[0]!.target;
    try {
      await clickhouse.insert(
        target,
        group.length === 1 ? group[0]!.bytes : Buffer.concat(group.map(({ bytes }) => bytes)),
      );
      for (const { done } of group) done();
    } catch (error) {
      if (group.length === 1) group[0]!.failed(error);
      // One request's rows must not fail those of others that only shared its commit.
      else for (const entry of group) await commit([entry]);
    }
  }

  async function drain(): Promise<void> {
    // Lets requests that are being handled in this turn of the loop share the commit.
    await new Promise((resolve) => setImmediate(resolve));
    for (let group = take(); group.length > 0; group = take()) await commit(group);
    running = null;
  }

  function track(projectId: string, work: Promise<unknown>): () => void {
    const those = underWay.get(projectId) ?? new Set();
    underWay.set(projectId, those.add(work));
    return () => {
      those.delete(work);
      if (those.size === 0) underWay.delete(projectId);
    };
  }

  return {
    async append(block) {
      if (closed) throw new OverloadedError('The server is shutting down', 5);
      if (waitingBytes > MAX_WAITING_BYTES) throw new OverloadedError('Ingestion is behind; send this again', 2);
      const stored: Promise<void>[] = [];
      for (const { target, bytes, rows } of encode(block)) stored.push(enqueue(target, bytes, rows));
      running ??= drain();
      const all = Promise.all(stored);
      const untrack = track(block.projectId, all);
      try {
        await all;
      } catch (cause) {
        log.error(
          { err: cause, projectId: block.projectId, rows: block.observations.length + block.scores.length },
          'rows could not be stored',
        );
        throw new OverloadedError('The rows could not be stored; send this again', 2, { cause });
      } finally {
        untrack();
      }
      return { applied: Promise.resolve('stored') };
    },
    barrier: () => Promise.resolve(),
    async settled(projectId) {
      await Promise.allSettled(underWay.get(projectId) ?? []);
    },
    async close() {
      closed = true;
      await running;
    },
  };
}

function encode({ observations, scores }: RowBlock): { target: InsertTarget; bytes: Buffer; rows: number }[] {
  const parts: { target: InsertTarget; bytes: Buffer; rows: number }[] = [];
  if (observations.length > 0) {
    const out = new RowBinaryWriter();
    for (const row of observations) encodeObservation(out, row);
    parts.push({ target: observationTarget, bytes: out.bytes(), rows: observations.length });
  }
  if (scores.length > 0) {
    const out = new RowBinaryWriter(4096);
    for (const row of scores) encodeScore(out, row);
    parts.push({ target: scoreTarget, bytes: out.bytes(), rows: scores.length });
  }
  return parts;
}

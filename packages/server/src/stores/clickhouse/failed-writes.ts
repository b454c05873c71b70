import { glob, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ENGINE_RESERVE_BYTES, hasRoom } from '../disk-room.ts';
import { ClickHouseError } from './clickhouse.ts';
import { clickhouse, ClickHouseSql } from './sql.ts';
import { removeTornMutations } from './torn-mutations.ts';

/** CANNOT_WRITE_TO_FILE_DESCRIPTOR: what a ClickHouse server answers where chDB says nothing. */
const CANNOT_WRITE = 75;
const WATCH_MS = 500;
/** Nobody knows whether the disk takes writes again but by trying; each try that fails costs a repair. */
const PAUSE_MS = 5000;
/** Merges under way end at their next block. */
const ENDING_MS = 2000;
const ENDING_PAUSE_MS = 10;
const ATTACH_ATTEMPTS = 20;
const ATTACH_PAUSE_MS = 200;

export interface EngineLog {
  warn(fields: object, message: string): void;
  info(fields: object, message: string): void;
}

interface FailedWritesNeeds {
  /** A connection that nothing else waits for. @throws ClickHouseError */
  rows<Row>(statement: ClickHouseSql): Promise<Row[]>;
  /** @throws ClickHouseError */
  run(statement: ClickHouseSql): Promise<void>;
  /** Runs the work while nobody reads. */
  whileNobodyReads(work: () => Promise<void>): Promise<void>;
  engineDirectory: string;
  log: EngineLog;
}

/**
 * chDB 26.7 counts a write that failed (no room, a quota, a fault of the disk) and goes on as if it had been made: an INSERT, a DELETE
 * or a merge "succeeds" with files cut short. So the counter is asked after each statement that writes, and twice a second for
 * merges. When it has moved, tables are loaded anew: the engine then finds each file that is shorter than it should be, sets its
 * part aside, and takes back the parts it was made of, which stay on the disk for a minute (`old_parts_lifetime`). Merges rest until
 * there is room, and some seconds longer. Other faults (a file that cannot be opened or renamed) the engine does report.
 *
 * And where a merge that failed could not remove its directory either (no right to write, no descriptor left), the engine tries the same
 * merge for ever, always finds the directory, and never comes to the mutation that a DELETE waits for: such directories are removed.
 */
export class FailedWrites {
  readonly #needs: FailedWritesNeeds;
  readonly #timer: NodeJS.Timeout;
  #known = 0;
  #repairs = 0;
  #repair: Promise<void> | null = null;
  /** Merges that found the directory of an earlier attempt, as far as that is mended. */
  #knownObstacles = 0;
  /** Taken out, and not back yet: by a repair under way, or one that did not come to its end. */
  readonly #detached = new Set<string>();
  /** When merges may begin again, by the clock of `performance`; null while they run. */
  #restsUntilMs: number | null = null;
  #watch: Promise<void> | null = null;
  #isClosed = false;

  /** Of this engine: the counter is the process's. @throws ClickHouseError */
  static async watch(needs: FailedWritesNeeds): Promise<FailedWrites> {
    const failedWrites = new FailedWrites(needs);
    failedWrites.#known = await failedWrites.#count();
    failedWrites.#knownObstacles = await failedWrites.#obstacles();
    return failedWrites;
  }

  private constructor(needs: FailedWritesNeeds) {
    this.#needs = needs;
    this.#timer = setInterval(() => {
      this.#watch ??= this.#look()
        .catch((error: unknown) => needs.log.warn({ err: error }, 'the engine could not be looked after'))
        .finally(() => (this.#watch = null));
    }, WATCH_MS).unref();
  }

  /**
   * Resolves with what the statement resolves with, when every byte of it was written. One that waits for parts to be rewritten would
   * wait as long as merges rest, and so would all after it. @throws ClickHouseError
   */
  async confirmed<Result>(
    statement: () => Promise<Result>,
    { needsMerges }: { needsMerges: boolean },
  ): Promise<Result> {
    await this.#repair?.catch(() => undefined);
    // After the repair, which puts merges to rest.
    if (needsMerges && this.#restsUntilMs !== null) {
      throw new ClickHouseError('The engine rewrites nothing until there is room on its disk', CANNOT_WRITE);
    }
    const repairs = this.#repairs;
    const outcome = await Promise.allSettled([statement()]);
    if ((await this.#count()) !== this.#known) await this.repair();
    // Whatever the statement says itself: its table may have been out when it came.
    if (repairs !== this.#repairs) {
      throw new ClickHouseError('The engine could not write to its disk; what it wrote is set aside', CANNOT_WRITE);
    }
    if (outcome[0].status === 'rejected') throw outcome[0].reason;
    return outcome[0].value;
  }

  /** True when writes had failed, so that what could not be read may be readable now. @throws ClickHouseError */
  async repairedSince(repairs: number): Promise<boolean> {
    if ((await this.#count()) !== this.#known || this.#repair !== null) await this.repair();
    return this.#repairs !== repairs;
  }

  get repairs(): number {
    return this.#repairs;
  }

  /** Loads all tables anew; one at a time, whoever asks. @throws ClickHouseError when a table could not be loaded */
  repair(): Promise<void> {
    this.#repair ??= this.#needs
      .whileNobodyReads(() => this.#loadAnew())
      .finally(() => {
        this.#repair = null;
      });
    return this.#repair;
  }

  /** Nothing is merged any more: a process that ends while the engine's threads write crashes at times. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#timer);
    await this.#watch;
    await this.#repair?.catch(() => undefined);
    await this.#needs.run(clickhouse`SYSTEM STOP MERGES`);
    await this.#haveMergesEnded();
  }

  /** After they were stopped. */
  async #haveMergesEnded(): Promise<boolean> {
    for (const start = performance.now(); performance.now() - start < ENDING_MS; await sleep(ENDING_PAUSE_MS)) {
      const [row] = await this.#needs.rows<{ merges: number }>(clickhouse`
        SELECT toUInt32(count()) AS merges FROM system.merges`);
      if (row?.merges === 0) return true;
    }
    return false;
  }

  async #count(): Promise<number> {
    if (this.#isClosed) return this.#known;
    const [row] = await this.#needs.rows<{ failed: number }>(clickhouse`
      SELECT toUInt32(value) AS failed FROM system.events WHERE event = 'WriteBufferFromFileDescriptorWriteFailed'`);
    return row?.failed ?? 0;
  }

  async #obstacles(): Promise<number> {
    const [row] = await this.#needs.rows<{ met: number }>(clickhouse`
      SELECT toUInt32(value) AS met FROM system.errors WHERE name = 'DIRECTORY_ALREADY_EXISTS'`);
    return row?.met ?? 0;
  }

  async #removeObstacles(): Promise<void> {
    const { run, engineDirectory, log } = this.#needs;
    const obstacles = await this.#obstacles();
    if (obstacles === this.#knownObstacles) return;
    await run(clickhouse`SYSTEM STOP MERGES`);
    try {
      // Those of merges under way are no obstacles.
      if (!(await this.#haveMergesEnded())) return;
      // store/<first three digits>/<id of the table>/
      for await (const name of glob('store/*/*/tmp_{merge,mut}_*', { cwd: engineDirectory })) {
        // Nor can it be removed here for as long as nothing can be written: the next look tries again.
        const problem = await rm(join(engineDirectory, name), { recursive: true }).catch((error: unknown) => error);
        if (problem !== undefined) return;
        log.warn({ directory: name }, 'what a merge that failed had left was removed');
      }
      this.#knownObstacles = obstacles;
    } finally {
      if (this.#restsUntilMs === null) await run(clickhouse`SYSTEM START MERGES`);
    }
  }

  async #look(): Promise<void> {
    if (this.#isClosed) return;
    if (this.#detached.size > 0 || (await this.#count()) !== this.#known) await this.repair();
    await this.#removeObstacles();
    const room = await hasRoom(this.#needs.engineDirectory, ENGINE_RESERVE_BYTES);
    if (this.#restsUntilMs === null) {
      if (!room) await this.#rest(0);
    } else if (room && performance.now() >= this.#restsUntilMs) {
      await this.#needs.run(clickhouse`SYSTEM START MERGES`);
      this.#restsUntilMs = null;
      this.#needs.log.info({}, 'the engine merges again');
    }
  }

  async #rest(ms: number): Promise<void> {
    await this.#needs.run(clickhouse`SYSTEM STOP MERGES`);
    this.#restsUntilMs = performance.now() + ms;
  }

  async #loadAnew(): Promise<void> {
    const { rows, log } = this.#needs;
    const before = this.#known;
    this.#repairs += 1;
    for (;;) {
      // What fails from here on is found by the next look.
      this.#known = await this.#count();
      const tables = await rows<{ name: string }>(clickhouse`
        SELECT name FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree'`);
      for (const { name } of tables) await this.#detach(name);
      await removeTornMutations(this.#needs.engineDirectory);
      for (const name of this.#detached) await this.#attach(name);
      await this.#rest(PAUSE_MS);
      if ((await this.#count()) === this.#known) break;
    }
    const setAside = await rows<{ table: string; name: string }>(clickhouse`
      SELECT table, name FROM system.detached_parts WHERE database = currentDatabase() AND reason LIKE 'broken%'`);
    log.warn(
      { failedWrites: this.#known - before, brokenParts: setAside.map(({ table, name }) => `${table}/${name}`) },
      'the engine could not write to its disk; its tables were loaded anew, without the parts that are not whole',
    );
  }

  async #detach(name: string): Promise<void> {
    // Waits for statements that still hold it; otherwise it could not be loaded beside.
    await this.#needs.run(ClickHouseSql.trusted(`DETACH TABLE ${name} SYNC`));
    this.#detached.add(name);
  }

  async #attach(name: string): Promise<void> {
    for (let attempt = 1; this.#detached.has(name); attempt += 1) {
      try {
        await this.#needs.run(ClickHouseSql.trusted(`ATTACH TABLE ${name}`));
        this.#detached.delete(name);
      } catch (error) {
        if (attempt === ATTACH_ATTEMPTS) throw error;
        await sleep(ATTACH_PAUSE_MS);
      }
    }
    // Those that the first moments have begun are stopped.
    await this.#needs.run(ClickHouseSql.trusted(`SYSTEM STOP MERGES ${name}`));
  }
}

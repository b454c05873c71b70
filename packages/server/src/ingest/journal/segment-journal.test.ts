import { copyFile, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openChdb } from '../../stores/clickhouse/chdb.ts';
import { type ClickHouse, ClickHouseError } from '../../stores/clickhouse/clickhouse.ts';
import { clickhouse, string } from '../../stores/clickhouse/sql.ts';
import { plantStores } from '../../stores/test-stores.ts';
import type { RowBlock } from '../journal.ts';
import { arrival, Problems, receiptOf } from '../ledger/receipt.ts';
import { emptyRow, type ObservationRow } from '../observation.ts';
import type { Rejected } from './apply-segment.ts';
import { parseSegmentName, readSegment } from './segment.ts';
import { openSegmentJournal, type SegmentJournal, type SegmentJournalOptions } from './segment-journal.ts';

let directory: string;
let db: ClickHouse;
/** One a test, so that tests share tables. */
let project = '';
let count = 0;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tracehouse-journal-'));
  await plantStores(directory, ['clickhouse']);
  db = await openChdb(join(directory, 'clickhouse'));
});
afterAll(async () => {
  await db.close();
  await rm(directory, { recursive: true, force: true });
});
beforeEach(() => {
  project = `p${(count += 1)}`;
});

const folder = (): string => join(directory, project);

const row = (id: string, more: Partial<ObservationRow> = {}): ObservationRow => ({
  ...emptyRow({
    projectId: project,
    kind: 'observation',
    id,
    traceId: 't',
    startTime: 1_790_000_000_000_000,
    source: 'otlp',
  }),
  ...more,
});

const block = (...ids: string[]) => ({ projectId: project, observations: ids.map((id) => row(id)), scores: [] });

const open = (options: Partial<SegmentJournalOptions> = {}): Promise<SegmentJournal> =>
  openSegmentJournal({
    directory: folder(),
    clickhouse: db,
    log: pino({ level: 'silent' }),
    fsync: true,
    maxBytes: 64 * 1024 * 1024,
    deletedTraces: async () => [],
    ...options,
  });

const stored = async (): Promise<string[]> => {
  const rows = await db.rows<{ id: string }>(
    clickhouse`SELECT id FROM observations FINAL WHERE project_id = ${string(project)} ORDER BY id`,
  );
  return rows.map(({ id }) => id);
};
const segments = async (): Promise<string[]> => (await readdir(folder())).filter((name) => name.endsWith('.rows'));
const later = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const engineError = (code: number): ClickHouseError => new ClickHouseError(`Code: ${code}`, code);

/** An engine that fails `fails` times, with `error`, before it is the real one; `failed` when it has for the first time. */
function failing(
  fails: number,
  error: Error = engineError(241),
): { engine: Pick<ClickHouse, 'insertFile'>; heal(): void; failed: Promise<void> } {
  let left = fails;
  const { promise: failed, resolve } = Promise.withResolvers<void>();
  return {
    failed,
    engine: {
      async insertFile(...args) {
        if (left > 0) {
          left -= 1;
          resolve();
          throw error;
        }
        await db.insertFile(...args);
      },
    },
    heal: () => (left = 0),
  };
}

describe('reads', () => {
  test('what was acknowledged is there once the barrier is passed', async () => {
    const journal = await open();
    for (let i = 0; i < 20; i += 1) {
      await journal.append(block(`r${i}`));
      await journal.barrier({ projectId: project });
      expect(await stored()).toHaveLength(i + 1);
    }
    await journal.close();
  });

  test('a read of another project or trace does not wait', async () => {
    const { engine, heal } = failing(Infinity);
    const journal = await open({ clickhouse: engine });
    await journal.append(block('a'));
    await journal.barrier({ projectId: 'another' });
    await journal.barrier({ projectId: project, traceId: 'another' });
    heal();
    await journal.close();
  });

  test('rows that the sender keeps in memory are waited for by everyone else', async () => {
    const { engine, heal } = failing(1);
    const journal = await open({ clickhouse: engine });
    const { applied } = await journal.append({ ...block('a'), isKeptUntilApplied: true });
    await journal.barrier({ projectId: project, exceptKept: true });
    expect(await stored()).toEqual([]);
    heal();
    await journal.barrier({ projectId: project });
    expect(await applied).toBe('stored');
    expect(await stored()).toEqual(['a']);
    await journal.close();
  });

  test('rows nobody asks for get into the engine too, and their file goes', async () => {
    const journal = await open();
    await journal.append(block('a'));
    await expect.poll(stored, { timeout: 60_000 }).toEqual(['a']);
    await expect.poll(segments, { timeout: 60_000 }).toEqual([]);
    await expect
      .poll(() => journal.state(), { timeout: 60_000 })
      .toEqual({ ok: true, problem: '', backlogRows: 0, backlogBytes: 0, oldestMs: 0 });
    await journal.close();
  });

  test('before a deletion rows that are not acknowledged yet are waited for too', async () => {
    const journal = await open();
    const appending = journal.append(block('a'));
    await journal.settled(project);
    expect(await stored()).toEqual(['a']);
    await appending;
    await journal.close();
  });
});

describe('many at once', () => {
  test('requests that come together share writes and inserts, and none is lost', async () => {
    let inserts = 0;
    const journal = await open({
      clickhouse: {
        insertFile: (...args) => {
          inserts += 1;
          return db.insertFile(...args);
        },
      },
    });
    await Promise.all(Array.from({ length: 300 }, (_, i) => journal.append(block(`r${i}`, `s${i}`))));
    await journal.barrier({ projectId: project });
    expect(await stored()).toHaveLength(600);
    expect(inserts).toBeLessThan(10);
    await journal.close();
  });

  test('acknowledging is delayed while the engine is behind', async () => {
    const { engine, heal } = slow(400);
    const journal = await open({ clickhouse: engine });
    const many = Array.from({ length: 20_000 }, (_, i) => `r${i}`);
    await journal.append(block(...many));
    const startMs = performance.now();
    await journal.append(block('one more'));
    expect(performance.now() - startMs).toBeGreaterThan(100);
    heal();
    await journal.close();
    expect(await stored()).toHaveLength(20_001);
  });

  test('beyond the bytes allowed the door is told to come again, first for the project that has most', async () => {
    const { engine, heal } = failing(Infinity);
    const journal = await open({ clickhouse: engine, maxBytes: 100_000 });
    const large = (projectId: string, id: string) => ({
      projectId,
      observations: [row(id, { projectId, input: 'x'.repeat(30_000) })],
      scores: [],
    });
    await journal.append(large(project, 'a'));
    await journal.append(large(project, 'b'));
    await expect(journal.append(large(project, 'c'))).rejects.toMatchObject({ status: 503, retryAfterS: 5 });
    await journal.append(large(`${project}x`, 'a'));
    await journal.append(large(`${project}x`, 'b'));
    await expect(journal.append(large(`${project}y`, 'a'))).rejects.toMatchObject({ status: 503 });
    expect(journal.state()).toMatchObject({ ok: false });
    heal();
    await journal.barrier({ projectId: project });
    await journal.append(large(project, 'c'));
    await journal.close();
    expect(await stored()).toEqual(['a', 'b', 'c']);
  });
});

function slow(ms: number): { engine: Pick<ClickHouse, 'insertFile'>; heal(): void } {
  let wait = ms;
  return {
    engine: {
      async insertFile(...args) {
        await later(wait);
        await db.insertFile(...args);
      },
    },
    heal: () => (wait = 0),
  };
}

describe('an engine that takes nothing', () => {
  test.each([engineError(241), engineError(243), engineError(60), engineError(0)])(
    'acknowledging goes on, and the rows are there afterwards ($code)',
    async (error) => {
      const { engine, heal } = failing(Infinity, error);
      const journal = await open({ clickhouse: engine });
      for (let i = 0; i < 20; i += 1) {
        await journal.append(block(`r${i}`));
        await later(20);
      }
      await expect.poll(() => journal.state(), { timeout: 60_000 }).toMatchObject({ ok: false, backlogRows: 20 });
      expect(journal.state().problem).toContain('takes no rows');
      heal();
      await journal.settled(project);
      expect(await stored()).toHaveLength(20);
      expect(journal.state().ok).toBe(true);
      await journal.close();
    },
  );

  test('a read is not left hanging: it is told to come again, and why', async () => {
    const { engine, heal, failed } = failing(Infinity);
    const journal = await open({ clickhouse: engine });
    await journal.append(block('a'));
    await failed;
    const error = await journal.barrier({ projectId: project }).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ status: 503, message: expect.stringContaining('Code: 241') });
    heal();
    await journal.close();
  });

  test('a table that is away for a while', async () => {
    const journal = await open();
    await journal.append(block('before'));
    await journal.barrier({ projectId: project });
    await db.run(clickhouse`DETACH TABLE observations`);
    await journal.append(block('meanwhile'));
    await expect.poll(() => journal.state().ok, { timeout: 60_000 }).toBe(false);
    await db.run(clickhouse`ATTACH TABLE observations`);
    await journal.settled(project);
    expect(await stored()).toEqual(['before', 'meanwhile']);
    expect(await readdir(folder())).toEqual([]);
    await journal.close();
  });

  test('what it did not take before the end is applied at the next start', async () => {
    const { engine, failed } = failing(Infinity);
    const journal = await open({ clickhouse: engine });
    await journal.append(block('a', 'b'));
    await journal.append(block('c'));
    await failed;
    await journal.close();
    expect(await segments()).not.toEqual([]);
    const next = await open();
    await next.barrier({ projectId: project, exceptKept: true });
    expect(await stored()).toEqual(['a', 'b', 'c']);
    expect(await segments()).toEqual([]);
    await next.close();
  });
});

describe('rows the engine refuses for what they say', () => {
  /** Refuses a file that holds this text, as the engine does when a value does not fit. */
  const picky = (text: string): Pick<ClickHouse, 'insertFile'> => ({
    async insertFile(file, ...rest) {
      const { readFile } = await import('node:fs/promises');
      if ((await readFile(file)).includes(text)) throw engineError(69);
      await db.insertFile(file, ...rest);
    },
  });

  test('only the request at fault is set aside; its file can be applied by hand', async () => {
    const rejected: Rejected[] = [];
    const journal = await open({ clickhouse: picky('POISON'), onRejected: (one) => rejected.push(one) });
    const receipts = await Promise.all(
      Array.from({ length: 50 }, (_, i) =>
        journal.append({
          ...block(),
          observations: [row(`r${i}`), row(`s${i}`, { input: i === 17 || i === 40 ? 'POISON' : 'fine' })],
        }),
      ),
    );
    const fates = await Promise.all(receipts.map(({ applied }) => applied));
    expect(fates.flatMap((fate, i) => (fate === 'rejected' ? [i] : []))).toEqual([17, 40]);
    expect(await stored()).toHaveLength(96);
    expect(rejected).toMatchObject([
      { projectId: project, table: 'observations', rows: 2 },
      { projectId: project, table: 'observations', rows: 2 },
    ]);
    // A request hears that it is applied before the file it shared with others is gone.
    await expect
      .poll(() => journal.state(), { timeout: 60_000 })
      .toMatchObject({ ok: true, backlogRows: 0, backlogBytes: 0 });
    await journal.close();
    for (const { path } of rejected) {
      await db.insertFile(path, { table: 'observations', columns: ['project_id', 'id', 'trace_id', 'start_time'] });
    }
    expect(await stored()).toHaveLength(100);
  });

  test('an engine that refuses also a file without rows refuses not the rows', async () => {
    const { engine, heal } = failing(Infinity, engineError(69));
    const rejected: Rejected[] = [];
    const journal = await open({ clickhouse: engine, onRejected: (one) => rejected.push(one) });
    await journal.append(block('a'));
    await later(600);
    heal();
    await journal.settled(project);
    expect(rejected).toEqual([]);
    expect(await stored()).toEqual(['a']);
    await journal.close();
  });

  test('what the engine says for reasons unheard of is no reason to set rows aside', async () => {
    const { engine, heal } = failing(Infinity, engineError(9999));
    const rejected: Rejected[] = [];
    // As on a machine without file descriptors left, where a file without rows may go in.
    const journal = await open({
      clickhouse: {
        insertFile: (file, into) => (file.endsWith('.part') ? Promise.resolve() : engine.insertFile(file, into)),
      },
      onRejected: (one) => rejected.push(one),
    });
    await journal.append(block('a'));
    await expect.poll(() => journal.state().ok, { timeout: 60_000 }).toBe(false);
    heal();
    await journal.settled(project);
    expect(rejected).toEqual([]);
    expect(await stored()).toEqual(['a']);
    await journal.close();
  });

  test('an engine that goes away amid the search loses and reports nothing twice', async () => {
    let calls = 0;
    const base = picky('POISON');
    const rejected: Rejected[] = [];
    const journal = await open({
      clickhouse: {
        insertFile: (...args) =>
          [3, 6, 7, 12].includes((calls += 1)) ? Promise.reject(engineError(241)) : base.insertFile(...args),
      },
      onRejected: (one) => rejected.push(one),
    });
    await Promise.all(
      Array.from({ length: 8 }, (_, i) =>
        journal.append({ ...block(), observations: [row(`r${i}`, { input: i === 2 ? 'POISON' : 'fine' })] }),
      ),
    );
    await expect.poll(() => journal.state().backlogRows, { timeout: 60_000 }).toBe(0);
    expect(rejected).toHaveLength(1);
    expect(await stored()).toHaveLength(7);
    await journal.close();
  });

  test('a row that cannot be written costs the sender no other row', async () => {
    const rejected: Rejected[] = [];
    const journal = await open({ onRejected: (one) => rejected.push(one) });
    await journal.append({ ...block(), observations: [row('a'), row('b', { totalCost: 'much' }), row('c')] });
    await journal.barrier({ projectId: project });
    expect(await stored()).toEqual(['a', 'c']);
    expect(rejected).toMatchObject([{ projectId: project, rows: 1 }]);
    await journal.close();
  });

  test('one commit may fill any number of months', async () => {
    const journal = await open();
    const observations = Array.from({ length: 150 }, (_, i) =>
      row(`r${i}`, { startTime: Date.UTC(2010, i, 1) * 1000 }),
    );
    await journal.append({ ...block(), observations });
    await journal.barrier({ projectId: project });
    expect(await stored()).toHaveLength(150);
    await journal.close();
  });
});

test('a file torn at any byte gives back every request that is whole, and takes no other', async () => {
  const journal = await open({ clickhouse: failing(Infinity).engine });
  const ids = Array.from({ length: 30 }, (_, i) => `r${String(i).padStart(2, '0')}`);
  for (const id of ids) {
    await journal.append({ ...block(), observations: [row(id, { input: 'x'.repeat(id.charCodeAt(2) * 7) })] });
  }
  await journal.close();
  const files = new Map(
    await Promise.all(
      (await segments()).toSorted().map(async (name) => [name, await readFile(join(folder(), name))] as const),
    ),
  );
  // Later rows are of higher numbers, so each cut gives back what the one before did, and what stands between them.
  const [name, content] = [...files].at(-1)!;
  const before = ids.length - (readSegment(content, parseSegmentName(name)!.checksum, undefined)?.records.length ?? 0);
  const cuts = Array.from({ length: 12 }, (_, i) => Math.floor((content.length * i) / 11));
  for (const cut of cuts) {
    for (const [each, whole] of files)
      await writeFile(join(folder(), each), each === name ? whole.subarray(0, cut) : whole);
    const next = await open();
    await next.settled(project);
    const whole = readSegment(content, parseSegmentName(name)!.checksum, undefined)!.records.filter(
      ({ end }) => end <= cut,
    );
    expect(await stored()).toEqual(ids.slice(0, before + whole.length));
    await next.close();
    expect(await segments()).toEqual([]);
  }
  expect(await stored()).toEqual(ids);
}, 60_000);

test('rows of traces deleted since do not come back from the journal of the last run', async () => {
  const { engine, failed } = failing(Infinity);
  const journal = await open({ clickhouse: engine });
  await journal.append({
    ...block(),
    observations: [
      row('a', { traceId: 'gone' }),
      row('b', { traceId: 'here' }),
      row('gone', { kind: 'trace', traceId: 'gone' }),
    ],
  });
  await failed;
  await journal.close();
  let asked = 0;
  const next = await open({
    deletedTraces: async () => {
      asked += 1;
      // The marks may be away at first.
      if (asked === 1) throw new Error('Postgres is away');
      return [
        { projectId: project, traceId: 'gone' },
        { projectId: 'another', traceId: 'here' },
      ];
    },
  });
  await next.settled(project);
  expect(await stored()).toEqual(['b']);
  await next.close();
});

describe('the ledger', () => {
  const now = new Date();
  const receipts = (): Promise<{ stored: number; codes: string[] }[]> =>
    db.rows(clickhouse`SELECT stored, codes FROM receipts FINAL WHERE project_id = ${string(project)} ORDER BY id`);
  const bodies = (): Promise<{ items: string[] }[]> =>
    db.rows(clickhouse`SELECT items FROM refused_bodies FINAL WHERE project_id = ${string(project)} ORDER BY items`);

  /** As a door sends it: rows with their receipt, which says they are stored. */
  function sent(rows: ObservationRow[], refusedOf?: string): RowBlock {
    const arrived = arrivedNow();
    const { receiptId: id, time } = arrived;
    const outcome = {
      status: 200,
      stored: rows.length,
      rejected: 0,
      acknowledgedOnly: 0,
      adjusted: 0,
      traceIds: ['t'],
    };
    const receipt = receiptOf(project, arrived, { ...outcome, problems: new Problems() });
    const refusedBody =
      refusedOf === undefined
        ? null
        : {
            projectId: project,
            receiptId: id,
            time,
            encoding: 'text' as const,
            isCut: false,
            rowVersion: 1,
            items: [`about ${refusedOf}`],
            traceIds: [refusedOf],
          };
    return { projectId: project, observations: rows, scores: [], ledger: { receipt, refusedBody } };
  }
  const arrivedNow = () =>
    arrival(
      { now, newId: () => crypto.randomUUID() },
      { door: 'OTLP', route: '', publicKey: 'pk', sdkName: '', sdkVersion: '', headers: {}, bodyBytes: 0 },
    );

  test('who waits for rows does not wait for their receipts; who reads the ledger sees them', async () => {
    const journal = await open();
    const { applied } = await journal.append(sent([row('a')]));
    await journal.barrier({ projectId: project, traceId: 't' });
    expect(await applied).toBe('stored');
    expect(await stored()).toEqual(['a']);
    expect(await segments()).toMatchObject([expect.stringContaining('.receipts.')]);
    await journal.barrier({ projectId: project, ledger: true });
    expect(await receipts()).toEqual([{ stored: 1, codes: [] }]);
    await journal.close();
  });

  test('without a reader they are applied by themselves', async () => {
    const journal = await open();
    await journal.append(sent([row('a')]));
    await expect.poll(receipts, { timeout: 60_000 }).toHaveLength(1);
    await journal.close();
  });

  test('rows and receipts of a process that died are there together, each once; not what was refused of deleted traces', async () => {
    const { engine, failed } = failing(Infinity);
    const journal = await open({ clickhouse: engine });
    await journal.append(sent([row('a')], 'gone'));
    await journal.append(sent([row('b')], 'here'));
    await journal.append(sent([]));
    await failed;
    await journal.close();
    const deletedTraces = async () => [{ projectId: project, traceId: 'gone' }];
    // As if it died between the commit and the removal of the file.
    const kept = await segments();
    await Promise.all(kept.map((name) => copyFile(join(folder(), name), join(folder(), `${name}.kept`))));
    const next = await open({ deletedTraces });
    await next.settled(project);
    await next.close();
    await Promise.all(kept.map((name) => rename(join(folder(), `${name}.kept`), join(folder(), name))));
    const last = await open({ deletedTraces });
    await last.settled(project);
    expect(await stored()).toEqual(['a', 'b']);
    expect((await receipts()).map(({ stored: count }) => count).toSorted()).toEqual([0, 1, 1]);
    expect(await bodies()).toEqual([{ items: ['about here'] }]);
    await last.close();
  });

  test('a row that cannot be written is no longer told as stored', async () => {
    const journal = await open();
    await journal.append(sent([row('a'), row('b', { totalCost: 'much' })]));
    await journal.barrier({ projectId: project, ledger: true });
    expect(await receipts()).toEqual([{ stored: 1, codes: ['engine'] }]);
    await journal.close();
  });
});

test('a file that an operator removed is given up, and what follows goes in', async () => {
  const { engine, heal, failed } = failing(Infinity);
  const journal = await open({ clickhouse: engine });
  const { applied } = await journal.append(block('a'));
  // Its file takes no more rows from then on.
  await failed;
  for (const name of await segments()) await rm(join(folder(), name));
  await journal.append(block('b'));
  heal();
  expect(await applied).toBe('rejected');
  await journal.settled(project);
  expect(await stored()).toEqual(['b']);
  expect((await stat(folder())).isDirectory()).toBe(true);
  await journal.close();
});

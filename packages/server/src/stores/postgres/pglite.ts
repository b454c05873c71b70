import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { PGlite, type Transaction } from '@electric-sql/pglite';
import { columnTypes } from './column-types.ts';
import { BASELINE_WASM, makeDatabase } from './new-database.ts';
import { LogFailure, OwnNodeFs } from './pglite-files.ts';
import { asPostgresError, type Postgres, PostgresError } from './postgres.ts';

// 130 MB less than the default of 128 MB, for 0 to 30 % of the speed of single statements.
const buffers = ['-c', 'shared_buffers=16MB'];
/** Of the ways to flush only this one reaches `OwnNodeFs`. */
const flushing = [...PGlite.defaultStartParams.filter((param) => param !== '-F'), '-c', 'wal_sync_method=fsync'];

for (const flag of BASELINE_WASM) setFlagsFromString(flag);

const FIRST_PAUSE_MS = 500;
const MAX_PAUSE_MS = 15_000;
const CLOSE_MS = 5_000;

/**
 * PGlite in this process; `directory` must be locked by us before (PGlite does not), undefined keeps everything in memory.
 * A commit survives the death of the process; with `fsync` the loss of power too, for a flush of the disk in which the event
 * loop stands still.
 *
 * An error of Postgres that ends a server (a full disk when its log must grow) leaves a PGlite that answers nothing any more:
 * it is given up and opened again by the next statement, as a server would be.
 */
export async function openPglite(
  directory: string | undefined,
  { fsync = false }: { fsync?: boolean } = {},
): Promise<Postgres> {
  let open = await openInstance(directory, fsync);
  let isBroken = false;
  let reopening: Promise<void> | null = null;
  let attempts = 0;
  let nextAttemptMs = 0;
  let underWay = 0;
  let lastFailure: unknown;

  async function reopen(): Promise<void> {
    // Nothing may still run on the old one: two of them would write to the same files.
    if (underWay > 0 || performance.now() < nextAttemptMs) throw asPostgresError(lastFailure);
    open.abandon();
    try {
      open = await openInstance(directory, fsync);
      isBroken = false;
      attempts = 0;
    } catch (error) {
      lastFailure = error;
      nextAttemptMs = performance.now() + Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** attempts);
      attempts += 1;
      throw asPostgresError(error);
    }
  }

  async function use<Result>(work: (db: PGlite) => Promise<Result>): Promise<Result> {
    if (isBroken) await (reopening ??= reopen().finally(() => (reopening = null)));
    const { db } = open;
    underWay += 1;
    try {
      return await work(db);
    } catch (error) {
      if (directory !== undefined && !isBroken && !(await stillAnswers(db, error))) {
        isBroken = true;
        lastFailure = error;
      }
      throw error;
    } finally {
      underWay -= 1;
    }
  }

  return {
    rows: <Row>(statement: { text: string; values: readonly unknown[] }) => use((db) => over(db).rows<Row>(statement)),
    script: (text) => use((db) => over(db).script(text)),
    transaction: (work) =>
      use(async (db) => {
        let ofWork: unknown;
        const within = (tx: Transaction): ReturnType<typeof work> => {
          const inner: Postgres = {
            ...over(tx),
            transaction: (nested) => nested(inner),
            close: () => Promise.resolve(),
          };
          return work(inner).catch((error: unknown) => {
            ofWork = error;
            throw error;
          });
        };
        try {
          return await db.transaction(within);
        } catch (error) {
          throw error === ofWork ? error : asPostgresError(error);
        }
      }),
    async close() {
      // One that is broken never ends its own closing, and what was committed is in its log.
      if (!isBroken) await Promise.race([open.db.close().catch(() => undefined), sleep(CLOSE_MS)]);
      open.abandon();
    },
  };
}

interface Instance {
  db: PGlite;
  /** Lets go of its files without writing. */
  abandon(): void;
}

async function openInstance(directory: string | undefined, fsync: boolean): Promise<Instance> {
  if (directory !== undefined && !existsSync(join(directory, 'PG_VERSION')))
    await makeDatabase(directory, { flushes: fsync });
  const files = directory === undefined ? undefined : new OwnNodeFs(directory, { flushes: fsync });
  const abandon = (): void => files?.letGo();
  try {
    const db = await PGlite.create({
      startParams: [...(fsync ? flushing : PGlite.defaultStartParams), ...buffers],
      parsers: columnTypes,
      ...(files && { fs: files }),
    });
    return { db, abandon };
  } catch (error) {
    abandon();
    throw error;
  }
}

/** An error of level ERROR ends a statement; what is graver, or no error of SQL at all, may have ended Postgres. */
async function stillAnswers(db: PGlite, error: unknown): Promise<boolean> {
  const of = error instanceof PostgresError ? error.cause : error;
  if (of instanceof LogFailure) return false;
  if ((of as { severity?: unknown }).severity === 'ERROR') return true;
  return db.query('SELECT 1').then(
    () => true,
    () => false,
  );
}

function over(handle: PGlite | Transaction): Omit<Postgres, 'transaction' | 'close'> {
  return {
    rows: async <Row>({ text, values }: { text: string; values: readonly unknown[] }) => {
      try {
        return (await handle.query<Row>(text, [...values])).rows;
      } catch (error) {
        throw asPostgresError(error);
      }
    },
    script: async (text) => {
      try {
        await handle.exec(text);
      } catch (error) {
        throw asPostgresError(error);
      }
    },
  };
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms).unref());

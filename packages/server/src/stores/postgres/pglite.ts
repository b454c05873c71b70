import { PGlite, type Transaction } from '@electric-sql/pglite';
import { columnTypes } from './column-types.ts';
import type { Postgres } from './postgres.ts';

// 130 MB less than the default of 128 MB, for 0 to 30 % of the speed of single statements.
const startParams = [...PGlite.defaultStartParams, '-c', 'shared_buffers=16MB'];

/**
 * PGlite in this process; `directory` must be locked by us before (PGlite does not), undefined keeps everything in memory.
 * A commit survives the death of the process, not a loss of power: PGlite does not flush.
 */
export async function openPglite(directory: string | undefined): Promise<Postgres> {
  const db = await PGlite.create({
    startParams,
    parsers: columnTypes,
    ...(directory !== undefined && { dataDir: directory }),
  });
  return {
    ...over(db),
    transaction: (work) =>
      db.transaction((tx) => {
        const inner: Postgres = { ...over(tx), transaction: (nested) => nested(inner), close: () => Promise.resolve() };
        return work(inner);
      }),
    close: () => db.close(),
  };
}

const over = (handle: PGlite | Transaction): Omit<Postgres, 'transaction' | 'close'> => ({
  rows: async <Row>({ text, values }: { text: string; values: readonly unknown[] }) =>
    (await handle.query<Row>(text, [...values])).rows,
  script: async (text) => {
    await handle.exec(text);
  },
});

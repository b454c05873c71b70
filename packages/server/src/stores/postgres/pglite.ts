import { PGlite, type Transaction } from '@electric-sql/pglite';
import type { Postgres } from './postgres.ts';

/** PGlite in this process; `directory` must be locked by us before (PGlite does not), undefined keeps everything in memory. */
export async function openPglite(directory: string | undefined): Promise<Postgres> {
  const db = await PGlite.create(directory === undefined ? {} : { dataDir: directory });
  const over = (handle: PGlite | Transaction): Omit<Postgres, 'transaction' | 'close'> => ({
    rows: async <Row>({ text, values }: { text: string; values: readonly unknown[] }) =>
      (await handle.query<Row>(text, [...values])).rows,
    script: async (text) => {
      await handle.exec(text);
    },
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

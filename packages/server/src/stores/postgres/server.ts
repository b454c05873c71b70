import pg from 'pg';
import { columnTypes } from './column-types.ts';
import { asPostgresError, type Postgres } from './postgres.ts';

/** A PostgreSQL server reached by `DATABASE_URL`. */
export function openPostgresServer(url: string): Postgres {
  const pool = new pg.Pool({
    connectionString: url,
    max: 10,
    application_name: 'tracehouse',
    connectionTimeoutMillis: 5000, // a request answers 503 rather than wait for a server that is away
    types: { getTypeParser },
  });
  // An idle connection that the server closes must not end the process; the next query gets a new one.
  pool.on('error', () => undefined);
  return {
    ...over(pool),
    async transaction(work) {
      const client = await pool.connect().catch((error: unknown) => Promise.reject(asPostgresError(error)));
      let ofWork: unknown;
      const inner: Postgres = {
        ...over(client),
        transaction: (nested) => nested(inner),
        close: () => Promise.resolve(),
      };
      try {
        await client.query('BEGIN');
        const result = await work(inner).catch((error: unknown) => {
          ofWork = error;
          throw error;
        });
        const { command } = await client.query('COMMIT');
        // A server answers so, without an error, when a statement has failed and `work` went on regardless.
        if (command === 'ROLLBACK') throw new Error('The transaction was rolled back: one of its statements failed');
        client.release();
        return result;
      } catch (error) {
        await client.query('ROLLBACK').then(
          () => client.release(),
          (broken: Error) => client.release(broken),
        );
        throw error === ofWork ? error : asPostgresError(error);
      }
    },
    close: () => pool.end(),
  };
}

function over(handle: pg.Pool | pg.PoolClient): Omit<Postgres, 'transaction' | 'close'> {
  const query = async (text: string, values?: unknown[]): Promise<unknown[]> => {
    try {
      return (await handle.query(text, values)).rows as unknown[];
    } catch (error) {
      throw asPostgresError(error);
    }
  };
  return {
    rows: async <Row>({ text, values }: { text: string; values: readonly unknown[] }) =>
      (await query(text, [...values])) as Row[],
    script: async (text) => void (await query(text)),
  };
}

/** Everything arrives as text: no statement asks for the binary form. */
const getTypeParser = ((oid: number, format?: 'text' | 'binary') =>
  (format !== 'binary' && columnTypes[oid]) || pg.types.getTypeParser(oid, format)) as typeof pg.types.getTypeParser;

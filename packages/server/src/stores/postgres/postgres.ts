import type { Sql } from './sql.ts';

/** The two drivers (PGlite, a server through `pg`) behave alike behind this. Times are `Date`, JSON columns are parsed. */
export interface Postgres {
  /** @throws the driver's error, with `code` the SQLSTATE. */
  rows<Row>(statement: Sql): Promise<Row[]>;
  /** All or nothing; `work` must use the handle it is given. */
  transaction<Result>(work: (tx: Postgres) => Promise<Result>): Promise<Result>;
  /** Several statements without values, for migrations. */
  script(text: string): Promise<void>;
  close(): Promise<void>;
}

import type { Sql } from './sql.ts';

/** The two drivers (PGlite, a server through `pg`) behave alike behind this. Times are `Date`, JSON columns are parsed. */
export interface Postgres {
  /** @throws PostgresError */
  rows<Row>(statement: Sql): Promise<Row[]>;
  /** All or nothing; `work` must use the handle it is given. @throws PostgresError, and what `work` throws */
  transaction<Result>(work: (tx: Postgres) => Promise<Result>): Promise<Result>;
  /** Several statements without values, for migrations. */
  script(text: string): Promise<void>;
  close(): Promise<void>;
}

/** `code` is the SQLSTATE (23505 unique, 42P01 no such table); empty when the driver gave none, as when nobody answers. */
export class PostgresError extends Error {
  readonly code: string;
  constructor(cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.name = 'PostgresError';
    const { code } = (cause ?? {}) as { code?: unknown };
    this.code = typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : '';
  }
}

/** Gives errors of a driver the one type. */
export const asPostgresError = (error: unknown): PostgresError =>
  error instanceof PostgresError ? error : new PostgresError(error);

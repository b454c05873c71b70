import type { ClickHouseSql } from './sql.ts';

export interface QueryOptions {
  /** Milliseconds the engine may spend; default 30,000. */
  timeoutMs?: number;
  /** Stops the query in the engine when it fires; without one, a read ends with who asked for it (`readFor`). */
  signal?: AbortSignal;
  /** Engine settings for this statement alone. */
  settings?: Readonly<Record<string, string | number>>;
}

/** A table the program inserts into: its columns in the order of the RowBinary rows. */
export interface InsertTarget {
  table: string;
  /** Column name and the type its bytes are written as. */
  columns: readonly { name: string; type: string }[];
}

/** The two drivers (chDB in this process, a server through HTTP) run the same SQL behind this. */
export interface ClickHouse {
  /** Rows as JSON objects; 64-bit integers and decimals must leave through `toString()`. @throws ClickHouseError */
  rows<Row>(statement: ClickHouseSql, options?: QueryOptions): Promise<Row[]>;
  /**
   * The same rows in RowBinary, for `RowBinaryReader`: numbers keep their digits without a function on each column, and what
   * is long costs less to write and to read than JSON. @throws ClickHouseError
   */
  binary(statement: ClickHouseSql, options?: QueryOptions): Promise<Uint8Array>;
  /** A statement without an answer: DDL, DELETE. @throws ClickHouseError */
  run(statement: ClickHouseSql, options?: QueryOptions): Promise<void>;
  /** Rows in RowBinary; resolves when they are stored and visible. @throws ClickHouseError */
  insert(target: InsertTarget, rows: Uint8Array): Promise<void>;
  /**
   * Rows of a file in RowBinaryWithNamesAndTypes, read where it lies; columns of the file that are not in `columns` are left
   * out, rows that do not meet `where` too. Resolves when they are stored and visible. @throws ClickHouseError
   */
  insertFile(file: string, into: { table: string; columns: readonly string[]; where?: ClickHouseSql }): Promise<void>;
  /** @throws ClickHouseError when the engine does not answer */
  ping(): Promise<void>;
  close(): Promise<void>;
}

/** Codes of the engine for a statement that it gave up, or would not begin. */
export const engineCodes = {
  syntax: 62,
  time: 159,
  memory: 241,
  killed: 394,
  /** `max_result_bytes`. */
  answerBytes: 396,
} as const;

/**
 * The engine takes one core alone where it has less than a gigabyte of memory for each: a setting for statements that a person waits for
 * and that read much.
 */
export const ON_ALL_CORES = { max_threads_min_free_memory_per_thread: 0 } as const;

/** `code` is the engine's (some are in `engineCodes`); 0 when it gave none. */
export class ClickHouseError extends Error {
  readonly code: number;
  constructor(message: string, code: number, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ClickHouseError';
    this.code = code;
  }
}

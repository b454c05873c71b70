import { randomUUID } from 'node:crypto';
import { mkdir, rm, unlink, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join as joinPath, resolve } from 'node:path';
import { Session } from 'chdb';
import { askerGone } from '../asker.ts';
import { type ClickHouse, ClickHouseError, type InsertTarget, type QueryOptions } from './clickhouse.ts';
import { type EngineLog, FailedWrites } from './failed-writes.ts';
import { clickhouse, ClickHouseSql, pattern, string } from './sql.ts';
import { textIndexNames } from './text-search.ts';
import { removeTornMutations } from './torn-mutations.ts';

const SILENT: EngineLog = { warn: () => undefined, info: () => undefined };
const READERS = 4;
export const DEFAULT_TIMEOUT_MS = 30_000;
/** Enough for any machine the program is tested on. */
const DEFAULT_MEMORY_BYTES = 2_000_000_000;
/** Of the engine's memory, what one read may take: inserts must go on beside it. */
const QUERY_SHARE = 0.6;

/**
 * A client may send what happened in any month: the limit of 100 partitions is meant for mistakes of people. Versions of one row
 * are folded by merges and reads anyway; folding those of one file when it is inserted costs a third of the insert.
 */
const FILE_SETTINGS = 'max_partitions_per_insert_block = 0, optimize_on_insert = 0';

/** Caches as shares of the engine's memory, 1/32 is 64 MB of 2 GB; their defaults are meant for a server of its own. */
// oxfmt-ignore
const CACHE_SHARES = {
  mark_cache_size:                1 / 32,
  primary_index_cache_size:       1 / 32,
  index_mark_cache_size:          1 / 64,
  query_condition_cache_size:     1 / 128,
  compiled_expression_cache_size: 1 / 128,
  text_index_tokens_cache_size:   1 / 128,
  text_index_header_cache_size:   1 / 128,
  text_index_postings_cache_size: 1 / 64,
};

/** One keeps up with what two cores take in; with two of them a read would find both cores taken. */
const MERGE_THREADS = Math.max(1, Math.floor(availableParallelism() / 2));

/** A part that a full disk left unfinished is set aside at once, whatever its size, instead of keeping the tables from opening. */
const ANY_NUMBER = 1_000_000_000_000;
/** Where a DELETE could not rewrite a part, the next waits for it: not the five minutes that the engine comes to. */
const POSTPONED_MS = 5000;

const configuration = (memoryBytes: number): string => `<clickhouse>
  <logger><level>none</level></logger>
  <max_server_memory_usage>${memoryBytes}</max_server_memory_usage>
${Object.entries(CACHE_SHARES)
  .map(([name, share]) => `  <${name}>${Math.floor(memoryBytes * share)}</${name}>`)
  .join('\n')}
  <background_pool_size>${MERGE_THREADS}</background_pool_size>
  <merge_tree>
    <max_postpone_time_for_failed_mutations_ms>${POSTPONED_MS}</max_postpone_time_for_failed_mutations_ms>
    <max_suspicious_broken_parts>${ANY_NUMBER}</max_suspicious_broken_parts>
    <max_suspicious_broken_parts_bytes>${ANY_NUMBER}</max_suspicious_broken_parts_bytes>
  </merge_tree>
</clickhouse>
`;

/** Text indexes are built at night. */
const WITHOUT_TEXT_INDEXES = `exclude_materialize_skip_indexes_on_insert = '${textIndexNames}'`;

/**
 * chDB in this process over a directory that the caller has locked. One process holds one directory; connections to it run
 * in parallel, one statement at a time each: one inserts, a few read, one is kept free to stop the others, one looks after what
 * they wrote. `memoryBytes` bounds what all of them hold together; beyond, a statement fails with code 241.
 */
export async function openChdb(
  directory: string,
  { memoryBytes = DEFAULT_MEMORY_BYTES, log = SILENT }: { memoryBytes?: number; log?: EngineLog } = {},
): Promise<ClickHouse> {
  const data = resolve(directory, 'engine');
  const inbox = resolve(directory, 'inbox');
  const configFile = resolve(directory, 'engine.xml');
  // What lies in the inbox was never acknowledged: its sender has been told so, or has lost the connection and sends again.
  await rm(inbox, { recursive: true, force: true });
  await mkdir(inbox, { recursive: true });
  await writeFile(configFile, configuration(memoryBytes));
  await removeTornMutations(data);
  const connect = (): Connection =>
    new Connection(() => new Session(data, { connectionArgs: [`--config-file=${configFile}`] }));
  const inserter = connect();
  const spare = connect();
  const keeper = connect();
  const readers = new Pool(Array.from({ length: READERS }, connect));
  const failedWrites = await FailedWrites.watch({
    async rows<Row>(statement: ClickHouseSql) {
      const result = await keeper.exclusive((connection) => connection.execute(statement, 'JSONEachRow'));
      return parseRows<Row>(result.text());
    },
    run: async (statement) => void (await keeper.exclusive((connection) => connection.execute(statement, 'Null'))),
    whileNobodyReads: (work) => readers.useAll(work),
    engineDirectory: data,
    log,
  });
  let files = 0;

  const stop = (mark: string): Promise<unknown> =>
    spare.exclusive((connection) =>
      connection.execute(
        clickhouse`KILL QUERY WHERE query LIKE ${pattern(mark, 'contains')} AND query NOT LIKE 'KILL%' ASYNC`,
        'Null',
      ),
    );

  async function execute(
    connection: Connection,
    statement: ClickHouseSql,
    format: string,
    options: QueryOptions,
  ): Promise<QueryResult> {
    const { timeoutMs = DEFAULT_TIMEOUT_MS, signal } = options;
    if (signal?.aborted) throw new ClickHouseError('The query was stopped before it began', 394);
    const mark = `q-${randomUUID()}`;
    const stopped = (): void => void stop(mark).catch(() => undefined); // the query then ends by its own time limit
    signal?.addEventListener('abort', stopped, { once: true });
    const settings = {
      max_execution_time: timeoutMs / 1000,
      max_memory_usage: Math.floor(memoryBytes * QUERY_SHARE),
      ...options.settings,
    };
    const list = Object.entries(settings).map(
      ([name, value]) => `${name} = ${typeof value === 'number' ? value : `'${value}'`}`,
    );
    try {
      const text = `/* ${mark} */ ${statement.text}\nSETTINGS ${list.join(', ')}`;
      return await connection.execute(ClickHouseSql.trusted(text), format);
    } finally {
      signal?.removeEventListener('abort', stopped);
    }
  }

  async function read(statement: ClickHouseSql, format: string, options: QueryOptions): Promise<QueryResult> {
    const { signal = askerGone() } = options;
    const { repairs } = failedWrites;
    const once = (): Promise<QueryResult> =>
      readers.use((connection) => execute(connection, statement, format, { ...options, ...(signal && { signal }) }));
    try {
      return await once();
    } catch (error) {
      if (signal?.aborted || !(await failedWrites.repairedSince(repairs))) throw error;
      return await once();
    }
  }

  /** After what was written before. */
  const write = (statement: (connection: Connection) => Promise<unknown>, needsMerges = false): Promise<unknown> =>
    inserter.exclusive((connection) => failedWrites.confirmed(() => statement(connection), { needsMerges }));

  return {
    async rows<Row>(statement: ClickHouseSql, options: QueryOptions = {}) {
      return parseRows<Row>((await read(statement, 'JSONEachRow', options)).text());
    },
    async binary(statement, options = {}) {
      return (await read(statement, 'RowBinary', options)).bytes();
    },
    async run(statement, options = {}) {
      const bare = options.settings === undefined && options.timeoutMs === undefined && options.signal === undefined;
      await write(
        (connection) =>
          bare ? connection.execute(statement, 'Null') : execute(connection, statement, 'Null', options),
        statement.text.startsWith('DELETE'),
      );
    },
    async insert({ table, columns }: InsertTarget, rows) {
      const file = joinPath(inbox, `${(files += 1)}.bin`);
      await writeFile(file, rows);
      const names = columns.map(({ name }) => name).join(', ');
      const structure = columns.map(({ name, type }) => `${name} ${type}`).join(', ');
      try {
        await write((connection) =>
          connection.execute(
            ClickHouseSql.trusted(
              `INSERT INTO ${table} (${names}) SELECT ${names} FROM file(${string(file).text}, RowBinary, ${string(structure).text}) SETTINGS ${WITHOUT_TEXT_INDEXES}`,
            ),
            'Null',
          ),
        );
      } finally {
        await unlink(file);
      }
    },
    async insertFile(file, { table, columns, where }) {
      const names = columns.join(', ');
      const filter = where === undefined ? '' : ` WHERE ${where.text}`;
      const text = `INSERT INTO ${table} (${names}) SELECT ${names} FROM file(${string(file).text}, RowBinaryWithNamesAndTypes)${filter} SETTINGS ${FILE_SETTINGS}, ${WITHOUT_TEXT_INDEXES}`;
      await write((connection) => connection.execute(ClickHouseSql.trusted(text), 'Null'));
    },
    async ping() {
      await spare.exclusive((connection) => connection.execute(clickhouse`SELECT 1`, 'Null'));
    },
    async close() {
      await inserter.exclusive(() => Promise.resolve());
      await failedWrites.close();
      await readers.useAll(() => Promise.resolve());
      // A read that failed or was stopped may still have asked these.
      for (const connection of [spare, keeper]) await connection.exclusive(() => Promise.resolve());
      for (const connection of [inserter, spare, keeper, ...readers.members]) connection.close();
    },
  };
}

const parseRows = <Row>(answer: string): Row[] =>
  answer === '' ? [] : (JSON.parse(`[${answer.trimEnd().replaceAll('\n', ',')}]`) as Row[]);

type QueryResult = Awaited<ReturnType<Session['queryAsync']>>;

/** One connection, one statement at a time. */
class Connection {
  readonly #open: () => Session;
  #session: Session;
  #isClosed = false;
  #tail: Promise<unknown> = Promise.resolve();

  constructor(open: () => Session) {
    this.#open = open;
    this.#session = open();
  }

  /** Runs after what came before on this connection. */
  exclusive<Result>(work: (connection: Connection) => Promise<Result>): Promise<Result> {
    const result = this.#tail.then(() => work(this));
    this.#tail = result.catch(() => undefined);
    return result;
  }

  /**
   * A query that fails half-way leaves its partial output in the connection, and the next query would return it in front
   * of its own result: one project could read another's rows. So every failure fences the connection before it is used again.
   * @throws ClickHouseError
   */
  async execute(statement: ClickHouseSql, format: string): Promise<QueryResult> {
    // The library would crash the process.
    if (this.#isClosed) throw new ClickHouseError('The engine is closed', 0);
    try {
      return await this.#session.queryAsync(statement.text, { format });
    } catch (error) {
      await this.#fence();
      throw asClickHouseError(error);
    }
  }

  async #fence(): Promise<void> {
    const mark = `fence-${randomUUID()}`;
    for (let attempt = 0; attempt < 2; attempt += 1) {
      const answer = await this.#session.queryAsync(`SELECT '${mark}'`, { format: 'TSV' }).then(
        (result) => result.text(),
        () => '',
      );
      if (answer === `${mark}\n`) return;
    }
    this.#session.close();
    this.#session = this.#open();
  }

  close(): void {
    this.#isClosed = true;
    this.#session.close();
  }
}

/** Hands a free connection to each caller, first come first served. */
class Pool {
  readonly members: readonly Connection[];
  readonly #free: Connection[];
  readonly #waiting: ((connection: Connection) => void)[] = [];

  constructor(members: readonly Connection[]) {
    this.members = members;
    this.#free = [...members];
  }

  async use<Result>(work: (connection: Connection) => Promise<Result>): Promise<Result> {
    const connection = this.#free.pop() ?? (await new Promise<Connection>((give) => void this.#waiting.push(give)));
    try {
      return await work(connection);
    } finally {
      const next = this.#waiting.shift();
      if (next) next(connection);
      else this.#free.push(connection);
    }
  }

  /** Waits until every connection has come back, and keeps them all during the work. Two of these at once would wait for each other. */
  async useAll(work: () => Promise<void>): Promise<void> {
    const waiting = this.members.map(() => Promise.withResolvers<void>());
    const over = Promise.withResolvers<void>();
    const all = waiting.map((come) =>
      this.use(async () => {
        come.resolve();
        await over.promise;
      }),
    );
    await Promise.all(waiting.map(({ promise }) => promise));
    try {
      await work();
    } finally {
      over.resolve();
      await Promise.all(all);
    }
  }
}

function asClickHouseError(error: unknown): ClickHouseError {
  const code =
    typeof error === 'object' && error !== null && 'clickhouseCode' in error ? Number(error.clickhouseCode) : 0;
  const message = error instanceof Error ? error.message : String(error);
  return new ClickHouseError(message, Number.isFinite(code) ? code : 0, { cause: error });
}

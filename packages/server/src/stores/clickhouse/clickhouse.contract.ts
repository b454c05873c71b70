import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { beginRow, segmentHeader } from '../../ingest/journal/segment.ts';
import { encodeObservation, observationTarget } from '../../ingest/observation-columns.ts';
import { emptyRow, type ObservationRow } from '../../ingest/observation.ts';
import { readFor } from '../asker.ts';
import { observationReader, scoreReader } from '../../ingest/read-rows.ts';
import { encodeScore, scoreTarget } from '../../ingest/score-columns.ts';
import type { ScoreRow } from '../../ingest/score.ts';
import { type ClickHouse, ClickHouseError } from './clickhouse.ts';
import { migrateClickHouse } from './migrate.ts';
import { RowBinaryWriter } from './row-binary.ts';
import { anyOf, clickhouse, float, micros, pattern, string, strings, uint } from './sql.ts';

/** More reads at once than any driver has connections, so that each of them gets its turn. */
const EVERY_CONNECTION = 12;
/** Fails after 100,000 rows have been written to the answer. */
const halfWay = clickhouse`SELECT number, repeat('x', 50) AS secret, throwIf(number = 100000) AS fails FROM numbers(200000)`;
/** Hours of work. */
const endless = clickhouse`SELECT sum(cityHash64(number)) AS hash FROM numbers(100000000000)`;

const codeOf = async (query: Promise<unknown>): Promise<number> => {
  try {
    await query;
  } catch (error) {
    if (error instanceof ClickHouseError) return error.code;
    throw error;
  }
  throw new Error('the query did not fail');
};

/** What every driver does, whichever engine is behind it. `open` gives an empty database. */
export function clickHouseContract(
  driver: string,
  open: () => Promise<{ db: ClickHouse; close(): Promise<void> }>,
): void {
  describe(driver, () => {
    let db: ClickHouse;
    let close: () => Promise<void>;
    beforeAll(async () => {
      ({ db, close } = await open());
      await migrateClickHouse(db);
    });
    afterAll(() => close());

    const ones = async (): Promise<unknown[]> =>
      Promise.all(
        Array.from({ length: EVERY_CONNECTION }, (_, i) => db.rows(clickhouse`SELECT toUInt32(${uint(i)}) AS i`)),
      );
    const expected = Array.from({ length: EVERY_CONNECTION }, (_, i) => [{ i }]);

    describe('a failed query leaves nothing in front of the next answer', () => {
      test.each([
        ['an error half-way', () => db.rows(halfWay), 395],
        ['its time is up', () => db.rows(endless, { timeoutMs: 200 }), 159],
        [
          'its memory is up',
          () =>
            db.rows(clickhouse`SELECT groupArray(repeat(toString(number), 100)) AS a FROM numbers(1000000)`, {
              settings: { max_memory_usage: 20_000_000 },
            }),
          241,
        ],
        ['it is no SQL', () => db.rows(clickhouse`SELECT FROM WHERE`), 62],
      ] as const)('%s', async (_what, fail, code) => {
        const codes = await Promise.all(Array.from({ length: EVERY_CONNECTION }, () => codeOf(fail())));
        expect(new Set(codes)).toEqual(new Set([code]));
        expect(await ones()).toEqual(expected);
      });

      test('good and bad queries side by side', async () => {
        const mixed = await Promise.all(
          Array.from({ length: 40 }, async (_, i) =>
            i % 2 === 0 ? codeOf(db.rows(halfWay)) : db.rows(clickhouse`SELECT toUInt32(${uint(i)}) AS i`),
          ),
        );
        mixed.forEach((answer, i) => expect(answer).toEqual(i % 2 === 0 ? 395 : [{ i }]));
      });
    });

    test('a query whose caller has gone is stopped in the engine, and its connection serves again', async () => {
      const gone = new AbortController();
      setTimeout(() => gone.abort(), 100);
      const before = performance.now();
      expect(await codeOf(db.rows(endless, { signal: gone.signal }))).toBe(394);
      expect(performance.now() - before).toBeLessThan(5000);
      expect(await codeOf(db.rows(endless, { signal: AbortSignal.abort() }))).toBe(394);
      expect(await codeOf(readFor(AbortSignal.timeout(100), () => db.rows(endless)))).toBe(394);
      expect(await ones()).toEqual(expected);
    });

    describe('values get into SQL as they are', () => {
      const texts = fc.oneof(
        fc.string({ unit: 'binary', maxLength: 60 }),
        fc.constantFrom(
          "'",
          "\\'",
          "' OR 1 = 1 --",
          '{x:String}',
          '\\',
          '\\\\n',
          '/* */',
          ';',
          '\n\n',
          '\0',
          '%_\\',
          '`"',
          '漢字🚀',
        ),
      );

      test('strings, alone and in lists', async () => {
        await fc.assert(
          fc.asyncProperty(fc.array(texts, { minLength: 1, maxLength: 20 }), async (values) => {
            const [row] = await db.rows<{ one: string; all: string[]; among: number }>(clickhouse`
              SELECT ${string(values[0]!)} AS one, ${strings(values)} AS all, ${string(values[0]!)} IN ${anyOf(values)} AS among`);
            const wellFormed = values.map((value) => value.toWellFormed());
            expect(row).toEqual({ one: wellFormed[0], all: wellFormed, among: 1 });
          }),
          { numRuns: 60 },
        );
      });

      test('patterns match themselves literally and nothing else', async () => {
        await fc.assert(
          fc.asyncProperty(texts, texts, async (value, other) => {
            const [row] = await db.rows<{ own: number; other: number }>(clickhouse`
              SELECT ${string(`a${value}b`)} LIKE ${pattern(value, 'contains')} AS own,
                ${string(other)} LIKE ${pattern(value, 'contains')} AS other`);
            expect(row).toEqual({ own: 1, other: other.toWellFormed().includes(value.toWellFormed()) ? 1 : 0 });
          }),
          { numRuns: 60 },
        );
      });

      test('numbers and times', async () => {
        const [row] = await db.rows(clickhouse`
          SELECT toString(${uint(Number.MAX_SAFE_INTEGER)}) AS integer, ${float(-1.5e-7)} AS small,
            toString(${micros(Date.UTC(2255, 0, 1) * 1000 + 1)}) AS late, ${string('x')} IN ${anyOf([])} AS nothing`);
        expect(row).toEqual({
          integer: '9007199254740991',
          small: -1.5e-7,
          late: '2255-01-01 00:00:00.000001',
          nothing: 0,
        });
        expect(() => uint(-1)).toThrow(RangeError);
        expect(() => float(Number.NaN)).toThrow(RangeError);
        expect(() => micros(0.5)).toThrow(RangeError);
      });
    });

    describe('rows come back as they were stored', () => {
      const extremes: ObservationRow = {
        ...emptyRow({
          projectId: 'p',
          kind: 'observation',
          id: 'a/b:c#1? %2F 漢',
          traceId: "t'\\\n\0",
          startTime: 1,
          source: 'otlp',
        }),
        name: '\u{1F680}'.repeat(100),
        endTime: Date.UTC(2255, 0, 1) * 1000,
        completionStartTime: null,
        tags: ['', 'a', 'ü'],
        public: false,
        bookmarked: true,
        traceMetadata: { '': 'empty key', k: '{"x":[1,2]}' },
        usage: { input: Number.MAX_SAFE_INTEGER, total: 0 },
        cost: { input: '0.000000000001', total: '999999.999999999999' },
        totalCost: '-0.5',
        prices: {},
        promptVersion: 4_294_967_295,
        input: 'x'.repeat(5_000_000),
        output: '\0\n\r\t\\\'"',
        toolCalls: ['{}', ''],
        createdAt: 5,
        updatedAt: 6,
        rowVersion: Date.now() * 1000,
      };

      test('observations', async () => {
        const out = new RowBinaryWriter(16);
        encodeObservation(out, extremes);
        encodeObservation(out, { ...extremes, id: 'second', input: '', totalCost: null, tags: [] });
        await db.insert(observationTarget, out.bytes());
        const answer = await db.binary(clickhouse`
          SELECT ${observationReader.select()} FROM observations
          WHERE project_id = ${string('p')} ORDER BY id = 'second'`);
        expect(observationReader.parse(answer)).toEqual([
          extremes,
          { ...extremes, id: 'second', input: '', totalCost: null, tags: [] },
        ]);
      });

      test('two versions of a row in one file are one row', async () => {
        const { bytes, columns } = segmentHeader(observationTarget);
        const out = new RowBinaryWriter();
        for (const [name, rowVersion] of [
          ['older', 1],
          ['newer', 2],
        ] as const) {
          beginRow(out);
          encodeObservation(out, { ...extremes, projectId: 'versions', input: '', name, rowVersion });
        }
        const directory = await mkdtemp(join(tmpdir(), 'tracehouse-file-'));
        const file = join(directory, 'rows');
        await writeFile(file, Buffer.concat([bytes, out.bytes()]));
        await db.insertFile(file, { table: observationTarget.table, columns });
        await rm(directory, { recursive: true });
        expect(
          await db.rows(clickhouse`SELECT name FROM observations FINAL WHERE project_id = ${string('versions')}`),
        ).toEqual([{ name: 'newer' }]);
      });

      test('scores', async () => {
        const score: ScoreRow = {
          projectId: 'p',
          id: 's',
          name: 'quality',
          dataType: 'NUMERIC',
          value: -0.1,
          stringValue: '',
          longStringValue: 'why\nnot',
          source: 'API',
          traceId: 't',
          observationId: '',
          sessionId: '',
          datasetRunId: '',
          comment: "it's",
          metadata: { a: '1' },
          configId: '',
          queueId: '',
          authorUserId: '',
          executionTraceId: '',
          environment: 'default',
          clocks: '{}',
          timestamp: 7,
          createdAt: 8,
          updatedAt: 9,
          rowVersion: 10,
          isDeleted: false,
        };
        const out = new RowBinaryWriter();
        encodeScore(out, score);
        await db.insert(scoreTarget, out.bytes());
        const answer = await db.binary(
          clickhouse`SELECT ${scoreReader.select()} FROM scores WHERE project_id = ${string('p')}`,
        );
        expect(scoreReader.parse(answer)).toEqual([score]);
      });

      test('an insert that breaks off stores nothing', async () => {
        const out = new RowBinaryWriter();
        for (let i = 0; i < 100; i += 1)
          encodeObservation(out, { ...extremes, projectId: 'broken', id: String(i), input: '' });
        await expect(db.insert(observationTarget, out.bytes().subarray(0, out.length - 3))).rejects.toThrow(
          ClickHouseError,
        );
        const count = clickhouse`SELECT count() AS rows FROM observations WHERE project_id = ${string('broken')}`;
        expect(await db.rows(count)).toEqual([{ rows: 0 }]);
        await db.insert(observationTarget, out.bytes());
        expect(await db.rows(count)).toEqual([{ rows: 100 }]);
      });
    });

    test('migrations are safe to run twice and at once', async () => {
      expect(await Promise.all([migrateClickHouse(db), migrateClickHouse(db)])).toEqual([[], []]);
    });
  });
}

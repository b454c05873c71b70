import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { migratePostgres } from './migrate.ts';
import type { Postgres } from './postgres.ts';
import { json, sql } from './sql.ts';

/** What every driver must do; `open` answers an empty database, `openAgain` a second way into the same one if there is. */
export function describePostgres(
  driver: string,
  { open, openAgain }: { open: () => Promise<Postgres>; openAgain?: () => Promise<Postgres> },
): void {
  describe(`Postgres on ${driver}`, () => {
    let postgres: Postgres;
    beforeAll(async () => {
      postgres = await open();
      await postgres.script(
        'CREATE TABLE notes (id text PRIMARY KEY, body jsonb, written_at timestamptz, size bigint)',
      );
    });
    afterAll(() => postgres.close());

    test('values have one type whatever the driver', async () => {
      const [row] = await postgres.rows(sql`
        SELECT 1::int8 AS small, 9007199254740993::int8 AS large, 1.50::numeric AS price, DATE '2026-03-01' AS day,
          TIMESTAMPTZ '2026-03-01 12:00:00.123456+02' AS instant, TIMESTAMP '2026-03-01 12:00:00' AS local,
          '{"a": [1, "b"]}'::jsonb AS body, '[1]'::json AS list, '\\x00ff'::bytea AS bytes, true AS flag,
          ARRAY['a', 'b'] AS names, 0.5::float8 AS share, NULL::text AS nothing, count(*) AS total
        FROM generate_series(1, 3)`);
      expect(row).toEqual({
        small: 1,
        large: 9_007_199_254_740_993n,
        price: '1.50',
        day: '2026-03-01',
        instant: new Date('2026-03-01T10:00:00.123Z'),
        local: '2026-03-01 12:00:00',
        body: { a: [1, 'b'] },
        list: [1],
        bytes: Buffer.from([0, 255]),
        flag: true,
        names: ['a', 'b'],
        share: 0.5,
        nothing: null,
        total: 3,
      });
      expect(Buffer.isBuffer((row as { bytes: unknown }).bytes)).toBe(true);
    });

    test('values go in as they come out', async () => {
      const written = new Date('2026-03-01T10:00:00.123Z');
      const [row] = await postgres.rows(sql`
        SELECT ${written}::timestamptz AS instant, ${json(['x', { y: null }])}::jsonb AS list, ${json('text')}::jsonb AS text,
          ${Buffer.from([1, 2])}::bytea AS bytes, ${['a', 'b,"c"']}::text[] AS names, ${2 ** 40}::bigint AS big,
          ${null}::text AS nothing, ${'ü\u{1F600}'}::text AS unicode, ${false}::boolean AS flag`);
      expect(row).toEqual({
        instant: written,
        list: ['x', { y: null }],
        text: 'text',
        bytes: Buffer.from([1, 2]),
        names: ['a', 'b,"c"'],
        big: 2 ** 40,
        nothing: null,
        unicode: 'ü\u{1F600}',
        flag: false,
      });
    });

    test('a statement is put together from fragments, each with its own values', async () => {
      const condition = sql`n > ${1} AND n <> ${3}`;
      expect(
        await postgres.rows(
          sql`SELECT n FROM generate_series(${0}::int, ${4}::int) AS n WHERE ${condition} ORDER BY n`,
        ),
      ).toEqual([{ n: 2 }, { n: 4 }]);
      expect(await postgres.rows(sql`SELECT 1 AS one WHERE 'b' = ANY(${['a', 'b']})`)).toEqual([{ one: 1 }]);
    });

    test('text is a value, never SQL', async () => {
      const hostile = `'); DROP TABLE notes; --`;
      await postgres.rows(sql`INSERT INTO notes (id) VALUES (${hostile})`);
      expect(await postgres.rows(sql`SELECT id FROM notes WHERE id = ${hostile}`)).toEqual([{ id: hostile }]);
    });

    test('a NUL, which no text of Postgres holds, becomes U+FFFD', async () => {
      const [row] = await postgres.rows(sql`SELECT ${'a\0b'}::text AS one, ${['\0', 'c']}::text[] AS list`);
      expect(row).toEqual({ one: 'a\uFFFDb', list: ['\uFFFD', 'c'] });
    });

    test('errors carry the SQLSTATE', async () => {
      await postgres.rows(sql`INSERT INTO notes (id) VALUES ('twice')`);
      await expect(postgres.rows(sql`INSERT INTO notes (id) VALUES ('twice')`)).rejects.toMatchObject({
        code: '23505',
      });
      await expect(postgres.rows(sql`SELECT nothing FROM nowhere`)).rejects.toMatchObject({ code: '42P01' });
    });

    test('a transaction is all or nothing', async () => {
      const failed = postgres.transaction(async (tx) => {
        await tx.rows(sql`INSERT INTO notes (id) VALUES ('half')`);
        throw new Error('stop');
      });
      await expect(failed).rejects.toThrow('stop');
      expect(await postgres.rows(sql`SELECT id FROM notes WHERE id = 'half'`)).toEqual([]);
      expect(
        await postgres.transaction(async (tx) => {
          await tx.rows(sql`INSERT INTO notes (id) VALUES ('whole')`);
          return tx.transaction((inner) => inner.rows(sql`SELECT id FROM notes WHERE id = 'whole'`));
        }),
      ).toEqual([{ id: 'whole' }]);
      expect(await postgres.rows(sql`SELECT id FROM notes WHERE id = 'whole'`)).toHaveLength(1);
    });

    test('a statement that fails inside a transaction fails the transaction', async () => {
      const failed = postgres.transaction(async (tx) => {
        await tx.rows(sql`INSERT INTO notes (id) VALUES ('before')`);
        await tx.rows(sql`SELECT 1 / 0`);
      });
      await expect(failed).rejects.toMatchObject({ code: '22012' });
      expect(await postgres.rows(sql`SELECT id FROM notes WHERE id = 'before'`)).toEqual([]);
    });

    test('a transaction is no success because somebody caught the failure inside it', async () => {
      const failed = postgres.transaction(async (tx) => {
        await tx.rows(sql`INSERT INTO notes (id) VALUES ('caught')`);
        await tx.rows(sql`SELECT 1 / 0`).catch(() => []);
      });
      await expect(failed).rejects.toThrow(Error);
      expect(await postgres.rows(sql`SELECT id FROM notes WHERE id = 'caught'`)).toEqual([]);
    });

    test('transactions asked for at once do not mix', async () => {
      await postgres.rows(sql`INSERT INTO notes (id, size) VALUES ('counter', 0)`);
      await Promise.all(
        Array.from({ length: 20 }, () =>
          postgres.transaction(async (tx) => {
            const [row] = await tx.rows<{ size: number }>(sql`SELECT size FROM notes WHERE id = 'counter' FOR UPDATE`);
            await tx.rows(sql`UPDATE notes SET size = ${(row?.size ?? 0) + 1} WHERE id = 'counter'`);
          }),
        ),
      );
      expect(await postgres.rows(sql`SELECT size FROM notes WHERE id = 'counter'`)).toEqual([{ size: 20 }]);
    });

    test('migrations run once, also when two processes start together', async () => {
      const second = openAgain ? await openAgain() : postgres;
      const applied = await Promise.all([migratePostgres(postgres), migratePostgres(second)]);
      expect(applied.flat().toSorted()).toEqual(expect.arrayContaining(['0001_identity', '0002_deleted_traces']));
      expect(new Set(applied.flat()).size).toBe(applied.flat().length);
      expect(await migratePostgres(second)).toEqual([]);
      if (second !== postgres) await second.close();
    });

    test('a migration that fails leaves nothing behind', async () => {
      const broken = postgres.transaction((tx) =>
        tx.script('CREATE TABLE half (id text); CREATE TABLE half (id text);'),
      );
      await expect(broken).rejects.toMatchObject({ code: '42P07' });
      expect(await postgres.rows(sql`SELECT to_regclass('half') AS half`)).toEqual([{ half: null }]);
    });
  });
}

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { crc32 } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openChdb } from '../../stores/clickhouse/chdb.ts';
import type { ClickHouse } from '../../stores/clickhouse/clickhouse.ts';
import { clickhouse, strings } from '../../stores/clickhouse/sql.ts';
import { armSql, isUnitSql, type Reading, readings } from './assign-sql.ts';
import { assign, type Split } from './assign.ts';
import { isKey } from './key.ts';
import { firstSegments, recut } from './shares.ts';

let directory: string;
let db: ClickHouse;
beforeAll(async () => {
  directory = await mkdtemp(joinPath(tmpdir(), 'tracehouse-'));
  db = await openChdb(directory);
});
afterAll(async () => {
  await db.close();
  await rm(directory, { recursive: true, force: true });
});

// oxfmt-ignore
const awkward = [
  'user-1', 'é', 'e\u0301', 'a:b', '😀', '👩‍👩‍👧', "o'hara\\", 'tab\there', 'two\nlines', 'nul\0byte', ' ', '東京', 'مرحبا',
  'slot:0', 'slot:524', 'slot:999', 'slot:1000', 'slot:007', 'slot:5\n', 'slot:', 'Slot:5', 'lone\uD800surrogate',
  'None', 'null', 'none', '[object Object]', 'x'.repeat(1000), 'x'.repeat(1001), 'é'.repeat(500), 'é'.repeat(501),
];
const keys = [...awkward, ...Array.from({ length: 2000 }, (_, i) => `user-${i}`)];
const id = clickhouse`id`;

const splits: [string, Split][] = [
  ['two arms', { salt: 't-1', segments: firstSegments([70, 30]) }],
  [
    'three arms cut again',
    { salt: 'f0e1d2c3b4a59687', segments: recut(recut(firstSegments([50, 30, 20]), [20, 30, 50]), [40, 40, 20]) },
  ],
  ['everything in one arm', { salt: 't-2', segments: firstSegments([0, 100]) }],
];

test.each(splits)('SQL and TypeScript give every id the same arm, read as id and as slot: %s', async (_, split) => {
  const draw = () => Number.NaN;
  const rows = await db.rows<{ id: string; byId: number; bySlot: number; isId: number; isSlot: number }>(clickhouse`
    SELECT ${armSql(split, 'id', id)} AS byId, ${armSql(split, 'slot', id)} AS bySlot,
           ${isUnitSql('id', id)} AS isId, ${isUnitSql('slot', id)} AS isSlot
    FROM (SELECT arrayJoin(arrayEnumerate(${strings(keys)})) AS i, ${strings(keys)}[i] AS id)
    ORDER BY i`);
  expect(rows).toEqual(
    keys.map((key) => ({
      byId: isKey(key) ? assign(split, key, draw).arm : expect.any(Number),
      bySlot: assign(split, `slot:${crc32(key.toWellFormed()) % 1000}`, draw).arm,
      isId: isKey(key) ? 1 : 0,
      isSlot: 1,
    })),
  );
});

test('the six readings are user, session and trace, each as id and as slot', () => {
  expect(readings.map((reading: Reading) => `${reading.unit} ${reading.keyAs}`).join(', ')).toBe(
    'user id, user slot, session id, session slot, trace id, trace slot',
  );
});

test('an empty id is nobody, as id and as slot', async () => {
  const [row] = await db.rows(clickhouse`
    SELECT ${isUnitSql('id', id)} AS byId, ${isUnitSql('slot', id)} AS bySlot FROM (SELECT '' AS id)`);
  expect(row).toEqual({ byId: 0, bySlot: 0 });
});

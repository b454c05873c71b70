import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RowBinaryWriter } from '../../stores/clickhouse/row-binary.ts';
import {
  beginRow,
  checksumOf,
  endRecord,
  formatSegmentName,
  parseSegmentName,
  readSegment,
  segmentHeader,
} from './segment.ts';

const target = {
  table: 'observations',
  columns: [
    { name: 'project_id', type: 'String' },
    { name: 'id', type: 'String' },
  ],
};
const header = segmentHeader(target);
const checksum = checksumOf(header.bytes);

/** A file of these records, each a list of ids; and where each record ends. */
function fileOf(records: readonly (readonly string[])[]): { file: Buffer; ends: number[] } {
  const out = new RowBinaryWriter();
  const ends: number[] = [];
  for (const ids of records) {
    const start = out.length;
    for (const id of ids) {
      beginRow(out);
      out.string('p1');
      out.string(id);
    }
    endRecord(out, start);
    ends.push(header.bytes.length + out.length);
  }
  return { file: Buffer.concat([header.bytes, out.bytes()]), ends };
}

const records = fc.array(fc.array(fc.string({ maxLength: 300 }), { minLength: 1, maxLength: 5 }), {
  minLength: 1,
  maxLength: 8,
});

describe('a segment', () => {
  test('is read back whole', () => {
    fc.assert(
      fc.property(records, (all) => {
        const { file, ends } = fileOf(all);
        const found = readSegment(file, checksum, header)!;
        expect(found.records.map(({ end }) => end)).toEqual(ends);
        expect(found.records.every(({ projectId }) => projectId === 'p1')).toBe(true);
        expect(found).toMatchObject({ validBytes: file.length, isHeaderDamaged: false });
      }),
    );
  });

  test('cut at any byte, it is every record that is whole', () => {
    fc.assert(
      fc.property(records, fc.double({ min: 0, max: 1, noNaN: true }), (all, where) => {
        const { file, ends } = fileOf(all);
        const cut = file.subarray(0, Math.floor(file.length * where));
        expect(readSegment(cut, checksum, header)!.records.map(({ end }) => end)).toEqual(
          ends.filter((end) => end <= cut.length),
        );
      }),
      { numRuns: 1000 },
    );
  });

  test('with any byte changed, it is every record before that byte; a changed header changes nothing', () => {
    fc.assert(
      fc.property(
        records,
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.integer({ min: 1, max: 255 }),
        (all, where, by) => {
          const { file, ends } = fileOf(all);
          const at = Math.min(file.length - 1, Math.floor(file.length * where));
          file[at]! ^= by;
          const found = readSegment(file, checksum, header)!;
          const isInHeader = at < header.bytes.length;
          expect(found.records.map(({ end }) => end)).toEqual(ends.filter((end) => isInHeader || end <= at));
          expect(found.isHeaderDamaged).toBe(isInHeader);
        },
      ),
      { numRuns: 1000 },
    );
  });

  test('with anything behind its end, it is what it was', () => {
    fc.assert(
      fc.property(
        records,
        fc.oneof(fc.uint8Array({ minLength: 1, maxLength: 64 }), fc.constant(new Uint8Array(5000))),
        (all, junk) => {
          const { file } = fileOf(all);
          const found = readSegment(Buffer.concat([file, junk]), checksum, header)!;
          expect(found.validBytes).toBe(file.length);
        },
      ),
    );
  });

  test('of an older version, it is read with the columns it was written with', () => {
    const { file } = fileOf([['a']]);
    const newer = segmentHeader({
      table: 'observations',
      columns: [...target.columns, { name: 'name', type: 'String' }],
    });
    expect(readSegment(file, checksum, newer)).toMatchObject({
      header: { columns: ['project_id', 'id'] },
      records: [{}],
    });
    file[3]! ^= 1;
    expect(readSegment(file, checksum, newer)).toBeNull();
  });

  test('has a name that says its place and its columns', () => {
    const name = { number: 42, table: 'observations', checksum: '00c0ffee' };
    expect(parseSegmentName(formatSegmentName(name))).toEqual(name);
    expect(parseSegmentName('000000000042.observations.00c0ffee.rows.part')).toBeNull();
  });
});

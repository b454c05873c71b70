import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Clock, ClockTable, ZERO } from './clock.ts';
import {
  encodeMetadata,
  joinMetadata,
  type MetadataNode,
  NOTHING,
  readMetadata,
  showMetadata,
  stateMetadata,
} from './metadata.ts';

const at = (time: number): Clock => [time, 0, `e${time}`];
const merged = (...said: unknown[]) =>
  showMetadata(said.map((each, index) => stateMetadata(each, at(index + 1))).reduce(joinMetadata, NOTHING));

describe('metadata', () => {
  test.each([
    { rule: 'keys unite', said: [{ a: 1 }, { b: 'x' }], shown: { a: '1', b: 'x' } },
    { rule: 'the newer value of a key stays', said: [{ a: 1, b: 1 }, { a: 2 }], shown: { a: '2', b: '1' } },
    {
      rule: 'objects merge at every depth',
      said: [{ a: { b: { c: 1 } } }, { a: { b: { d: 2 } } }],
      shown: { a: '{"b":{"c":1,"d":2}}' },
    },
    { rule: 'a list is replaced whole', said: [{ a: [1, 2] }, { a: [3] }], shown: { a: '[3]' } },
    { rule: 'a value replaces an object', said: [{ a: { b: 1 } }, { a: 'x' }], shown: { a: 'x' } },
    { rule: 'an object replaces a value', said: [{ a: 'x' }, { a: { b: 1 } }], shown: { a: '{"b":1}' } },
    { rule: 'null is a value', said: [{ a: 1 }, { a: null }], shown: { a: 'null' } },
    {
      rule: 'an empty object overwrites nothing',
      said: [
        { a: { b: 1 }, c: 1 },
        { a: {}, c: {} },
      ],
      shown: { a: '{"b":1}', c: '1' },
    },
    { rule: 'an empty object said alone is shown', said: [{ a: {} }], shown: { a: '{}' } },
    { rule: 'empty metadata and null say nothing', said: [{ a: 1 }, {}, null, undefined], shown: { a: '1' } },
    { rule: 'a scalar stands under `metadata`', said: ['note', { a: 1 }], shown: { a: '1', metadata: 'note' } },
    { rule: 'a list stands under `metadata`', said: [[1, 'two']], shown: { metadata: '[1,"two"]' } },
    {
      rule: 'text that looks like an object is text',
      said: [{ a: '{"b":1}' }, { a: { c: 2 } }],
      shown: { a: '{"c":2}' },
    },
    {
      rule: 'a key named __proto__ is a key',
      said: [JSON.parse('{"__proto__": {"x": 1}}')],
      shown: JSON.parse('{"__proto__": "{\\"x\\":1}"}'),
    },
  ])('$rule', ({ said, shown }) => {
    expect(merged(...said)).toEqual(shown);
  });

  test('an older key that arrives after the value that replaced it stays gone', () => {
    const [first, second, third] = [{ a: { b: 1 } }, { a: 'x' }, { a: { c: 3 } }].map((said, index) =>
      stateMetadata(said, at(index + 1)),
    );
    const shown = showMetadata(joinMetadata(joinMetadata(third!, second!), first!));
    expect(shown).toEqual({ a: '{"c":3}' });
  });

  test('text of another door keeps its bytes until someone speaks about its key', () => {
    const stored = { big: '{"n": 12345678901234567890}', other: '{"x": 1}' };
    const touched = joinMetadata(readMetadata(stored, null, []), stateMetadata({ other: { y: 2 } }, at(1)));
    expect(showMetadata(touched, stored)).toEqual({ big: stored.big, other: '{"x":1,"y":2}' });
  });

  const key = fc.constantFrom('a', 'b');
  const value = fc.letrec((tie) => ({
    node: fc.oneof(
      { depthSize: 'small' },
      fc.constantFrom<unknown>(1, 'x', '{}', '{"a":1}', null, [1], {}, '1'),
      fc.dictionary(key, tie('node'), { maxKeys: 2 }),
    ),
  })).node;
  const statements = fc.array(fc.tuple(value, fc.integer({ min: 1, max: 4 })), { minLength: 1, maxLength: 6 });

  /** Through the row and back. */
  function stored(node: MetadataNode, original?: Record<string, string>): MetadataNode {
    const table = new ClockTable();
    const encoded = encodeMetadata(node, table);
    const saved = JSON.parse(JSON.stringify([encoded, table.clocks])) as [typeof encoded, Clock[]];
    return readMetadata(showMetadata(node, original), ...saved);
  }

  test('the order, the grouping, repetition and storing in between change nothing', () => {
    fc.assert(
      fc.property(
        statements.chain((all) =>
          fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length }), fc.array(fc.nat({ max: 9 }))),
        ),
        ([all, order, picks]) => {
          const state = ([said, time]: [unknown, number]) => stateMetadata(said, at(time));
          const expected = showMetadata(all.map(state).reduce(joinMetadata));
          const parts = order.map(state);
          for (const pick of picks) {
            const [part] = parts.splice(pick % parts.length, 1);
            const other = parts[0] ?? part!;
            parts[0] = stored(joinMetadata(joinMetadata(stored(part!), other), part!));
          }
          expect(showMetadata(parts.reduceRight(joinMetadata))).toEqual(expected);
        },
      ),
      { numRuns: 2000 },
    );
  });

  test('what another door wrote is older than any event, however the events arrive', () => {
    const base = fc.dictionary(key, fc.constantFrom('x', '{"a": 1}', '{"a":{"b":1}}', '{', '[1]', '{}'));
    fc.assert(
      fc.property(base, statements, (original, all) => {
        const parts = all.map(([said, time]) => stateMetadata(said, at(time)));
        const root = readMetadata(original, null, []);
        const expected = showMetadata([root, ...parts].reduce(joinMetadata), original);
        const stepwise = parts.reduceRight((known, part) => stored(joinMetadata(known, part), original), root);
        expect(showMetadata(stepwise, original)).toEqual(expected);
      }),
      { numRuns: 2000 },
    );
  });

  test('clocks of one event take one number, whatever the size of the metadata', () => {
    const table = new ClockTable();
    const node = stateMetadata({ a: { b: 1, c: [2] }, d: null, e: 'x' }, at(1));
    expect(encodeMetadata(node, table)).toBe(0);
    expect(encodeMetadata(stateMetadata({ a: 1 }, ZERO), table)).toBeNull();
  });
});

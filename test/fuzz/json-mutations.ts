import type { Random } from './random.ts';

/** Text that stands in JSON as it is, also where it is not JSON. */
export class Raw {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** Like `JSON.stringify`, with `Raw` parts as they are. */
export function write(value: unknown): string {
  if (value instanceof Raw) return value.text;
  if (Array.isArray(value)) return `[${value.map(write).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  return `{${Object.entries(value)
    .map(([key, each]) => `${JSON.stringify(key)}:${write(each)}`)
    .join(',')}}`;
}

const DEPTH = 10_000;
const nested = (open: string, close: string, inside = 'null'): string =>
  open.repeat(DEPTH) + inside + close.repeat(DEPTH);

/** What no schema expects where it stands. All of them are JSON but for the last few. */
const values: readonly string[] = [
  'null',
  'true',
  'false',
  '0',
  '-0',
  '-1',
  '0.5',
  '1e308',
  '-1e308',
  '1e400',
  '-1e400',
  '5e-324',
  '9007199254740993',
  '18446744073709551616',
  '-9223372036854775809',
  '4294967296',
  '1'.repeat(400),
  `0.${'1'.repeat(400)}`,
  '""',
  '" "',
  '"\\u0000"',
  '"a\\u0000b"',
  '"\\ud800"',
  '"\\udc00\\ud800"',
  '"\\u202e\\ufeff"',
  '"\\r\\n"',
  '"null"',
  '"NaN"',
  '"Infinity"',
  '"-1"',
  '"1e400"',
  '"0"',
  '"00000000000000000000000000000000"',
  '"99999999999999999999"',
  '"0x10"',
  '"18446744073709551615"',
  '"0000-01-01T00:00:00Z"',
  '"9999-12-31T23:59:59.999999999Z"',
  '"2026-02-30T00:00:00Z"',
  '"1969-12-31T23:59:59Z"',
  '"2026-11-20T10:00:00+23:59"',
  '"__proto__"',
  '"constructor"',
  '"toString"',
  '"hasOwnProperty"',
  '"\'; DROP TABLE observations; --"',
  '"{\\"a\\":"',
  '"[1,2"',
  '"data:image/png;base64,AAAA"',
  '[]',
  '{}',
  '[[]]',
  '[null]',
  '[{}]',
  '[0,"a",null,{}]',
  '{"toString":1,"valueOf":1}',
  '{"toString":null}',
  '{"toJSON":1}',
  '{"length":1000000000}',
  '{"then":1}',
  '{"__proto__":{"polluted":1}}',
  '{"constructor":{"prototype":{"polluted":1}}}',
  '{"__proto__":null}',
  '{"a":1,"a":2}',
  '{"low":-1,"high":-1}',
  '{"low":1e300,"high":1e300}',
  '{"type":"Buffer","data":[1,2,999]}',
  '{"data":{"0":1,"1":2}}',
  '{"0":1,"1":300}',
  '{"stringValue":{"toString":1}}',
  '{"intValue":"99999999999999999999999"}',
  '{"intValue":1e400}',
  '{"doubleValue":"NaN"}',
  '{"doubleValue":1e400}',
  '{"boolValue":"x"}',
  '{"arrayValue":{"values":{}}}',
  '{"kvlistValue":{"values":[{"key":"__proto__","value":{"stringValue":"x"}}]}}',
  '{"bytesValue":[1,2]}',
  `"${'x'.repeat(300_000)}"`,
  `"${'\\u4e2d'.repeat(30_000)}"`,
  nested('[', ']'),
  nested('{"a":', '}'),
  nested('{"arrayValue":{"values":[', ']}}', '{}'),
  nested('{"kvlistValue":{"values":[{"key":"k","value":', '}]}}', '{}'),
  `"${nested('[', ']')}"`,
  'NaN',
  '-Infinity',
  'undefined',
  '01',
  "'a'",
  '"\n"',
  '"\\x"',
];

const manyKeys = (): Record<string, number> =>
  Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`key-${i}`, i]));
const manyPairs = (): unknown[] =>
  Array.from({ length: 10_000 }, (_, i) => ({ key: `many.${i}`, value: { stringValue: 'v' } }));

type Container = unknown[] | Record<string, unknown>;
interface Place {
  in: Container;
  key: string | number;
}

const places = (value: unknown, found: Place[] = []): Place[] => {
  if (typeof value !== 'object' || value === null || value instanceof Raw) return found;
  for (const [key, each] of Object.entries(value)) {
    found.push({ in: value as Container, key: Array.isArray(value) ? Number(key) : key });
    places(each, found);
  }
  return found;
};

const read = ({ in: container, key }: Place): unknown => (container as Record<string, unknown>)[key];
/** Defined, not assigned: `__proto__` is a key like any other here. */
const define = (container: Container, key: string | number, value: unknown): void =>
  void Object.defineProperty(container, key, { value, enumerable: true, configurable: true, writable: true });
const put = ({ in: container, key }: Place, value: unknown): void => define(container, key, value);

/** Ways to spoil one place of a tree. */
const spoilers: readonly ((place: Place, random: Random, all: readonly Place[]) => void)[] = [
  (place, random) => put(place, new Raw(random.pick(values))),
  (place, random) => put(place, new Raw(random.pick(values))),
  (place, random) => put(place, new Raw(random.pick(values))),
  // Wrong type of what is there.
  (place) => put(place, [read(place)]),
  (place) => put(place, { value: read(place) }),
  (place) => put(place, write(read(place))),
  // Gone, twice, or somebody else's.
  ({ in: container, key }) => {
    if (Array.isArray(container)) container.splice(Number(key), 1);
    else delete container[key];
  },
  (place, random, all) => put(place, structuredCloneOf(read(random.pick(all)))),
  (place) => {
    if (Array.isArray(place.in)) place.in.push(structuredCloneOf(read(place)));
  },
  ({ in: container, key }, random) => {
    if (Array.isArray(container)) return;
    const value = container[key];
    delete container[key];
    define(
      container,
      random.pick(['__proto__', 'constructor', '', ' ', String(key).toUpperCase(), 'x'.repeat(1000)]),
      value,
    );
  },
  // The same key again with another value.
  (place, random) => {
    const value = read(place);
    if (typeof value !== 'object' || value === null || value instanceof Raw || Array.isArray(value)) return;
    const key = random.pick([...Object.keys(value), '__proto__']);
    put(
      place,
      new Raw(
        `${write(value).slice(0, -1)}${Object.keys(value).length > 0 ? ',' : ''}${JSON.stringify(key)}:${random.pick(values)}}`,
      ),
    );
  },
  (place, random) => {
    if (random.chance(0.1)) put(place, random.chance(0.5) ? manyKeys() : manyPairs());
  },
  ({ in: container }) => {
    if (!Array.isArray(container)) define(container, '__proto__', new Raw('{"polluted":1}'));
  },
];

const structuredCloneOf = (value: unknown): unknown => new Raw(write(value));

/** The value with one to four of its places spoilt; it is changed in place. */
export function spoil(value: unknown, random: Random): unknown {
  const wrapped = { value };
  for (let left = 1 + random.below(4); left > 0; left -= 1) {
    const all = places(wrapped);
    if (all.length === 0) break;
    random.pick(spoilers)(random.pick(all), random, all);
  }
  return wrapped.value === undefined ? new Raw('null') : wrapped.value;
}

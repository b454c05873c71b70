import type { Random } from './random.ts';

/** A message as its fields in order. What is a message inside is told by `messages` below, for the wire does not say. */
interface Field {
  number: number;
  wire: number;
  value: Buffer | Message;
}
interface Message {
  name: string;
  fields: Field[];
}

/** Field numbers that hold messages (opentelemetry-proto v1.10). */
const messages: Record<string, Record<number, string>> = {
  Export: { 1: 'ResourceSpans' },
  ResourceSpans: { 1: 'Resource', 2: 'ScopeSpans' },
  Resource: { 1: 'KeyValue' },
  ScopeSpans: { 1: 'Scope', 2: 'Span' },
  Scope: { 3: 'KeyValue' },
  Span: { 9: 'KeyValue', 11: 'Event', 13: 'Link', 15: 'Status' },
  Event: { 3: 'KeyValue' },
  Link: { 4: 'KeyValue' },
  KeyValue: { 2: 'AnyValue' },
  AnyValue: { 5: 'Array', 6: 'KeyValueList' },
  Array: { 1: 'AnyValue' },
  KeyValueList: { 1: 'KeyValue' },
  Status: {},
};

function decode(bytes: Buffer, name: string): Message {
  const fields: Field[] = [];
  let at = 0;
  const varint = (): Buffer => {
    const from = at;
    while (bytes[at]! & 0x80) at += 1;
    at += 1;
    return bytes.subarray(from, at);
  };
  while (at < bytes.length) {
    const tag = toNumber(varint());
    const number = Math.floor(tag / 8);
    const wire = tag % 8;
    const length = wire === 2 ? toNumber(varint()) : wire === 1 ? 8 : 4;
    const raw = wire === 0 ? varint() : bytes.subarray(at, (at += length));
    const inside = messages[name]?.[number];
    fields.push({ number, wire, value: wire === 2 && inside !== undefined ? decode(raw, inside) : raw });
  }
  return { name, fields };
}

export function encode({ fields }: Message): Buffer {
  return Buffer.concat(
    fields.flatMap(({ number, wire, value }) => {
      const raw = Buffer.isBuffer(value) ? value : encode(value);
      return wire === 2 ? [varint(number * 8 + 2), varint(raw.length), raw] : [varint(number * 8 + wire), raw];
    }),
  );
}

const toNumber = (varint: Buffer): number => varint.reduce((sum, byte, i) => sum + (byte & 0x7f) * 128 ** i, 0);

/** A whole number as varint. */
export function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return Buffer.from([...bytes, rest]);
}

const lengthDelimited = (number: number, raw: Buffer): Buffer =>
  Buffer.concat([varint(number * 8 + 2), varint(raw.length), raw]);

/** AnyValue in AnyValue, 10,000 deep, through a list or a map. */
function deep(through: 'list' | 'map'): Buffer {
  let value: Buffer = Buffer.from([0x0a, 0x01, 0x78]);
  for (let i = 0; i < 10_000; i += 1) {
    value =
      through === 'list'
        ? lengthDelimited(5, lengthDelimited(1, value))
        : lengthDelimited(6, lengthDelimited(1, lengthDelimited(2, value)));
  }
  return value;
}
const deepValues = { list: deep('list'), map: deep('map') };

const scalars = ['00', '01', 'ffffffff0f', 'ffffffffffffffffff01', '8080808080808080807f', '80808000'].map((hex) =>
  Buffer.from(hex, 'hex'),
);
const strings = [
  '',
  '00',
  '80',
  'c080',
  'eda080',
  'f4908080',
  '5f5f70726f746f5f5f',
  '0d0a',
  '30'.repeat(32),
  '27203b2d2d',
].map((hex) => Buffer.from(hex, 'hex'));

/** Raw bytes that end where their wire type says: what follows is still read right. */
const rawOf: Record<number, (random: Random) => Buffer> = {
  0: (random) => random.pick(scalars),
  1: (random) =>
    random.pick([
      random.bytes(8),
      Buffer.alloc(8),
      Buffer.alloc(8, 0xff),
      doubleOf(Number.NaN),
      doubleOf(Infinity),
      doubleOf(1e308),
    ]),
  2: (random) => random.pick([...strings, random.bytes(random.below(40)), Buffer.alloc(300_000, 'x')]),
  5: (random) => random.pick([random.bytes(4), Buffer.alloc(4, 0xff)]),
};

function doubleOf(value: number): Buffer {
  const raw = Buffer.alloc(8);
  raw.writeDoubleLE(value);
  return raw;
}

interface Place {
  in: Message;
  index: number;
}
const places = (message: Message, found: Place[] = []): Place[] => {
  for (const [index, { value }] of message.fields.entries()) {
    found.push({ in: message, index });
    if (!Buffer.isBuffer(value)) places(value, found);
  }
  return found;
};

const manyAttributes = (): Field[] =>
  Array.from({ length: 10_001 }, (_, i) => ({
    number: 9,
    wire: 2,
    value: Buffer.concat([
      lengthDelimited(1, Buffer.from(`many.${i}`)),
      lengthDelimited(2, Buffer.from([0x0a, 0x01, 0x76])),
    ]),
  }));

const spoilers: readonly ((place: Place, random: Random, all: readonly Place[]) => void)[] = [
  ({ in: message, index }, random) => {
    const field = message.fields[index]!;
    field.value = rawOf[field.wire]!(random);
    if (messages[message.name]?.[field.number] !== undefined && field.wire === 2) field.value = Buffer.alloc(0);
  },
  ({ in: message, index }, random) => {
    const field = message.fields[index]!;
    if (Buffer.isBuffer(field.value)) field.value = rawOf[field.wire]!(random);
  },
  // Another wire type for the field.
  ({ in: message, index }, random) => {
    const wire = random.pick([0, 1, 5]);
    message.fields[index] = { number: message.fields[index]!.number, wire, value: rawOf[wire]!(random) };
  },
  ({ in: message, index }) => void message.fields.splice(index, 1),
  ({ in: message, index }, random) =>
    message.fields.splice(random.below(message.fields.length + 1), 0, message.fields[index]!),
  ({ in: message, index }, random) => {
    const wire = random.pick([0, 1, 2, 5]);
    message.fields.splice(index, 0, {
      number: random.pick([19, 100, 15_000, 536_870_911]),
      wire,
      value: rawOf[wire]!(random),
    });
  },
  ({ in: message, index }, random) => {
    message.fields[index]!.number = 1 + random.below(17);
    if (!Buffer.isBuffer(message.fields[index]!.value)) message.fields[index]!.value = Buffer.alloc(0);
  },
  (_place, random, all) => {
    const values = all.filter(
      ({ in: message, index }) => message.name === 'KeyValue' && message.fields[index]!.number === 2,
    );
    if (values.length === 0) return;
    const { in: message, index } = random.pick(values);
    message.fields[index]!.value = random.pick([deepValues.list, deepValues.map]);
  },
  (_place, random, all) => {
    const spans = all.filter(({ in: message }) => message.name === 'Span');
    if (spans.length > 0 && random.chance(0.3)) random.pick(spans).in.fields.push(...manyAttributes());
  },
];

/** An ExportTraceServiceRequest with one to four of its fields spoilt; lengths are right, so every other field can be read. */
export function spoilProtobuf(bytes: Buffer, random: Random): Buffer {
  const message = decode(bytes, 'Export');
  for (let left = 1 + random.below(4); left > 0; left -= 1) {
    const all = places(message);
    if (all.length === 0) break;
    random.pick(spoilers)(random.pick(all), random, all);
  }
  return encode(message);
}

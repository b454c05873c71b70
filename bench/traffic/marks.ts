/**
 * What a body carries, until it is stamped, where an id or a time goes. Binary marks begin with FE FF, which no UTF-8 text
 * holds; textual ones are as long as what replaces them and occur in no word.
 */
export interface Mark {
  readonly at: number;
  readonly kind:
    | (typeof binaryKinds)[keyof typeof binaryKinds]
    | 'traceIdHex'
    | 'spanIdHex'
    | 'startNanos'
    | 'endNanos'
    | 'startIso'
    | 'endIso'
    | 'eventId';
  /** Of the trace, span or event in the body. */
  readonly index: number;
}

const binaryKinds = { T: 'traceIdBytes', S: 'spanIdBytes', A: 'startBytes', B: 'endBytes' } as const;

const hexMark = (letter: 'T' | 'S', index: number): string =>
  `feff${letter === 'T' ? '54' : '53'}${index.toString(16).padStart(8, '0')}`;

function binaryMark(letter: keyof typeof binaryKinds, index: number): Buffer {
  const mark = Buffer.from([0xfe, 0xff, letter.charCodeAt(0), 0, 0, 0, 0, 0]);
  mark.writeUInt32BE(index, 4);
  return mark;
}

/** Marks of the trace, span or event `index` of a body, for encoders. */
export const binaryMarks = {
  traceId: (index: number): Buffer => Buffer.concat([binaryMark('T', index), Buffer.alloc(8)]),
  spanId: (index: number): Buffer => binaryMark('S', index),
  start: (index: number): Buffer => binaryMark('A', index),
  end: (index: number): Buffer => binaryMark('B', index),
};

/** The same as text: ids in hex, nanoseconds as 19 digits, ISO 8601 with milliseconds. */
export const textMarks = {
  traceId: (index: number): string => hexMark('T', index).padEnd(32, '0'),
  spanId: (index: number): string => hexMark('S', index).padEnd(16, '0'),
  startNanos: (index: number): string => `@A${String(index).padStart(17, '0')}`,
  endNanos: (index: number): string => `@B${String(index).padStart(17, '0')}`,
  startIso: (index: number): string => `@A${String(index).padStart(22, '0')}`,
  endIso: (index: number): string => `@B${String(index).padStart(22, '0')}`,
  eventId: (index: number): string => `@E${String(index).padStart(34, '0')}`,
};

export const findBinaryMarks = (body: Buffer): Mark[] =>
  [...body.toString('latin1').matchAll(/\xfe\xff([TSAB])\0([^]{4})/g)].map(({ index: at, 1: letter, 2: index }) => ({
    at,
    kind: binaryKinds[letter as keyof typeof binaryKinds],
    index: Buffer.from(index!, 'latin1').readUInt32BE(0),
  }));

export const findTextMarks = (body: Buffer): Mark[] =>
  [...body.toString('latin1').matchAll(/feff54([0-9a-f]{8})0{18}|feff53([0-9a-f]{8})00|@([ABE])(\d{17,34})/g)].map(
    ({ index: at, 1: trace, 2: span, 3: letter, 4: digits = '' }): Mark => {
      if (trace !== undefined) return { at, kind: 'traceIdHex', index: Number.parseInt(trace, 16) };
      if (span !== undefined) return { at, kind: 'spanIdHex', index: Number.parseInt(span, 16) };
      if (letter === 'E') return { at, kind: 'eventId', index: Number(digits) };
      const format = digits.length === 22 ? 'Iso' : 'Nanos';
      return { at, kind: letter === 'A' ? `start${format}` : `end${format}`, index: Number(digits) };
    },
  );

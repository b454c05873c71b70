/** Writes RowBinary into one growing buffer; strings are encoded where they land, so nothing is copied twice. */
export class RowBinaryWriter {
  #buffer: Buffer;
  #length = 0;

  constructor(capacity = 64 * 1024) {
    this.#buffer = Buffer.allocUnsafe(capacity);
  }

  get length(): number {
    return this.#length;
  }

  /** A view of what was written; valid until the next write. */
  bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  /** Bytes it holds on to. */
  get capacity(): number {
    return this.#buffer.length;
  }

  /** Takes back everything from there on. */
  truncate(length: number): void {
    this.#length = length;
  }

  /** Overwrites what was written before. */
  patchUint32(at: number, value: number): void {
    this.#buffer.writeUInt32LE(value, at);
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#length + bytes));
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
  }

  /** Bytes that are encoded already. Many that come first are taken over, not copied: they are this one's from then on. */
  raw(bytes: Uint8Array): void {
    if (this.#length === 0 && bytes.length > this.#buffer.length) {
      this.#buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      this.#length = bytes.length;
      return;
    }
    this.#reserve(bytes.length);
    this.#buffer.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  uint8(value: number): void {
    this.#reserve(1);
    this.#buffer[this.#length++] = value;
  }

  uint32(value: number): void {
    this.#reserve(4);
    this.#length = this.#buffer.writeUInt32LE(value, this.#length);
  }

  /** A safe integer, also negative: two's complement in 64 bits, which serves Int64, UInt64 and DateTime64 alike. */
  int64(value: number): void {
    this.#reserve(8);
    const low = value % 0x1_0000_0000;
    const high = Math.floor(value / 0x1_0000_0000);
    this.#buffer.writeUInt32LE(low < 0 ? low + 0x1_0000_0000 : low, this.#length);
    this.#buffer.writeInt32LE(high, this.#length + 4);
    this.#length += 8;
  }

  float64(value: number): void {
    this.#reserve(8);
    this.#length = this.#buffer.writeDoubleLE(value, this.#length);
  }

  bigint64(value: bigint): void {
    this.#reserve(8);
    this.#length = this.#buffer.writeBigInt64LE(value, this.#length);
  }

  /** The length prefix of strings, arrays and maps (LEB128). */
  varuint(value: number): void {
    this.#reserve(8);
    let rest = value;
    while (rest >= 0x80) {
      this.#buffer[this.#length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#buffer[this.#length++] = rest;
  }

  string(value: string): void {
    const { length } = value;
    // Half the columns of a row are empty; the other short ones are mostly ASCII, and a loop is faster than a call of Buffer.
    if (length < SHORT) {
      this.#reserve(1 + length * 3);
      const buffer = this.#buffer;
      const at = this.#length + 1;
      for (let i = 0; i < length; i += 1) {
        const code = value.charCodeAt(i);
        if (code > 127) return this.#shortText(value);
        buffer[at + i] = code;
      }
      buffer[at - 1] = length;
      this.#length = at + length;
      return;
    }
    const size = Buffer.byteLength(value);
    this.varuint(size);
    this.#reserve(size);
    this.#length += this.#buffer.write(value, this.#length);
  }

  #shortText(value: string): void {
    const at = this.#length++;
    const written = this.#buffer.write(value, this.#length);
    this.#buffer[at] = written;
    this.#length += written;
  }

  /** Decimal text as Decimal(18,12): see `scaledDecimal`, of which the short ones that dominate need no bigint. */
  decimal(text: string): void {
    const scaled = shortScaledDecimal(text);
    if (scaled === null) this.bigint64(scaledDecimal(text));
    else this.int64(scaled);
  }
}

/** Bytes up to which a string that is read is worth looking through. */
const SHORT_READ = 64;

/** A column of an answer: how it is read, and where its last value stands. */
export interface LastRead<Value> {
  readonly read: (from: RowBinaryReader) => Value;
  from: number;
  to: number;
}

/** Reads RowBinary, a value after the other in the order they were selected. */
export class RowBinaryReader {
  readonly #buffer: Buffer;
  #latin1: string | undefined;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#buffer.length;
  }

  /** Goes on behind what stands here when it is the last value of its column again: of what rows have in common there is one object. */
  again({ from, to }: LastRead<unknown>): boolean {
    if (!this.#stands(from, to)) return false;
    this.#at += to - from;
    return true;
  }

  /** What stands here, which is the last value of its column from now on. */
  next<Value>(last: LastRead<Value>): Value {
    last.from = this.#at;
    const value = last.read(this);
    last.to = this.#at;
    return value;
  }

  /** Whether the bytes there stand here too. */
  #stands(from: number, to: number): boolean {
    const [buffer, at] = [this.#buffer, this.#at];
    const length = to - from;
    if (length === 0 || at + length > buffer.length) return false;
    // Most differ in the first bytes, the length of a text or the last digits of a time, or are few.
    const few = Math.min(length, SHORT_READ);
    for (let i = 0; i < few; i += 1) if (buffer[from + i] !== buffer[at + i]) return false;
    return length === few || buffer.compare(buffer, from + few, to, at + few, at + length) === 0;
  }

  uint8(): number {
    return this.#buffer[this.#at++]!;
  }

  uint32(): number {
    const value = this.#buffer.readUInt32LE(this.#at);
    this.#at += 4;
    return value;
  }

  /** Exact where it is a safe integer. */
  int64(): number {
    const low = this.#buffer.readUInt32LE(this.#at);
    const high = this.#buffer.readInt32LE(this.#at + 4);
    this.#at += 8;
    return high * 0x1_0000_0000 + low;
  }

  /** Exact where it is a safe integer. */
  uint64(): number {
    const low = this.#buffer.readUInt32LE(this.#at);
    const high = this.#buffer.readUInt32LE(this.#at + 4);
    this.#at += 8;
    return high * 0x1_0000_0000 + low;
  }

  float64(): number {
    const value = this.#buffer.readDoubleLE(this.#at);
    this.#at += 8;
    return value;
  }

  /** The text of a Decimal(18,12). */
  decimal(): string {
    const scaled = this.int64();
    if (scaled >= 0 && scaled <= Number.MAX_SAFE_INTEGER) return shortDecimalText(scaled);
    return decimalText(this.#buffer.readBigInt64LE(this.#at - 8));
  }

  varuint(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 0x80) {
      const byte = this.#buffer[this.#at++]!;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
  }

  string(): string {
    const length = this.varuint();
    if (length === 0) return '';
    const from = this.#at;
    this.#at += length;
    // Most strings are short and ASCII: cut out of one that is made once, not handed over one by one. Of a large answer it lies
    // outside the heap: made a kilobyte at a time, the texts of a thousand rows are 8 MB that each collection moves.
    return length < SHORT_READ && this.#isAscii(from)
      ? (this.#latin1 ??= this.#buffer.toString('latin1')).slice(from, this.#at)
      : this.#buffer.toString('utf8', from, this.#at);
  }

  /** A text as its bytes in UTF-8: a view of the answer. */
  utf8(): Buffer {
    const length = this.varuint();
    const from = this.#at;
    this.#at += length;
    return this.#buffer.subarray(from, this.#at);
  }

  #isAscii(from: number): boolean {
    for (let at = from; at < this.#at; at += 1) if (this.#buffer[at]! >= 0x80) return false;
    return true;
  }
}

/** Characters; three bytes each at the most, so that the length is one byte. */
const SHORT = 42;

const SCALE = 12;

/** Digits, and up to 12 behind a point; null for anything else, and for what a number does not hold exactly. */
function shortScaledDecimal(text: string): number | null {
  if (text.length === 0 || text.length > 16 || text === '.') return null;
  let digits = 0;
  let point = text.length;
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code === POINT && point === text.length) point = i;
    else if (code >= ZERO && code <= ZERO + 9) digits = digits * 10 + (code - ZERO);
    else return null;
  }
  const decimals = Math.max(0, text.length - point - 1);
  if (decimals > SCALE) return null;
  const scaled = digits * 10 ** (SCALE - decimals);
  return scaled <= Number.MAX_SAFE_INTEGER ? scaled : null;
}
const POINT = 46;
const ZERO = 48;

/**
 * Decimal text to an integer scaled by 10^12, as Decimal(18,12) is stored; more decimals are rounded half away from zero,
 * what does not fit 18 digits is cut to the largest that does.
 * @throws RangeError when it is not a decimal number
 */
export function scaledDecimal(text: string): bigint {
  const short = shortScaledDecimal(text);
  if (short !== null) return BigInt(short);
  const match = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,3}))?$/.exec(text);
  if (match === null || (match[2] === '' && (match[3] ?? '') === ''))
    throw new RangeError(`'${text}' is not a decimal`);
  const [, sign, whole = '', fraction = '', exponent = '0'] = match;
  const digits = whole + fraction;
  const shift = SCALE + Number(exponent) - fraction.length;
  const LIMIT = 10n ** 18n - 1n;
  let value: bigint;
  if (shift >= 0) {
    value = digits.length + shift > 60 && !/^0*$/.test(digits) ? LIMIT : BigInt(digits) * 10n ** BigInt(shift);
  } else {
    const kept = digits.slice(0, Math.max(0, digits.length + shift));
    const first = digits.length + shift >= 0 ? Number(digits[digits.length + shift] ?? '0') : 0;
    value = BigInt(kept === '' ? '0' : kept) + (first >= 5 ? 1n : 0n);
  }
  if (value > LIMIT) value = LIMIT;
  return sign === '-' ? -value : value;
}

/** `decimalText` of what a number holds. */
function shortDecimalText(scaled: number): string {
  const whole = Math.floor(scaled / 10 ** SCALE);
  let fraction = scaled - whole * 10 ** SCALE;
  if (fraction === 0) return String(whole);
  let decimals = SCALE;
  for (; fraction % 10 === 0; fraction /= 10) decimals -= 1;
  return `${whole}.${String(fraction).padStart(decimals, '0')}`;
}

/** The shortest text of a decimal scaled by 10^12. */
export function decimalText(scaled: bigint): string {
  if (scaled === 0n) return '0';
  const digits = (scaled < 0n ? -scaled : scaled).toString().padStart(SCALE + 1, '0');
  const fraction = digits.slice(-SCALE).replace(/0+$/, '');
  return `${scaled < 0n ? '-' : ''}${digits.slice(0, -SCALE)}${fraction && `.${fraction}`}`;
}

/*
 * Metadata merges by key at every depth, whatever the order in which its parts arrive. A node keeps the clock of what was
 * said at its own place, so that a value replaces older keys below it and newer keys replace the value.
 */
import { type Clock, type ClockTable, compareClocks, newest, ZERO } from './clock.ts';

/** What was said at one place; shown are its `keys`, else its `leaf`, else `{}` when only that was said. */
export interface MetadataNode {
  /** The newest value that is not an object. Below shown keys it is only the time before which keys count as replaced. */
  readonly leaf?: { readonly value: unknown; readonly clock: Clock };
  /** When `{}` was said: it overwrites nothing, and is shown only where nothing else was said. */
  readonly empty?: Clock;
  /** None of them is as old as `leaf`. */
  readonly keys?: ReadonlyMap<string, MetadataNode>;
}

export const NOTHING: MetadataNode = {};

/** Objects deeper than this are values like any other: replaced, not merged. */
const MAX_DEPTH = 32;

/** What an event says; a scalar or a list stands under the key `metadata` (S2.3), null and `{}` say nothing. */
export function stateMetadata(metadata: unknown, clock: Clock): MetadataNode {
  if (metadata === undefined || metadata === null) return NOTHING;
  const entries = isObject(metadata) ? Object.entries(metadata) : [['metadata', metadata] as const];
  if (entries.length === 0) return NOTHING;
  return { keys: new Map(entries.map(([key, value]) => [key, stateTop(value, clock)])) };
}

/** A row keeps values at the top as text (bare or JSON), so they are compared and kept as text from the start. */
const stateTop = (value: unknown, clock: Clock): MetadataNode =>
  isObject(value) ? stateNested(value, clock, 1) : { leaf: { value: toText(value), clock } };

function stateNested(value: unknown, clock: Clock, depth: number): MetadataNode {
  if (!isObject(value) || depth >= MAX_DEPTH) return { leaf: { value, clock } };
  const entries = Object.entries(value);
  if (entries.length === 0) return { empty: clock };
  return { keys: new Map(entries.map(([key, each]) => [key, stateNested(each, clock, depth + 1)])) };
}

/** Commutative, associative, idempotent. */
export function joinMetadata(a: MetadataNode, b: MetadataNode): MetadataNode {
  if (a === b || b === NOTHING) return a;
  if (a === NOTHING) return b;
  const leaf = newerLeaf(a.leaf, b.leaf);
  const empty = newest(a.empty, b.empty);
  const keys = prune(joinKeys(a.keys, b.keys), leaf?.clock);
  return { ...(leaf && { leaf }), ...(empty && { empty }), ...(keys && { keys }) };
}

function joinKeys(a: MetadataNode['keys'], b: MetadataNode['keys']): MetadataNode['keys'] {
  if (!a || !b) return a ?? b;
  const keys = new Map(a);
  for (const [key, node] of b) keys.set(key, joinMetadata(keys.get(key) ?? NOTHING, node));
  return keys;
}

function newerLeaf(a: MetadataNode['leaf'], b: MetadataNode['leaf']): MetadataNode['leaf'] {
  if (!a || !b) return a ?? b;
  const order = compareClocks(a.clock, b.clock);
  if (order !== 0) return order > 0 ? a : b;
  // One event said two things: only a client that reuses event ids does that. Any fixed choice converges. A value that
  // newer keys replaced is not kept in the row and may be missing here.
  return String(JSON.stringify(a.value)) <= String(JSON.stringify(b.value)) ? a : b;
}

/** Without what no event said, but the row of another door. */
export function statedMetadata(node: MetadataNode): MetadataNode {
  const keys = prune(node.keys, ZERO);
  return keys ? { ...node, keys } : NOTHING;
}

/** Without what was said up to `until`. */
function prune(keys: MetadataNode['keys'], until: Clock | undefined): MetadataNode['keys'] {
  if (!keys || !until) return keys;
  const left = new Map<string, MetadataNode>();
  for (const [key, node] of keys) {
    const kept = pruneNode(node, until);
    if (kept) left.set(key, kept);
  }
  return left.size > 0 ? left : undefined;
}

function pruneNode(node: MetadataNode, until: Clock): MetadataNode | null {
  const leaf = node.leaf && compareClocks(node.leaf.clock, until) > 0 ? node.leaf : undefined;
  const empty = node.empty && compareClocks(node.empty, until) > 0 ? node.empty : undefined;
  const keys = prune(node.keys, until);
  return leaf || empty || keys ? { ...(leaf && { leaf }), ...(empty && { empty }), ...(keys && { keys }) } : null;
}

/**
 * As rows keep it: top-level key → bare string, or JSON text of any other value; keys sorted, so that the same metadata is
 * the same text. `original` is what the row held before: keys nobody spoke about keep their text to the byte.
 */
export function showMetadata(
  root: MetadataNode,
  original: Readonly<Record<string, string>> = {},
): Record<string, string> {
  return Object.fromEntries(
    sorted(root.keys).map(([key, node]) => {
      const text = original[key];
      if (text !== undefined && isUntouched(node)) return [key, text];
      return [key, isLeaf(node) ? String(node.leaf.value) : JSON.stringify(show(node))];
    }),
  );
}

function show(node: MetadataNode): unknown {
  if (node.keys) return Object.fromEntries(sorted(node.keys).map(([key, each]) => [key, show(each)]));
  return node.leaf ? node.leaf.value : {};
}

const sorted = (keys: MetadataNode['keys']): [string, MetadataNode][] =>
  [...(keys ?? [])].toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));

const isLeaf = (node: MetadataNode): node is MetadataNode & Required<Pick<MetadataNode, 'leaf'>> =>
  !node.keys && node.leaf !== undefined;

/** What it shows was not said at this door. */
function isUntouched({ leaf, empty, keys }: MetadataNode): boolean {
  if (keys) return keys.values().every(isUntouched);
  return (leaf ? leaf.clock : empty) === ZERO;
}

/**
 * Clocks of a node: a number when everything shown below has that one clock, else `[leaf, empty, keys?]` with -1 for what
 * was not said; a pair is a value, which -1 then leaves at ZERO. Nothing is written for what is all ZERO.
 */
export type EncodedClocks =
  | number
  | readonly [leaf: number, empty: number]
  | readonly [leaf: number, empty: number, keys: Readonly<Record<string, EncodedClocks>>];

export function encodeMetadata(root: MetadataNode, table: ClockTable): EncodedClocks | null {
  return root.keys ? encodeKeys(root, table, 0) : null;
}

function encodeKeys(node: MetadataNode, table: ClockTable, depth: number): EncodedClocks | null {
  const entries: [string, EncodedClocks][] = [];
  for (const [key, each] of node.keys ?? []) {
    const encoded = encodeNode(each, table, depth + 1);
    if (encoded !== null) entries.push([key, encoded]);
  }
  const first = entries[0]?.[1];
  const isUniform =
    typeof first === 'number' && entries.length === node.keys?.size && entries.every(([, each]) => each === first);
  if (isUniform && !node.leaf && !node.empty) return first;
  if (entries.length === 0 && !node.leaf && !node.empty) return null;
  return [position(node.leaf?.clock, table), position(node.empty, table), Object.fromEntries(entries)];
}

function encodeNode(node: MetadataNode, table: ClockTable, depth: number): EncodedClocks | null {
  if (node.keys) return encodeKeys(node, table, depth);
  const leaf = position(node.leaf?.clock, table);
  const empty = position(node.empty, table);
  if (leaf === -1 && empty === -1) return null;
  if (!node.leaf) return empty;
  // Text at the top that only looks like an object must not be taken for one when it is read again.
  const isPlain = empty === -1 && !(depth === 1 && parseObject(node.leaf.value));
  return isPlain ? leaf : [leaf, empty];
}

const position = (clock: Clock | undefined, table: ClockTable): number =>
  clock === undefined || clock === ZERO ? -1 : table.position(clock);

/** The reverse of `showMetadata` and `encodeMetadata`. */
export function readMetadata(
  shown: Readonly<Record<string, string>>,
  encoded: EncodedClocks | null,
  clocks: readonly Clock[],
): MetadataNode {
  const entries = Object.entries(shown);
  if (entries.length === 0) return NOTHING;
  const below = Array.isArray(encoded) ? (encoded[2] as Record<string, EncodedClocks>) : undefined;
  const keys = entries.map(([key, text]): [string, MetadataNode] => {
    const own = below && Object.hasOwn(below, key) ? below[key] : typeof encoded === 'number' ? encoded : undefined;
    const isText = Array.isArray(own) && own.length === 2;
    return [key, readNode(isText ? text : (parseObject(text) ?? text), own, clocks, 1)];
  });
  return { keys: new Map(keys) };
}

function readNode(
  value: unknown,
  encoded: EncodedClocks | undefined,
  clocks: readonly Clock[],
  depth: number,
): MetadataNode {
  if (encoded === undefined || typeof encoded === 'number') {
    const clock = encoded === undefined ? ZERO : clocks[encoded]!;
    return readPlain(value, clock, depth);
  }
  const isLeaf = encoded.length === 2;
  const leaf = encoded[0] === -1 ? (isLeaf ? ZERO : undefined) : clocks[encoded[0]];
  const empty = encoded[1] === -1 ? undefined : clocks[encoded[1]];
  const below = encoded[2];
  const keys =
    below && isObject(value)
      ? new Map(
          Object.entries(value).map(([key, each]) => [
            key,
            readNode(each, Object.hasOwn(below, key) ? below[key] : undefined, clocks, depth + 1),
          ]),
        )
      : undefined;
  return {
    ...(leaf && { leaf: { value: keys ? undefined : value, clock: leaf } }),
    ...(empty && { empty }),
    ...(keys && { keys }),
  };
}

function readPlain(value: unknown, clock: Clock, depth: number): MetadataNode {
  if (depth === 1 && !isObject(value)) return { leaf: { value, clock } };
  return stateNested(value, clock, depth);
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const toText = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

/** The object in a JSON text; null for any other text. */
function parseObject(text: unknown): Record<string, unknown> | null {
  if (typeof text !== 'string' || !text.startsWith('{')) return null;
  try {
    const parsed: unknown = JSON.parse(text);
    return isObject(parsed) ? parsed : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

import type { Json, JsonObject } from './recording.ts';

/** Where an answer is not the recorded one. `path` is like `data[2].metadata.k`; items of lists stand under their id: `data[gt-1].name`. */
export interface Difference {
  path: string;
  expected: Json | undefined;
  got: Json | undefined;
}

/** Compares an answer with the recorded one by the classes of `differences.md` that hold everywhere (D10 generated values, D11 additions). */
export function compare(expected: Json | undefined, got: Json | undefined, path = ''): Difference[] {
  const rule = rules.find(({ field }) => field.test(path));
  if (rule && rule.agrees(expected, got)) return [];
  if (Array.isArray(expected) && Array.isArray(got)) return compareLists(expected, got, path);
  if (isObject(expected) && isObject(got)) return compareObjects(expected, got, path);
  return Object.is(expected, got) ? [] : [{ path, expected, got }];
}

/** The whole answer to a write that gave the thing its id. */
const isMade = (answer: JsonObject): boolean => Object.keys(answer).join() === 'id' && UUID.test(String(answer['id']));

/** Inside these a key more is a fault: they are what the client sent, not fields of ours. */
const CLIENT_DATA = /(^|\.)(input|output|metadata|usageDetails|costDetails|modelParameters|expectedOutput)(\.|\[|$)/;

function compareObjects(expected: JsonObject, got: JsonObject, path: string): Difference[] {
  if (path === '' && isMade(expected) && isMade(got)) return [];
  const additionsCount = CLIENT_DATA.test(path);
  const keys = new Set([...Object.keys(expected), ...(additionsCount ? Object.keys(got) : [])]);
  return [...keys].flatMap((key) => {
    const at = path ? `${path}.${key}` : key;
    if (!(key in got)) return [{ path: at, expected: expected[key], got: undefined }];
    return compare(expected[key], got[key], at);
  });
}

/** Which way a list is sorted is compared by its times; which of two equal times comes first is nobody's promise (golden README). */
const SORTED_BY = ['startTime', 'timestamp'];

function compareLists(expected: Json[], got: Json[], path: string): Difference[] {
  if (SETS.test(path) && isTexts(expected) && isTexts(got)) {
    return compareItems(expected.toSorted(), got.toSorted(), path);
  }
  const byId = CLIENT_DATA.test(path) ? null : index(expected);
  const ours = byId && index(got);
  if (!byId || !ours) return compareItems(expected, got, path);

  const missing = [...byId.keys()]
    .filter((id) => !ours.has(id))
    .map((id) => ({ path: `${path}[${id}]`, expected: 'an item', got: undefined }));
  const surplus = [...ours.keys()]
    .filter((id) => !byId.has(id))
    .map((id) => ({ path: `${path}[${id}]`, expected: undefined, got: 'an item' }));
  const common = [...byId].flatMap(([id, item]) => (ours.has(id) ? compare(item, ours.get(id), `${path}[${id}]`) : []));
  if (missing.length + surplus.length > 0) return [...missing, ...surplus, ...common];
  const key = SORTED_BY.find((name) => expected.every((item) => isObject(item) && typeof item[name] === 'string'));
  const order = (items: Json[]): string =>
    items.map((item) => (key && isObject(item) ? String(item[key]) : '')).join(' ');
  // Observations inside a trace have no order on the wire.
  const sorted = !key || path.endsWith('observations') || order(expected) === order(got);
  return [...common, ...(sorted ? [] : [{ path: `${path}[]`, expected: order(expected), got: order(got) }])];
}

/** Ids of a trace's observations and scores come in any order. */
const SETS = /(^|\.)(observations|scores)$/;

function compareItems(expected: Json[], got: Json[], path: string): Difference[] {
  return Array.from({ length: Math.max(expected.length, got.length) }, (_, n) => n).flatMap((n) =>
    compare(expected[n], got[n], `${path}[${n}]`),
  );
}

function index(items: Json[]): Map<string, JsonObject> | null {
  const map = new Map<string, JsonObject>();
  for (const item of items) {
    if (!isObject(item) || typeof item['id'] !== 'string' || map.has(item['id'])) return null;
    map.set(item['id'], item);
  }
  return map;
}

interface Rule {
  field: RegExp;
  agrees(expected: Json | undefined, got: Json | undefined): boolean;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
/** USD: built-in prices agree within this, or stand in price-differences.ts (D8). */
export const USD_TOLERANCE = 1e-9;

const isInstant = (value: Json | undefined): boolean => typeof value === 'string' && INSTANT.test(value);
const isNumber = (value: Json | undefined): value is number => typeof value === 'number';

/** Generated values (D10) and those of the built-in list (D8) are compared by their form. */
const rules: readonly Rule[] = [
  { field: /(^|[.\]])(createdAt|updatedAt)$/, agrees: (expected, got) => isInstant(expected) && isInstant(got) },
  { field: /^version$/, agrees: (expected, got) => expected === '4.16.0' && got === '4.35.0' },
  {
    field: /^meta\.cursor$/,
    agrees: (expected, got) => typeof expected === 'string' && typeof got === 'string' && got !== '',
  },
  {
    field: /(^|[.\]])(modelId|internalModelId|usagePricingTierId)$/,
    agrees: (expected, got) => typeof expected === typeof got && !expected === !got,
  },
  {
    field: /(^|[.\]])(totalCost|inputCost|outputCost|calculated(Input|Output|Total)Cost|costDetails\.\w+)$/,
    agrees: (expected, got) => isNumber(expected) && isNumber(got) && Math.abs(expected - got) <= USD_TOLERANCE,
  },
];

export const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isTexts = (items: Json[]): items is string[] => items.every((item) => typeof item === 'string');

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

/** The time a list is sorted by. */
const SORTED_BY = ['startTime', 'timestamp'];

/**
 * Items are compared with their namesakes, and the order by their times: which of two equal times comes first is nobody's promise
 * (golden README), so a page that ends among equal times may also hold other ones of them.
 */
function compareLists(expected: Json[], got: Json[], path: string): Difference[] {
  if (SETS.test(path) && isTexts(expected) && isTexts(got)) {
    return compareItems(expected.toSorted(), got.toSorted(), path);
  }
  const nameOf = isUnique(expected) && isUnique(got) ? byIdAlone : byIdInTrace;
  if (expected.some(isMetric) && got.every(isMetric)) return compareMetrics(expected.filter(isMetric), got, path);
  if (expected.some(isDaily) && got.every(isDaily))
    return compareNamed(expected.filter(isDaily), got, path, dayOrModel);
  const byId = CLIENT_DATA.test(path) || GENERATED_IDS.test(path) ? null : index(expected, nameOf);
  const ours = byId && index(got, nameOf);
  if (!byId || !ours) return compareItems(expected, got, path);

  const missing = [...byId.keys()].filter((id) => !ours.has(id));
  const surplus = [...ours.keys()].filter((id) => !byId.has(id));
  const common = [...byId].flatMap(([id, item]) => (ours.has(id) ? compare(item, ours.get(id), `${path}[${id}]`) : []));
  const times = timesOf(expected);
  const ourTimes = timesOf(got);
  const sorted = !times || path.endsWith('observations') || times.join() === ourTimes?.join();
  const last = times?.at(-1);
  const cutAmongEquals =
    path === 'data' &&
    missing.length === surplus.length &&
    [...missing.map((id) => byId.get(id)), ...surplus.map((id) => ours.get(id))].every(
      (item) => item && timeOf(item) === last,
    );
  return [
    ...(cutAmongEquals ? [] : missing.map((id) => ({ path: `${path}[${id}]`, expected: 'an item', got: undefined }))),
    ...(cutAmongEquals ? [] : surplus.map((id) => ({ path: `${path}[${id}]`, expected: undefined, got: 'an item' }))),
    ...common,
    ...(sorted || missing.length + surplus.length > 0
      ? []
      : [{ path: `${path}[]`, expected: times.join(' '), got: ourTimes?.join(' ') }]),
  ];
}

const timeOf = (item: JsonObject): string | undefined =>
  SORTED_BY.map((name) => item[name]).find((value) => typeof value === 'string');

const METRIC = /^(count|sum|avg|max|min|p\d\d|histogram|uniq)_/;
const isMetric = (item: Json): item is JsonObject =>
  isObject(item) && Object.keys(item).some((key) => METRIC.test(key));

/** Days, and the models of a day, which come in any order. */
const isDaily = (item: Json): item is JsonObject => isObject(item) && 'countTraces' in item && 'totalCost' in item;
const dayOrModel = ({ date, model = null }: JsonObject): string =>
  date === undefined ? JSON.stringify(model) : String(date);

/** Rows of metrics are named by their dimensions. */
const dimensionsOf = (row: JsonObject): string =>
  Object.entries(row)
    .flatMap(([key, value]) => (METRIC.test(key) ? [] : [JSON.stringify(value)]))
    .join();

/** Where some column is in the recorded order, only the order of equal rows differs. */
function compareMetrics(expected: JsonObject[], got: JsonObject[], path: string): Difference[] {
  const differences = compareNamed(expected, got, path, dimensionsOf);
  const names = new Set(got.map(dimensionsOf));
  const known = new Set(expected.map(dimensionsOf));
  const [theirs, ours] = [
    expected.filter((row) => names.has(dimensionsOf(row))),
    got.filter((row) => known.has(dimensionsOf(row))),
  ];
  const column = (rows: JsonObject[], key: string): string => JSON.stringify(rows.map((row) => row[key]));
  const isInOrder = Object.keys(expected[0] ?? {}).some((key) => column(theirs, key) === column(ours, key));
  return isInOrder || differences.length > 0
    ? differences
    : [{ path: `${path}[]`, expected: theirs.map(dimensionsOf), got: ours.map(dimensionsOf) }];
}

function compareNamed(
  expected: JsonObject[],
  got: JsonObject[],
  path: string,
  nameOf: (row: JsonObject) => string,
): Difference[] {
  const theirs = new Map(expected.map((row) => [nameOf(row), row]));
  const ours = new Map(got.map((row) => [nameOf(row), row]));
  const names = [...new Set([...theirs.keys(), ...ours.keys()])];
  return names.flatMap((name) => {
    const at = `${path}[${name}]`;
    const [one, other] = [theirs.get(name), ours.get(name)];
    if (one && other) return compare(one, other, at);
    return [{ path: at, expected: one && 'an item', got: other && 'an item' }];
  });
}

/** Null where the items carry no time. Inside a trace observations have no order on the wire. */
function timesOf(items: Json[]): string[] | null {
  const times = items.map((item) => (isObject(item) ? timeOf(item) : undefined));
  return times.every((time) => time !== undefined) ? times : null;
}

/** Lists in an order of their own, whose items' ids nobody chose. */
const GENERATED_IDS = /(^|\.)pricingTiers$/;

/** Ids of a trace's observations and scores come in any order. */
const SETS = /(^|\.)(observations|scores)$/;

function compareItems(expected: Json[], got: Json[], path: string): Difference[] {
  return Array.from({ length: Math.max(expected.length, got.length) }, (_, n) => n).flatMap((n) =>
    compare(expected[n], got[n], `${path}[${n}]`),
  );
}

/** By name; what is there twice is numbered. Null when items have no id. */
function index(items: Json[], nameOf: (item: JsonObject) => string): Map<string, JsonObject> | null {
  const map = new Map<string, JsonObject>();
  for (const item of items) {
    if (!isObject(item) || typeof item['id'] !== 'string') return null;
    const name = nameOf(item);
    map.set(map.has(name) ? `${name}#2` : name, item);
  }
  return map;
}

const byIdAlone = ({ id }: JsonObject): string => String(id);
/** An observation's id holds only within its trace. */
const byIdInTrace = ({ id, traceId }: JsonObject): string =>
  typeof traceId === 'string' ? `${traceId}/${String(id)}` : String(id);
const isUnique = (items: Json[]): boolean =>
  new Set(items.map((item) => isObject(item) && byIdAlone(item))).size === items.length;

interface Rule {
  field: RegExp;
  agrees(expected: Json | undefined, got: Json | undefined): boolean;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** A generated id of the recording; a default tier's is made from its model's. */
const CUID = /^c[a-z0-9]{24}(_tier_default)?$/;
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
/** USD: built-in prices agree within this, or stand in price-differences.ts (D8). */
export const USD_TOLERANCE = 1e-9;

const isInstant = (value: Json | undefined): boolean => typeof value === 'string' && INSTANT.test(value);
const isNumber = (value: Json | undefined): value is number => typeof value === 'number';

/** Generated values (D10) and those of the built-in list (D8) are compared by their form. */
const rules: readonly Rule[] = [
  {
    field: /(^|[.\]])(createdAt|updatedAt|lastUpdatedAt)$/,
    agrees: (expected, got) => isInstant(expected) && isInstant(got),
  },
  { field: /^version$/, agrees: (expected, got) => expected === '4.16.0' && got === '4.35.0' },
  { field: /^urlExpiry$/, agrees: (expected, got) => isInstant(expected) && isInstant(got) },
  {
    field: /^(uploadUrl|url)$/,
    agrees: (expected, got) =>
      typeof expected === 'string' && typeof got === 'string' && /^https?:\/\/[^ ]+\?[^ ]+$/.test(got),
  },
  {
    field: /^meta\.cursor$/,
    agrees: (expected, got) => typeof expected === 'string' && typeof got === 'string' && got !== '',
  },
  {
    field: /(^|[.\]])id$/,
    agrees: (expected, got) =>
      CUID.test(String(expected)) &&
      UUID.test(String(got).replace(/_tier_default$/, '')) &&
      String(expected).endsWith('_tier_default') === String(got).endsWith('_tier_default'),
  },
  {
    field: /(^|[.\]])(modelId|internalModelId|usagePricingTierId)$/,
    agrees: (expected, got) => typeof expected === typeof got && !expected === !got,
  },
  {
    field: /(^|[.\]])((?:sum_)?totalCost|inputCost|outputCost|calculated(Input|Output|Total)Cost|costDetails\.\w+)$/,
    agrees: (expected, got) => isNumber(expected) && isNumber(got) && Math.abs(expected - got) <= USD_TOLERANCE,
  },
];

export const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isTexts = (items: Json[]): items is string[] => items.every((item) => typeof item === 'string');

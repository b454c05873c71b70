import { type Filter, parse } from 'scim2-parse-filter';
import { ScimError } from '../../http/errors.ts';
import { type Sql, sql } from '../../stores/postgres/sql.ts';

/*
 * Filters of RFC 7644, 3.4.2.2: text → tree (scim2-parse-filter) → a condition. What may be named comes from a table of
 * attributes, values are bound.
 */

const MAX_CHARACTERS = 1000;
const MAX_DEPTH = 10;

type Compare = Extract<Filter, { compValue: unknown }>;

/** An attribute as a filter may name it. */
export type Filterable =
  | { type: 'text' | 'exactText' | 'boolean' | 'time'; value: Sql }
  /** Has several values, each with attributes of its own; `some` says that one of them is as `condition` wants. */
  | { type: 'list'; of: Filterables; some(condition: Sql): Sql };
/** By their name in lower case, as `name.formatted`; `''` in a list is what a value means without an attribute. */
export type Filterables = ReadonlyMap<string, Filterable>;

/** The tree of a filter. @throws ScimError, invalidFilter, for one that is none, too long or too deep */
export function parseFilter(text: string): Filter {
  if (text.length > MAX_CHARACTERS) throw invalid(`a filter has ${MAX_CHARACTERS} characters at the most`);
  // A line break inside quotes would take the parser's pattern for ever.
  if (/\p{Cc}/u.test(text)) throw invalid('a filter has no control characters');
  let tree: Filter;
  try {
    // The parser takes backslashes in texts as they are: it gets their numbers.
    const texts: string[] = [];
    const numbered = text.replaceAll(
      /"(?:[^"\\]|\\.)*"/g,
      (literal) => `"${texts.push(JSON.parse(literal) as string) - 1}"`,
    );
    tree = withTexts(parse(numbered), texts);
  } catch (error) {
    throw invalid((error as Error).message);
  }
  if (depthOf(tree) > MAX_DEPTH) throw invalid(`a filter is ${MAX_DEPTH} levels deep at the most`);
  return tree;
}

/** The condition a filter means. @throws ScimError, invalidFilter */
export const filterCondition = (text: string, attributes: Filterables): Sql => condition(parseFilter(text), attributes);

function withTexts(tree: Filter, texts: readonly string[]): Filter {
  if ('filters' in tree) return { ...tree, filters: tree.filters.map((each) => withTexts(each, texts)) };
  if ('filter' in tree) return { ...tree, filter: withTexts(tree.filter, texts) };
  if ('valFilter' in tree) return { ...tree, valFilter: withTexts(tree.valFilter, texts) };
  if (!('compValue' in tree) || typeof tree.compValue !== 'string') return tree;
  return { ...tree, compValue: texts[Number(tree.compValue)] ?? '' };
}

/** Names that a filter compares; `[` for one of those inside another. */
export function attributesIn(tree: Filter): string[] {
  if ('filters' in tree) return tree.filters.flatMap(attributesIn);
  if ('filter' in tree) return attributesIn(tree.filter);
  return 'valFilter' in tree ? ['['] : [tree.attrPath];
}

function depthOf(tree: Filter): number {
  if ('filters' in tree) return 1 + Math.max(...tree.filters.map(depthOf));
  if ('filter' in tree) return 1 + depthOf(tree.filter);
  if ('valFilter' in tree) return 1 + depthOf(tree.valFilter);
  return 1;
}

function condition(tree: Filter, attributes: Filterables): Sql {
  if ('filters' in tree) {
    const [first, ...rest] = tree.filters.map((each) => condition(each, attributes));
    const all = tree.op === 'and';
    return rest.reduce((sum, each) => (all ? sql`(${sum} AND ${each})` : sql`(${sum} OR ${each})`), first!);
  }
  if ('filter' in tree) return sql`(NOT ${condition(tree.filter, attributes)})`;
  const attribute = attributeOf(tree.attrPath, attributes);
  if ('valFilter' in tree) {
    if (attribute.type !== 'list') throw invalid(`'${tree.attrPath}' has no attributes of its own`);
    return attribute.some(condition(tree.valFilter, attribute.of));
  }
  return comparison(tree, attribute);
}

/** In any case, and with the name of its schema in front of it where a client says that. */
function attributeOf(path: string, attributes: Filterables): Filterable {
  const name = path.replace(CORE, '').toLowerCase();
  const whole = attributes.get(name);
  if (whole) return whole;
  const dot = name.lastIndexOf('.');
  const list = attributes.get(name.slice(0, dot));
  const part = dot > 0 && list?.type === 'list' ? list.of.get(name.slice(dot + 1)) : undefined;
  if (list?.type === 'list' && part) return { type: 'list', of: new Map([['', part]]), some: list.some };
  throw invalid(`no attribute '${path}' to filter by`);
}

/** Of a user or a group. */
const CORE = /^urn:ietf:params:scim:schemas:core:2\.0:(user|group):/i;

function comparison(tree: Compare | Extract<Filter, { op: 'pr' }>, attribute: Filterable): Sql {
  if (attribute.type === 'list') {
    const value = attribute.of.get('');
    if (!value) throw invalid(`'${tree.attrPath}' is compared by one of its attributes`);
    return attribute.some(comparison(tree, value));
  }
  const { type, value } = attribute;
  if (tree.op === 'pr') return type === 'text' ? sql`(COALESCE(${value}, '') <> '')` : sql`(${value} IS NOT NULL)`;
  const wanted = (tree as Compare).compValue;
  if (wanted === null) {
    if (tree.op === 'eq') return sql`(${value} IS NULL)`;
    if (tree.op === 'ne') return sql`(${value} IS NOT NULL)`;
    throw invalid('null is compared by eq and ne');
  }
  const compare = comparisons[type][tree.op];
  const bound = readers[type](wanted);
  if (!compare || bound === undefined)
    throw invalid(`'${tree.attrPath} ${tree.op}' cannot be compared with this value`);
  return sql`COALESCE(${compare(value, bound)}, false)`;
}

/** `undefined` for a value that is not of the kind. */
const readers = {
  text: (wanted: unknown) => (typeof wanted === 'string' ? wanted.toLowerCase() : undefined),
  exactText: (wanted: unknown) => (typeof wanted === 'string' ? wanted : undefined),
  /** Entra puts booleans into quotes. */
  boolean: (wanted: unknown) =>
    typeof wanted === 'boolean'
      ? wanted
      : /^(true|false)$/i.test(String(wanted))
        ? /^t/i.test(String(wanted))
        : undefined,
  time(wanted: unknown) {
    const time = typeof wanted === 'string' ? new Date(wanted) : new Date(Number.NaN);
    return Number.isNaN(time.getTime()) ? undefined : time;
  },
};

type Comparison = (value: Sql, wanted: unknown) => Sql;
const order: Record<string, Comparison> = {
  gt: (value, wanted) => sql`${value} > ${wanted}`,
  ge: (value, wanted) => sql`${value} >= ${wanted}`,
  lt: (value, wanted) => sql`${value} < ${wanted}`,
  le: (value, wanted) => sql`${value} <= ${wanted}`,
};
const sameness: Record<string, Comparison> = {
  eq: (value, wanted) => sql`${value} = ${wanted}`,
  ne: (value, wanted) => sql`${value} IS DISTINCT FROM ${wanted}`,
};
const exact: Record<string, Comparison> = {
  ...sameness,
  ...order,
  co: (value, wanted) => sql`position(${wanted}::text IN ${value}) > 0`,
  sw: (value, wanted) => sql`starts_with(${value}, ${wanted}::text)`,
  ew: (value, wanted) => sql`right(${value}, length(${wanted}::text)) = ${wanted}::text`,
};
const inAnyCase = Object.fromEntries(
  Object.entries(exact).map(([op, compare]): [string, Comparison] => [
    op,
    (value, wanted) => compare(sql`lower(${value})`, wanted),
  ]),
);
const comparisons: Record<Exclude<Filterable['type'], 'list'>, Record<string, Comparison>> = {
  text: inAnyCase,
  exactText: exact,
  boolean: sameness,
  time: { ...sameness, ...order },
};

const invalid = (why: string): ScimError => new ScimError('invalidFilter', `Invalid filter: ${why}`);

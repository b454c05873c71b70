import { clickhouse, ClickHouseSql, join, pattern } from './sql.ts';

const { trusted } = ClickHouseSql;

/** Where payload text lies in a row. `said` is what it says of its trace, and all metadata. */
export type SearchedText = 'input' | 'output' | 'said';

const expressions: Record<SearchedText, string> = {
  input: 'input',
  output: 'output',
  said: String.raw`arrayStringConcat(arrayConcat([trace_input, trace_output], mapValues(metadata), mapValues(trace_metadata)), '\n')`,
};
/** An expression has one text index at the most; under this name it has a second one. */
const again = (expression: string): string => `toString(${expression})`;

/**
 * The text indexes of `observations`, built at night (text-index.ts): two an expression. `t_…` has words, and ILIKE looks
 * through its dictionary for those of which an ASCII pattern is a part. `w_…` has every character beyond ASCII as a token of
 * its own, which LIKE looks up; it is next to nothing where there are few such. The engine takes a preprocessor other than
 * `lower` for LIKE alone, hence two.
 */
export const textIndexes: readonly { text: SearchedText; name: string; definition: string }[] = Object.entries(
  expressions,
).flatMap(([text, expression]) => [
  {
    text: text as SearchedText,
    name: `t_${text}`,
    definition: `${expression} TYPE text(tokenizer = 'splitByNonAlpha', preprocessor = lower(${expression}))`,
  },
  {
    text: text as SearchedText,
    name: `w_${text}`,
    definition: String.raw`${again(expression)} TYPE text(tokenizer = 'asciiCJK', preprocessor = replaceRegexpAll(${again(expression)}, '[\\x00-\\x7F]+', ' '))`,
  },
]);

export const textIndexNames = textIndexes.map(({ name }) => name).join(',');

/** What statements with `hasText` run with: a dictionary is looked through for short patterns too, which costs the same. */
export const textSearchSettings = { text_index_like_min_pattern_length: 2 } as const;

/**
 * Whether the text contains the value as ILIKE does, in any script. What an index can tell stands before it as conditions
 * that follow from it, so that rows without an index get the same answer.
 */
export function hasText(text: SearchedText, value: string): ClickHouseSql {
  const expression = trusted(expressions[text]);
  const wide = trusted(again(expressions[text]));
  const like = (part: string): ClickHouseSql => clickhouse`${wide} LIKE ${pattern(part, 'contains')}`;
  const ilike = (part: string): ClickHouseSql => clickhouse`${expression} ILIKE ${pattern(part, 'contains')}`;
  // Lone surrogates reach the engine as U+FFFD.
  const { words, caseless, cased } = partsOf(value.toWellFormed());
  // Without case LIKE is the same, and the faster.
  if (caseless[0] === value) return like(value);
  const necessary = [
    ...caseless.map(like),
    ...cased.map((forms) => clickhouse`(${join(forms.map(like), ' OR ')})`),
    ...words.filter((word) => word !== value).map(ilike),
  ];
  return clickhouse`(${join([...necessary, ilike(value)], ' AND ')})`;
}

/** What ids mostly are not made of, those of OpenTelemetry never: an index tells where there are others. */
const oddIds = trusted(`match(concat(id, trace_id), '[^0-9a-f-]') = 1`);
const isOdd = (value: string): boolean => /[^0-9a-f-]/i.test(value);

/** The same of the row's ids. */
export function idsHaveText(value: string): ClickHouseSql {
  const either = clickhouse`(id ILIKE ${pattern(value, 'contains')} OR trace_id ILIKE ${pattern(value, 'contains')})`;
  return isOdd(value) ? clickhouse`(${oddIds} AND ${either})` : either;
}

/** More than these tell little more, and each is looked for in rows without an index. */
const MOST = 2;
/** Of a shorter word the dictionary has so many that the engine gives up, and forgets what the others tell. */
const RARE_LENGTH = 5;
const byLength = (a: string, b: string): number => b.length - a.length;
const some = (parts: Iterable<string>): string[] => [...new Set(parts)].toSorted(byLength).slice(0, MOST);

/** Parts of a value that an index knows: ASCII words, runs of characters without case, letters with both of their cases. */
function partsOf(value: string): { words: string[]; caseless: string[]; cased: [string, string][] } {
  const runs: string[] = [''];
  for (const character of value) {
    if (isCaseless(character)) runs[runs.length - 1] += character;
    else runs.push('');
  }
  return {
    words: some(value.match(/[a-z0-9]{3,}/gi) ?? []).filter((word, i) => i === 0 || word.length >= RARE_LENGTH),
    caseless: some(runs.filter((run) => run !== '')),
    cased: some(value.match(/[À-ɏЀ-ӿ]/g) ?? []).flatMap(bothCases),
  };
}

const isAscii = (character: string): boolean => character < '\u0080';
const isCaseless = (character: string): boolean =>
  !isAscii(character) && character.toLowerCase() === character && character.toUpperCase() === character;

/** Nothing for a letter whose cases are not one character each, or of which there are more. */
function bothCases(letter: string): [string, string][] {
  const [lower, upper] = [letter.toLowerCase(), letter.toUpperCase()];
  const isPair = lower !== upper && upper.toLowerCase() === lower && lower.toUpperCase() === upper;
  // The sign for the unit ångström is a third one of that letter.
  return isPair && !isAscii(lower) && !isAscii(upper) && lower !== 'å' ? [[lower, upper]] : [];
}

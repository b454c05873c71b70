/**
 * Filter text: the one language in which a person selects traces or observations, in the filter bar, in an address and
 * on the command line. Text is parsed to terms, terms are compiled to the API's filter conditions (S8.8.4) and back.
 *
 *   query   = { term }                                 terms are ANDed
 *   term    = [ "-" ] ( clause | text )                "-" negates
 *   clause  = field ":" ( cmp | range | list | "*" )   field:* = present
 *   cmp     = ( ">" | ">=" | "<" | "<=" ) literal      range = [literal] ".." [literal], inclusive
 *   list    = literal { "," literal }                  any of
 *   literal = [ "*" ] ( bare | quoted ) [ "*" ]        "*" on text fields only
 *   text    = bare | quoted                            substring of input, output, metadata, name and ids
 */

/** A value as it was written. `open`: the side on which `*` lets anything stand. */
export interface Literal {
  text: string;
  open: '' | 'start' | 'end' | 'both';
}

export type Comparison = '>' | '>=' | '<' | '<=';

export type FilterTest =
  | { is: 'present' }
  | { is: 'compared'; by: Comparison; to: Literal }
  | { is: 'between'; from: Literal | null; to: Literal | null }
  | { is: 'any'; of: Literal[] };

export type FilterTerm =
  | { kind: 'text'; not: boolean; value: string }
  | { kind: 'clause'; not: boolean; field: string; test: FilterTest };

/** What is wrong between the characters `start` and `end` (exclusive), in words; `instead` is a text that would do. */
export interface FilterProblem {
  start: number;
  end: number;
  message: string;
  instead?: string;
}

/** One condition of the API's `filter` parameter (S8.8.4). */
export interface FilterCondition {
  type: string;
  column: string;
  operator: string;
  value: string | number | boolean | string[];
  key?: string;
}

/** What is being listed. */
export type FilterTarget = 'traces' | 'observations';

/**
 * All conditions of a clause hold for the same thing; `not` turns the result as a whole, so that a clause and its negation
 * share every row out between them. `of` says whose columns they are: in a list of traces, a clause of an observation is
 * true for a trace when it is for any of its observations; in a list of observations, a clause of a trace asks their trace.
 */
export interface FilterClause {
  of: 'trace' | 'observation';
  not: boolean;
  conditions: FilterCondition[];
}

/** Substring search, case-insensitive, in input, output, metadata, name and ids. */
export interface TextSearch {
  value: string;
  not: boolean;
}

/** A compiled query: every clause and every text must hold. */
export interface CompiledFilter {
  clauses: FilterClause[];
  text: TextSearch[];
}

type Kind = 'string' | 'options' | 'list' | 'seconds' | 'usd' | 'count' | 'time' | 'payload';

interface Field {
  kind: Kind;
  /** Column in the list of traces, when it has one. */
  trace?: string;
  /** Column in the list of observations, when it has one. */
  observation?: string;
}

/** Every field with its columns (S8.8.4; `provider`, `observationCount` and `scores` are ours). First name is canonical. */
// oxfmt-ignore
const fields: Record<string, Field> = {
  id:               { kind: 'string',  trace: 'id',               observation: 'id' },
  trace:            { kind: 'string',  trace: 'id',               observation: 'traceId' },
  name:             { kind: 'string',  trace: 'traceName',        observation: 'name' },
  type:             { kind: 'options',                            observation: 'type' },
  level:            { kind: 'options', trace: 'level',            observation: 'level' },
  status:           { kind: 'string',                             observation: 'statusMessage' },
  user:             { kind: 'string',  trace: 'userId',           observation: 'userId' },
  session:          { kind: 'string',  trace: 'sessionId',        observation: 'sessionId' },
  env:              { kind: 'options', trace: 'environment',      observation: 'environment' },
  tags:             { kind: 'list',    trace: 'traceTags',        observation: 'traceTags' },
  release:          { kind: 'string',  trace: 'release',          observation: 'release' },
  version:          { kind: 'string',  trace: 'version',          observation: 'version' },
  model:            { kind: 'string',                             observation: 'providedModelName' },
  provider:         { kind: 'string',                             observation: 'provider' },
  prompt:           { kind: 'string',                             observation: 'promptName' },
  'prompt.version': { kind: 'count',                              observation: 'promptVersion' },
  latency:          { kind: 'seconds', trace: 'latency',          observation: 'latency' },
  ttft:             { kind: 'seconds',                            observation: 'timeToFirstToken' },
  tokens:           { kind: 'count',   trace: 'totalTokens',      observation: 'totalTokens' },
  'tokens.in':      { kind: 'count',   trace: 'inputTokens',      observation: 'inputTokens' },
  'tokens.out':     { kind: 'count',   trace: 'outputTokens',     observation: 'outputTokens' },
  cost:             { kind: 'usd',     trace: 'totalCost',        observation: 'totalCost' },
  'cost.in':        { kind: 'usd',     trace: 'inputCost',        observation: 'inputCost' },
  'cost.out':       { kind: 'usd',     trace: 'outputCost',       observation: 'outputCost' },
  tps:              { kind: 'count',                              observation: 'tokensPerSecond' },
  errors:           { kind: 'count',   trace: 'errorCount' },
  warnings:         { kind: 'count',   trace: 'warningCount' },
  observations:     { kind: 'count',   trace: 'observationCount' },
  comments:         { kind: 'count',   trace: 'commentCount' },
  tool:             { kind: 'list',                               observation: 'toolNames' },
  'tool.called':    { kind: 'list',                               observation: 'calledToolNames' },
  dataset:          { kind: 'string',  trace: 'datasetId',        observation: 'experimentDatasetId' },
  experiment:       { kind: 'string',                             observation: 'experimentName' },
  started:          { kind: 'time',    trace: 'timestamp',        observation: 'startTime' },
  input:            { kind: 'payload', trace: 'input',            observation: 'input' },
  output:           { kind: 'payload', trace: 'output',           observation: 'output' },
  'trace.name':     { kind: 'string',  trace: 'traceName',        observation: 'traceName' },
  'trace.tags':     { kind: 'list',    trace: 'traceTags',        observation: 'traceTags' },
};

/** All field names that filter text knows, for suggestions; `metadata.` and `score.` take a key after the dot. */
export const filterFields: readonly string[] = [...Object.keys(fields), 'metadata.', 'score.', 'is', 'has', 'position'];

/** Where a list has the values of a field. `kind` says how they are written; of `metadata` and `score` it is the value of a key. */
export interface FieldPlace {
  /** The canonical name, which terms have. */
  field: string;
  kind: Kind | 'metadata' | 'score';
  of: 'trace' | 'observation';
  column: string;
  key?: string;
}

/** The place of a field as filter text writes it; null when there is no such field. */
export function placeOfField(written: string, target: FilterTarget): FieldPlace | null {
  const field = canonicalField(written);
  if (field === null || field === 'is' || field === 'has' || field === 'position') return null;
  return placeOf(field, target);
}

function placeOf(field: string, target: FilterTarget): FieldPlace {
  const own = target === 'traces' ? 'trace' : 'observation';
  const kind = kindOf(field);
  if (kind === 'metadata' || kind === 'score') {
    const column = kind === 'metadata' ? 'metadata' : 'scores';
    return { field, kind, of: own, column, key: field.slice(field.indexOf('.') + 1) };
  }
  const { [own]: column, trace, observation } = fields[field] ?? {};
  const of = column !== undefined ? own : trace !== undefined ? 'trace' : 'observation';
  return { field, kind, of, column: column ?? trace ?? observation ?? field };
}

interface Flag {
  of: 'trace' | 'observation';
  yes: FilterCondition;
  no: FilterCondition;
}

const truth = (of: Flag['of'], column: string): Flag => ({
  of,
  yes: { type: 'boolean', column, operator: '=', value: true },
  no: { type: 'boolean', column, operator: '=', value: false },
});
const some = (of: Flag['of'], column: string): Flag => ({
  of,
  yes: { type: 'number', column, operator: '>', value: 0 },
  no: { type: 'number', column, operator: '=', value: 0 },
});
const present = (of: Flag['of'], column: string): Flag => ({
  of,
  yes: { type: 'null', column, operator: 'is not null', value: '' },
  no: { type: 'null', column, operator: 'is null', value: '' },
});

/** `is:` and `has:`, by what is listed. */
const flags: Record<FilterTarget, Record<string, Flag>> = {
  traces: {
    'is:root': truth('observation', 'isRootObservation'),
    'is:starred': truth('trace', 'bookmarked'),
    'is:public': truth('trace', 'public'),
    'is:running': truth('trace', 'running'),
    'has:error': some('trace', 'errorCount'),
    'has:input': present('trace', 'input'),
    'has:output': present('trace', 'output'),
    'has:score': present('trace', 'scores'),
    'has:comment': some('trace', 'commentCount'),
  },
  observations: {
    'is:root': truth('observation', 'isRootObservation'),
    'is:starred': truth('trace', 'bookmarked'),
    'is:public': truth('trace', 'public'),
    'is:running': truth('observation', 'running'),
    'has:error': {
      of: 'observation',
      yes: { type: 'stringOptions', column: 'level', operator: 'any of', value: ['ERROR'] },
      no: { type: 'stringOptions', column: 'level', operator: 'none of', value: ['ERROR'] },
    },
    'has:input': present('observation', 'input'),
    'has:output': present('observation', 'output'),
    'has:score': present('observation', 'scores'),
    'has:comment': some('observation', 'commentCount'),
  },
};

const positions = ['root', 'first', 'last'];

/** Terms in the order written, without those that have a problem. */
export function parseFilterText(text: string): { terms: FilterTerm[]; problems: FilterProblem[] } {
  const terms: FilterTerm[] = [];
  const problems: FilterProblem[] = [];
  const source = new Source(text);
  for (source.skipSpace(); !source.atEnd; source.skipSpace()) {
    const start = source.at;
    const result = readTerm(source);
    if ('message' in result) problems.push({ start, end: source.at, ...result });
    else terms.push(result);
  }
  return { terms, problems };
}

/** The shortest text that parses to these terms. */
export function formatFilterText(terms: readonly FilterTerm[]): string {
  return terms.map(formatTerm).join(' ');
}

/**
 * Terms that parsed without a problem as conditions. Two or more `tags:a tags:b` become one "all of"; `prompt:p prompt.version:4`
 * is about one call.
 */
export function compileFilter(terms: readonly FilterTerm[], target: FilterTarget): CompiledFilter {
  const clauses: FilterClause[] = [];
  const text: TextSearch[] = [];
  const together = new Map<string, FilterCondition & { value: string[] }>();
  for (const term of terms) {
    if (term.kind === 'text') {
      text.push({ value: withoutStars(term.value), not: term.not });
      continue;
    }
    const clause = compileClause(term, target);
    const only = clause.conditions[0];
    if (!clause.not && only?.type === 'arrayOptions' && only.operator === 'any of' && oneValue(only)) {
      const earlier = together.get(only.column);
      if (earlier) {
        earlier.operator = 'all of';
        earlier.value.push(...only.value);
        continue;
      }
      together.set(only.column, only);
    }
    clauses.push(clause);
  }
  return { clauses: withPromptVersion(clauses), text };
}

/** A version means nothing without its prompt: both are asked of the same observation. */
function withPromptVersion(clauses: FilterClause[]): FilterClause[] {
  const [prompt, otherPrompt] = clauses.filter((clause) => wants(clause, 'promptName'));
  const [version, otherVersion] = clauses.filter((clause) => wants(clause, 'promptVersion'));
  if (!prompt || !version || otherPrompt || otherVersion) return clauses;
  const both = { ...prompt, conditions: [...prompt.conditions, ...version.conditions] };
  return clauses.filter((clause) => clause !== version).map((clause) => (clause === prompt ? both : clause));
}

const wants = ({ not, conditions }: FilterClause, wanted: string): boolean =>
  !not && conditions.every(({ column, operator }) => column === wanted && !denials.has(operator));
const denials = new Set(['none of', 'does not contain', 'is null']);

/** The way back: conditions as terms. Null for a condition that filter text cannot say. */
export function decompileFilter(filter: CompiledFilter, target: FilterTarget): FilterTerm[] | null {
  const terms: FilterTerm[] = [];
  for (const clause of filter.clauses.flatMap(withoutPromptVersion)) {
    const found = decompileClause(clause, target);
    if (!found) return null;
    terms.push(...found);
  }
  for (const { value, not } of filter.text) terms.push({ kind: 'text', not, value });
  return terms;
}

function withoutPromptVersion(clause: FilterClause): FilterClause[] {
  const version = clause.conditions.filter(({ column }) => column === 'promptVersion');
  const others = clause.conditions.filter(({ column }) => column !== 'promptVersion');
  if (version.length === 0 || others.length === 0) return [clause];
  return [others, version].map((conditions) => ({ ...clause, conditions }));
}

/** Reading position in a text. */
class Source {
  readonly text: string;
  at = 0;
  constructor(text: string) {
    this.text = text;
  }
  get atEnd(): boolean {
    return this.at >= this.text.length;
  }
  get next(): string {
    return this.text[this.at] ?? '';
  }
  get atSpace(): boolean {
    return this.atEnd || /\s/u.test(this.next);
  }
  skipSpace(): void {
    while (!this.atEnd && this.atSpace) this.at++;
  }
  take(expected: string): boolean {
    if (!this.text.startsWith(expected, this.at)) return false;
    this.at += expected.length;
    return true;
  }
  takeMatch(pattern: RegExp): string {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text)?.[0] ?? '';
    this.at += found.length;
    return found;
  }
  /** To the end of the word, so that a problem covers all of it. */
  skipWord(): void {
    while (!this.atSpace) this.at++;
  }
  /** After the opening quote; null when the closing one is missing. */
  takeQuoted(): string | null {
    let value = '';
    for (; !this.atEnd; this.at++) {
      if (this.take('"')) return value;
      if (this.next === '\\' && this.at + 1 < this.text.length) this.at++;
      value += this.next;
    }
    return null;
  }
}

type Problem = Omit<FilterProblem, 'start' | 'end'>;

const fieldName = /[A-Za-z][A-Za-z0-9_.-]*(?=:)|(?:metadata|score)\.(?:"(?:[^"\\]|\\.)*"|[^\s":]+)(?=:)/y;
const unclosed: Problem = { message: 'The closing quote is missing.' };

function readTerm(source: Source): FilterTerm | Problem {
  const start = source.at;
  const not = source.next === '-' && !/\s/u.test(source.text[source.at + 1] ?? ' ') && source.take('-');
  const field = source.takeMatch(fieldName);
  if (field) {
    source.take(':');
    const result = readClause(source, field, not);
    if ('message' in result) source.skipWord();
    return result;
  }
  if (source.take('"')) {
    const value = source.takeQuoted();
    if (value === null) return unclosed;
    if (value === '') return { message: 'Nothing stands between the quotes.' };
    return { kind: 'text', not, value };
  }
  const value = source.takeMatch(/\S+/y);
  if (value === 'OR' && !not) {
    source.at = start + 2;
    return { message: 'OR works between values of one field, for example model:gpt-5,claude-4.' };
  }
  return { kind: 'text', not, value };
}

function readClause(source: Source, written: string, not: boolean): FilterTerm | Problem {
  const field = canonicalField(written);
  if (!field) {
    const near = nearestField(written);
    const message = `“${written}” is no field.${near ? ` Did you mean ${near}?` : ' Put the text in quotes to search for it.'}`;
    return near ? { message, instead: near } : { message };
  }
  const test = readTest(source);
  if ('message' in test) return test;
  const problem = checkTest(field, test);
  return problem ?? { kind: 'clause', not, field, test };
}

function readTest(source: Source): FilterTest | Problem {
  const by = source.takeMatch(/[<>]=?/y) as Comparison | '';
  if (by) {
    const to = readLiteral(source);
    if ('message' in to) return to;
    if (to.text === '') return { message: `A value is missing after ${by}.` };
    return source.atSpace ? { is: 'compared', by, to } : { message: 'One value is expected after a comparison.' };
  }
  if (source.next === '*' && /^\*(\s|$)/u.test(source.text.slice(source.at, source.at + 2))) {
    source.take('*');
    return { is: 'present' };
  }
  const of: Literal[] = [];
  do {
    const literal = source.text.startsWith('..', source.at) ? null : readLiteral(source);
    if (literal && 'message' in literal) return literal;
    if (of.length === 0 && source.take('..')) {
      const to = source.atSpace ? null : readLiteral(source);
      if (to && 'message' in to) return to;
      if (!literal && !to) return { message: 'A range needs a value on one side, for example 1s..5s.' };
      return source.atSpace
        ? { is: 'between', from: literal, to }
        : { message: 'A range has two values, for example 1s..5s.' };
    }
    if (!literal || (literal.text === '' && !literal.open && source.text[source.at - 1] !== '"')) {
      return { message: 'A value is missing after the colon.' };
    }
    of.push(literal);
  } while (source.take(','));
  return source.atSpace ? { is: 'any', of } : { message: 'A comma is expected between two values.' };
}

function readLiteral(source: Source): Literal | Problem {
  const start = source.take('*');
  let text: string;
  let end = false;
  if (source.take('"')) {
    const value = source.takeQuoted();
    if (value === null) return unclosed;
    text = value;
    end = source.take('*');
  } else {
    // A value ends at a space, a comma, or the two dots of a range.
    text = source.takeMatch(/(?:(?!\.\.)[^\s,"])*/y);
    if (text.endsWith('*')) {
      end = true;
      text = text.slice(0, -1);
    }
  }
  return { text, open: start ? (end ? 'both' : 'start') : end ? 'end' : '' };
}

/** The field under its canonical name; null when there is none. Keys of metadata and scores lose their quotes. */
function canonicalField(written: string): string | null {
  const keyed = /^(metadata|score)\.(.+)$/su.exec(written);
  if (keyed) {
    const [, family = '', key = ''] = keyed;
    return `${family}.${key.startsWith('"') ? key.slice(1, -1).replace(/\\(.)/gsu, '$1') : key}`;
  }
  const name = written.toLowerCase();
  if (name === 'is' || name === 'has' || name === 'position') return name;
  return Object.hasOwn(fields, name) ? name : null;
}

function checkTest(field: string, test: FilterTest): Problem | null {
  if (field === 'is' || field === 'has' || field === 'position') {
    const words =
      field === 'position'
        ? positions
        : Object.keys(flags.traces)
            .filter((flag) => flag.startsWith(`${field}:`))
            .map((flag) => flag.slice(field.length + 1));
    const value = test.is === 'any' && test.of.length === 1 ? test.of[0] : undefined;
    const known = value !== undefined && value.open === '' && words.includes(value.text);
    return known ? null : { message: `${field}: takes one of ${words.join(', ')}.` };
  }
  if (test.is === 'present') return null;
  const literals = literalsOf(test);
  const kind = kindOf(field);
  if (kind === 'score') {
    if (test.is === 'any' || literals.every((literal) => readNumber('count', literal.text) !== null)) {
      return literals.some((literal) => literal.open)
        ? { message: 'A score is compared as a whole, without *.' }
        : null;
    }
    return { message: 'A score is compared with a number, for example score.helpful:>=0.8.' };
  }
  if (kind === 'seconds' || kind === 'usd' || kind === 'count') {
    const example = field === 'prompt.version' ? '4' : `>${examples[kind]}`;
    if (literals.some((literal) => literal.open || readNumber(kind, literal.text) === null)) {
      return { message: `${field} takes a number, for example ${field}:${example}.` };
    }
    return test.is === 'any' && literals.length > 1
      ? { message: `${field} takes one number or a range, for example ${field}:${examples[kind]}.. .` }
      : null;
  }
  if (kind === 'time') {
    if (test.is === 'any')
      return { message: 'started takes a comparison or a range, for example started:>2026-11-25.' };
    return literals.every((literal) => !literal.open && readTime(literal.text) !== null)
      ? null
      : { message: 'started takes a date or a time, for example 2026-11-25 or 2026-11-25T09:00Z.' };
  }
  if (test.is !== 'any') return { message: `${field} is text and cannot be compared with ${symbolOf(test)}.` };
  const patterns = literals.filter((literal) => literal.open);
  if (patterns.length > 0 && (kind === 'options' || kind === 'list')) {
    return { message: `${field} takes whole values, without *.` };
  }
  if (literals.length > 1 && (patterns.length > 0 || kind === 'payload')) {
    return { message: `${kind === 'payload' ? field : 'A pattern with *'} takes one value at a time.` };
  }
  return null;
}

const examples = { seconds: '2s', usd: '$0.05', count: '12k' };

const symbolOf = (test: FilterTest) => (test.is === 'compared' ? test.by : '..');

function literalsOf(test: FilterTest): Literal[] {
  if (test.is === 'any') return test.of;
  if (test.is === 'compared') return [test.to];
  if (test.is === 'between') return [test.from, test.to].filter((literal) => literal !== null);
  return [];
}

function kindOf(field: string): Kind | 'score' | 'metadata' {
  if (field.startsWith('metadata.')) return 'metadata';
  if (field.startsWith('score.')) return 'score';
  return fields[field]?.kind ?? 'string';
}

const secondUnits: Record<string, [exponent: number, factor: number]> = {
  us: [-6, 1],
  ms: [-3, 1],
  s: [0, 1],
  '': [0, 1],
  m: [0, 60],
  h: [0, 3600],
};
const countUnits: Record<string, number> = { '': 0, k: 3, M: 6, m: 6 };

/** In the unit of the column: seconds, dollars, or pieces. Null when the text is no such number. */
function readNumber(kind: 'seconds' | 'usd' | 'count', text: string): number | null {
  const [, dollar, digits = '', unit = ''] = /^(\$?)(-?\d+(?:\.\d+)?|-?\.\d+)([a-zA-Z]*)$/u.exec(text) ?? [];
  if (!digits || (dollar && kind !== 'usd')) return null;
  // Shifting the exponent as text keeps 200ms at exactly 0.2.
  if (kind === 'seconds') {
    const scale = Object.hasOwn(secondUnits, unit) ? secondUnits[unit] : undefined;
    return scale ? Number(`${digits}e${scale[0]}`) * scale[1] : null;
  }
  const exponent = Object.hasOwn(countUnits, unit) ? countUnits[unit] : undefined;
  return exponent === undefined ? null : Number(`${digits}e${exponent}`);
}

/** ISO 8601, milliseconds, UTC; a date or a time without a zone is read as UTC. Null when it is neither. */
function readTime(text: string): string | null {
  const match = /^(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)(Z|[+-]\d\d:?\d\d)?)?$/iu.exec(text);
  if (!match) return null;
  const [, day, clock = '00:00', zone = 'Z'] = match;
  const at = new Date(`${day}T${clock}${zone.toUpperCase()}`);
  return Number.isNaN(at.getTime()) ? null : at.toISOString();
}

function compileClause(term: FilterTerm & { kind: 'clause' }, target: FilterTarget): FilterClause {
  const { field, test, not } = term;
  if (field === 'is' || field === 'has') {
    const flag = flags[target][`${field}:${literalsOf(test)[0]?.text ?? ''}`];
    if (!flag) throw new Error(`Not a flag: ${formatTerm(term)}`); // parseFilterText lets none through
    return { of: flag.of, not: false, conditions: [not ? flag.no : flag.yes] };
  }
  if (field === 'position') {
    const key = literalsOf(test)[0]?.text ?? '';
    const condition = { type: 'positionInTrace', column: 'positionInTrace', operator: '=', key, value: '' };
    return { of: 'observation', not, conditions: [condition] };
  }
  const { kind, of, column, key = '' } = placeOf(field, target);
  if (kind === 'score') return { of, ...compileScore(key, test, not) };
  if (kind === 'metadata') return { of, ...compileMetadata(key, test, not) };
  return { of, ...compileTest(kind, column, test, not) };
}

type Compiled = Omit<FilterClause, 'of'>;

const ask = (not: boolean, ...conditions: FilterCondition[]): Compiled => ({ not, conditions });

const patternOperator = { '': '=', start: 'ends with', end: 'starts with', both: 'contains' } as const;

function compileTest(kind: Kind, column: string, test: FilterTest, not: boolean): Compiled {
  if (test.is === 'present') {
    return ask(false, { type: 'null', column, operator: not ? 'is null' : 'is not null', value: '' });
  }
  if (kind === 'seconds' || kind === 'usd' || kind === 'count') {
    return ask(not, ...compileBounds('number', column, test, (text) => readNumber(kind, text) ?? 0));
  }
  if (kind === 'time') return ask(not, ...compileBounds('datetime', column, test, (text) => readTime(text) ?? text));
  const literals = literalsOf(test);
  const value = literals.map((literal) => (kind === 'options' ? optionCase(column, literal.text) : literal.text));
  if (kind === 'options') return ask(false, anyOf('stringOptions', column, value, not));
  if (kind === 'list') return ask(false, anyOf('arrayOptions', column, value, not));
  const [first = { text: '', open: '' as const }] = literals;
  if (kind === 'payload' || first.open === 'both') {
    const operator = not ? 'does not contain' : 'contains';
    return ask(false, { type: 'string', column, operator, value: first.text });
  }
  if (literals.length === 1 && (first.open || !not)) {
    return ask(not, { type: 'string', column, operator: patternOperator[first.open], value: first.text });
  }
  return ask(false, anyOf('stringOptions', column, value, not));
}

const anyOf = (type: string, column: string, value: string[], not: boolean): FilterCondition => ({
  type,
  column,
  operator: not ? 'none of' : 'any of',
  value,
});

/** Types and levels are upper case on the wire and may be typed as one likes. */
const optionCase = (column: string, text: string) =>
  column === 'type' || column === 'level' ? text.toUpperCase() : text;

function compileBounds(
  type: 'number' | 'datetime',
  column: string,
  test: FilterTest,
  read: (text: string) => string | number,
): FilterCondition[] {
  const condition = (operator: string, literal: Literal) => ({ type, column, operator, value: read(literal.text) });
  if (test.is === 'compared') return [condition(test.by, test.to)];
  if (test.is === 'between') {
    return [test.from && condition('>=', test.from), test.to && condition('<=', test.to)].filter((one) => one !== null);
  }
  return literalsOf(test).map((literal) => condition('=', literal));
}

function compileMetadata(key: string, test: FilterTest, not: boolean): Compiled {
  const column = 'metadata';
  if (test.is === 'present') {
    return ask(false, { type: 'null', column, key, operator: not ? 'is null' : 'is not null', value: '' });
  }
  const literals = literalsOf(test);
  const [first] = literals;
  if (literals.length === 1 && first) {
    return ask(not, { type: 'stringObject', column, key, operator: patternOperator[first.open], value: first.text });
  }
  const value = literals.map((literal) => literal.text);
  return ask(not, { type: 'categoryOptions', column, key, operator: 'any of', value });
}

function compileScore(key: string, test: FilterTest, not: boolean): Compiled {
  if (test.is === 'present') {
    return ask(false, { type: 'null', column: 'scores', key, operator: not ? 'is null' : 'is not null', value: '' });
  }
  const literals = literalsOf(test);
  const [first] = literals;
  const truthValue = first?.text.toLowerCase();
  if (test.is === 'any' && literals.length === 1 && (truthValue === 'true' || truthValue === 'false')) {
    const value = truthValue === 'true';
    return ask(not, { type: 'booleanObject', column: 'score_booleans', key, operator: '=', value });
  }
  const numbers = literals.map((literal) => readNumber('count', literal.text));
  if (test.is === 'any' && (literals.length > 1 || numbers[0] === null)) {
    const value = literals.map((literal) => literal.text);
    return ask(not, { type: 'categoryOptions', column: 'score_categories', key, operator: 'any of', value });
  }
  const bounds = compileBounds('number', 'scores_avg', test, (text) => readNumber('count', text) ?? 0);
  return ask(not, ...bounds.map((bound) => ({ ...bound, type: 'numberObject', key })));
}

function decompileClause({ of, not, conditions }: FilterClause, target: FilterTarget): FilterTerm[] | null {
  const [first, second] = conditions;
  if (!first) return [];
  for (const [flag, { of: whose, yes, no }] of Object.entries(flags[target])) {
    if (whose !== of || conditions.length > 1) continue;
    const negated = same(first, no);
    if (!negated && !same(first, yes)) continue;
    const [field = '', word = ''] = flag.split(':');
    return [clauseTerm(field, { is: 'any', of: [plain(word)] }, negated !== not)];
  }
  if (first.type === 'positionInTrace')
    return [clauseTerm('position', { is: 'any', of: [plain(first.key ?? '')] }, not)];
  const field = fieldOf(first, of);
  if (!field) return null;
  if (first.type === 'null') return [clauseTerm(field, { is: 'present' }, (first.operator === 'is null') !== not)];
  if (Array.isArray(first.value)) {
    if (first.operator === 'all of') {
      return first.value.map((value) => clauseTerm(field, { is: 'any', of: [plain(value)] }, not));
    }
    return [clauseTerm(field, { is: 'any', of: first.value.map(plain) }, (first.operator === 'none of') !== not)];
  }
  const literal = (condition: FilterCondition): Literal => plain(writeValue(kindOf(field), condition.value));
  if (second && first.operator === '>=' && second.operator === '<=') {
    return [clauseTerm(field, { is: 'between', from: literal(first), to: literal(second) }, not)];
  }
  if (isComparison(first.operator)) {
    return [clauseTerm(field, { is: 'compared', by: first.operator, to: literal(first) }, not)];
  }
  if (kindOf(field) === 'payload') {
    const negated = first.operator === 'does not contain';
    return [clauseTerm(field, { is: 'any', of: [plain(String(first.value))] }, negated !== not)];
  }
  const open = openOf[first.operator];
  if (open === undefined) return null;
  const negated = first.operator === 'does not contain';
  return [clauseTerm(field, { is: 'any', of: [{ text: literal(first).text, open }] }, negated !== not)];
}

const openOf: Record<string, Literal['open']> = {
  '=': '',
  'starts with': 'end',
  'ends with': 'start',
  contains: 'both',
  'does not contain': 'both',
};

const isComparison = (operator: string): operator is Comparison => ['>', '>=', '<', '<='].includes(operator);
const plain = (text: string): Literal => ({ text, open: '' });
const clauseTerm = (field: string, test: FilterTest, not: boolean): FilterTerm => ({
  kind: 'clause',
  not,
  field,
  test,
});
const same = (a: FilterCondition, b: FilterCondition) =>
  a.type === b.type &&
  a.column === b.column &&
  a.operator === b.operator &&
  a.key === b.key &&
  JSON.stringify(a.value) === JSON.stringify(b.value);
const oneValue = (condition: FilterCondition): condition is FilterCondition & { value: string[] } =>
  Array.isArray(condition.value) && condition.value.length === 1;

function fieldOf({ column, key }: FilterCondition, of: FilterClause['of']): string | null {
  if (column === 'metadata' && key !== undefined) return `metadata.${key}`;
  if (/^scores?(_|$)/u.test(column) && key !== undefined) return `score.${key}`;
  return Object.entries(fields).find(([, field]) => field[of] === column)?.[0] ?? null;
}

/** A value of the API in the way a person would type it. */
function writeValue(kind: ReturnType<typeof kindOf>, value: FilterCondition['value']): string {
  if (typeof value !== 'number') return String(value);
  const digits = decimal(value);
  if (kind === 'usd') return `$${digits}`;
  if (kind !== 'seconds') return digits;
  const milliseconds = decimal(Number(`${digits}e3`));
  const small = Math.abs(value) < 1 && value !== 0 && Number(`${milliseconds}e-3`) === value;
  return small ? `${milliseconds}ms` : `${digits}s`;
}

/** Digits without an exponent, which filter text does not know. */
function decimal(value: number): string {
  const digits = String(value);
  return digits.includes('e') ? value.toFixed(20).replace(/\.?0+$/u, '') : digits;
}

function formatTerm(term: FilterTerm): string {
  const sign = term.not ? '-' : '';
  if (term.kind === 'text')
    return sign + (bareText.test(term.value) && term.value !== 'OR' ? term.value : quote(term.value));
  return `${sign}${formatField(term.field)}:${formatTest(term.test)}`;
}

function formatField(field: string): string {
  const [, family, key = ''] = /^(metadata|score)\.(.*)$/su.exec(field) ?? [];
  return family && !/^[^\s":]+$/u.test(key) ? `${family}.${quote(key)}` : field;
}

function formatTest(test: FilterTest): string {
  if (test.is === 'present') return '*';
  if (test.is === 'compared') return test.by + formatLiteral(test.to);
  if (test.is === 'between')
    return `${test.from ? formatLiteral(test.from) : ''}..${test.to ? formatLiteral(test.to) : ''}`;
  return test.of.map(formatLiteral).join(',');
}

function formatLiteral({ text, open }: Literal): string {
  const value = bareLiteral.test(text) && !text.includes('..') ? text : quote(text);
  return (open === 'start' || open === 'both' ? '*' : '') + value + (open === 'end' || open === 'both' ? '*' : '');
}

// What would be read as something else is quoted: signs and stars at the ends, a colon, a quote.
const bareText = /^[^\s":*-][^\s":]*$/u;
const bareLiteral = /^[^\s",*<>.][^\s",*]*$/u;
const quote = (text: string) => `"${text.replace(/["\\]/gu, String.raw`\$&`)}"`;

/** A word of text may be typed with `*`: it is a substring anyhow. */
function withoutStars(value: string): string {
  return value.replace(/^\*+|\*+$/gu, '') || value;
}

/** The field that differs by at most two letters, if there is one. */
function nearestField(written: string): string | null {
  const name = written.toLowerCase();
  const candidates = Object.keys(fields).map((field) => ({ field, distance: editDistance(name, field) }));
  const best = candidates.reduce((a, b) => (b.distance < a.distance ? b : a));
  return best.distance <= Math.min(2, Math.floor(name.length / 3)) ? best.field : null;
}

function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [row, letter] of [...a].entries()) {
    const current = [row + 1];
    for (const [column, other] of [...b].entries()) {
      const swap = (previous[column] ?? 0) + (letter === other ? 0 : 1);
      current.push(Math.min(swap, (previous[column + 1] ?? 0) + 1, (current[column] ?? 0) + 1));
    }
    previous = current;
  }
  return previous.at(-1) ?? 0;
}

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  compileFilter,
  decompileFilter,
  filterFields,
  formatFilterText,
  parseFilterText,
  type FilterTarget,
  type FilterTerm,
} from './filter-text.ts';

const compile = (text: string, target: FilterTarget = 'traces') => compileFilter(parseFilterText(text).terms, target);
const conditions = (text: string, target?: FilterTarget) =>
  compile(text, target).clauses.flatMap((one) => one.conditions);
const problem = (text: string) => parseFilterText(text).problems[0]?.message;

// oxfmt-ignore
const table: [text: string, condition: object][] = [
  ['level:ERROR,WARNING', { type: 'stringOptions', column: 'level', operator: 'any of', value: ['ERROR', 'WARNING'] }],
  ['level:error', { type: 'stringOptions', column: 'level', operator: 'any of', value: ['ERROR'] }],
  ['-level:DEBUG', { type: 'stringOptions', column: 'level', operator: 'none of', value: ['DEBUG'] }],
  ['tags:a,b', { type: 'arrayOptions', column: 'traceTags', operator: 'any of', value: ['a', 'b'] }],
  ['tags:a tags:b', { type: 'arrayOptions', column: 'traceTags', operator: 'all of', value: ['a', 'b'] }],
  ['-tags:a', { type: 'arrayOptions', column: 'traceTags', operator: 'none of', value: ['a'] }],
  ['latency:>2s', { type: 'number', column: 'latency', operator: '>', value: 2 }],
  ['latency:>200ms', { type: 'number', column: 'latency', operator: '>', value: 0.2 }],
  ['latency:<2m', { type: 'number', column: 'latency', operator: '<', value: 120 }],
  ['tokens:>=12k', { type: 'number', column: 'totalTokens', operator: '>=', value: 12_000 }],
  ['cost:>$0.05', { type: 'number', column: 'totalCost', operator: '>', value: 0.05 }],
  ['name:chat', { type: 'string', column: 'traceName', operator: '=', value: 'chat' }],
  ['name:chat*', { type: 'string', column: 'traceName', operator: 'starts with', value: 'chat' }],
  ['name:*chat', { type: 'string', column: 'traceName', operator: 'ends with', value: 'chat' }],
  ['name:*chat*', { type: 'string', column: 'traceName', operator: 'contains', value: 'chat' }],
  ['-name:*chat*', { type: 'string', column: 'traceName', operator: 'does not contain', value: 'chat' }],
  ['-name:chat', { type: 'stringOptions', column: 'traceName', operator: 'none of', value: ['chat'] }],
  ['name:"a \\"b\\""', { type: 'string', column: 'traceName', operator: '=', value: 'a "b"' }],
  ['metadata.tenant:acme', { type: 'stringObject', column: 'metadata', key: 'tenant', operator: '=', value: 'acme' }],
  ['metadata.plan:*free*', { type: 'stringObject', column: 'metadata', key: 'plan', operator: 'contains', value: 'free' }],
  ['metadata."a b":x', { type: 'stringObject', column: 'metadata', key: 'a b', operator: '=', value: 'x' }],
  ['score.helpful:>=0.8', { type: 'numberObject', column: 'scores_avg', key: 'helpful', operator: '>=', value: 0.8 }],
  ['score.tone:polite', { type: 'categoryOptions', column: 'score_categories', key: 'tone', operator: 'any of', value: ['polite'] }],
  ['score.ok:true', { type: 'booleanObject', column: 'score_booleans', key: 'ok', operator: '=', value: true }],
  ['user:*', { type: 'null', column: 'userId', operator: 'is not null', value: '' }],
  ['-session:*', { type: 'null', column: 'sessionId', operator: 'is null', value: '' }],
  ['is:starred', { type: 'boolean', column: 'bookmarked', operator: '=', value: true }],
  ['-is:starred', { type: 'boolean', column: 'bookmarked', operator: '=', value: false }],
  ['has:error', { type: 'number', column: 'errorCount', operator: '>', value: 0 }],
  ['position:last', { type: 'positionInTrace', column: 'positionInTrace', operator: '=', key: 'last', value: '' }],
  ['output:refund', { type: 'string', column: 'output', operator: 'contains', value: 'refund' }],
  ['started:>=2026-11-25', { type: 'datetime', column: 'timestamp', operator: '>=', value: '2026-11-25T00:00:00.000Z' }],
];

test.each(table)('%s is one condition of the API', (text, condition) => {
  expect(parseFilterText(text).problems).toEqual([]);
  expect(conditions(text)).toEqual([condition]);
});

test('a range is two conditions, both inclusive', () => {
  expect(conditions('cost:0.01..0.10')).toEqual([
    { type: 'number', column: 'totalCost', operator: '>=', value: 0.01 },
    { type: 'number', column: 'totalCost', operator: '<=', value: 0.1 },
  ]);
  expect(conditions('latency:..1.5s')).toEqual([{ type: 'number', column: 'latency', operator: '<=', value: 1.5 }]);
});

test('what the API has no operator for is negated as a whole', () => {
  expect(compile('-name:health*').clauses).toEqual([
    {
      of: 'trace',
      not: true,
      conditions: [{ type: 'string', column: 'traceName', operator: 'starts with', value: 'health' }],
    },
  ]);
  expect(compile('-latency:1s..2s').clauses[0]).toMatchObject({ not: true, conditions: [{}, {}] });
});

test('a field of observations asks any observation of a trace, and the other way round', () => {
  expect(compile('model:gpt-5').clauses[0]).toMatchObject({
    of: 'observation',
    conditions: [{ column: 'providedModelName' }],
  });
  expect(compile('errors:>2', 'observations').clauses[0]).toMatchObject({
    of: 'trace',
    conditions: [{ column: 'errorCount' }],
  });
  expect(compile('name:x', 'observations').clauses[0]).toMatchObject({
    of: 'observation',
    conditions: [{ column: 'name' }],
  });
  expect(compile('trace.name:x', 'observations').clauses[0]).toMatchObject({ conditions: [{ column: 'traceName' }] });
});

test('a prompt and its version are asked of the same call', () => {
  const name = { type: 'string', column: 'promptName', operator: '=', value: 'support/answer' };
  const version = { type: 'number', column: 'promptVersion', operator: '=', value: 4 };
  const written = 'prompt:support/answer prompt.version:4';
  expect(compile(written).clauses).toEqual([{ of: 'observation', not: false, conditions: [name, version] }]);
  expect(compile(`prompt.version:4 model:m prompt:support/answer`).clauses).toHaveLength(2);
  expect(formatFilterText(decompileFilter(compile(written), 'traces') ?? [])).toBe(written);
  expect(compile('-prompt:support/answer prompt.version:4').clauses).toHaveLength(2);
  expect(compile('prompt:a prompt:b prompt.version:4').clauses).toHaveLength(3);
});

test('words and phrases are text, in any script', () => {
  expect(compile('"refund policy" -spam أين refund*').text).toEqual([
    { value: 'refund policy', not: false },
    { value: 'spam', not: true },
    { value: 'أين', not: false },
    { value: 'refund', not: false },
  ]);
  expect(compile('3f2a91c4b07d42e88c5e1f60a9d3d07e').text).toHaveLength(1);
});

describe('a problem says what is expected', () => {
  test.each([
    ['a OR b', 'OR works between values of one field, for example model:gpt-5,claude-4.'],
    ['latncy:>1s', '“latncy” is no field. Did you mean latency?'],
    ['https://example.com', '“https” is no field. Put the text in quotes to search for it.'],
    ['latency:>soon', 'latency takes a number, for example latency:>2s.'],
    ['name:', 'A value is missing after the colon.'],
    ['latency:>', 'A value is missing after >.'],
    ['cost:..', 'A range needs a value on one side, for example 1s..5s.'],
    ['name:"open', 'The closing quote is missing.'],
    ['name:>3', 'name is text and cannot be compared with >.'],
    ['is:gone', 'is: takes one of root, starred, public, running.'],
    ['level:ERR*', 'level takes whole values, without *.'],
    ['name:a*,b', 'A pattern with * takes one value at a time.'],
    ['started:2026-11-25', 'started takes a comparison or a range, for example started:>2026-11-25.'],
  ])('%s', (text, message) => {
    expect(problem(text)).toBe(message);
  });

  test('it names the place, and the rest of the text stays', () => {
    const { terms, problems } = parseFilterText('level:ERROR latncy:>1s refund');
    expect(problems).toEqual([{ start: 12, end: 22, message: expect.any(String), instead: 'latency' }]);
    expect(formatFilterText(terms)).toBe('level:ERROR refund');
  });
});

const value = fc.oneof(
  fc.constantFrom('a', 'gpt-5', 'ERROR', 'OR', '-x', 'a..b', 'x:y', '*', 'مرحبا', '日本', '😀 b'),
  fc.string({ minLength: 1 }),
);
const literal = fc.record({
  text: value,
  open: fc.constantFrom('' as const, 'start' as const, 'end' as const, 'both' as const),
});
const whole = value.map((text) => ({ text, open: '' as const }));
const amount = fc.oneof(
  fc.integer({ min: 0, max: 1e9 }).map(String),
  fc.double({ min: 0, max: 1e6, noNaN: true }).map((n) => n.toFixed(6)),
  fc.constantFrom('200ms', '1.5s', '2m', '1h', '.5'),
);
const number = amount.map((text) => ({ text, open: '' as const }));
const bounds = fc.oneof(
  fc.record({ is: fc.constant('compared' as const), by: fc.constantFrom('>', '>=', '<', '<='), to: number }),
  fc.record({ is: fc.constant('between' as const), from: number, to: fc.option(number) }),
  fc.record({ is: fc.constant('any' as const), of: fc.tuple(number) }),
);
const any = <T>(of: fc.Arbitrary<T>, maxLength = 3) =>
  fc.record({ is: fc.constant('any' as const), of: fc.array(of, { minLength: 1, maxLength }) });
const key = fc.oneof(fc.constantFrom('tenant', 'a.b', 'a b', 'x:y', '"q"', '\\'), fc.string({ minLength: 1 }));
const testOf = fc.oneof(
  fc.tuple(fc.constantFrom('name', 'user', 'status', 'model', 'release'), any(whole)),
  fc.tuple(fc.constantFrom('name', 'user', 'status', 'model', 'release'), any(literal, 1)),
  fc.tuple(fc.constantFrom('level', 'type', 'env', 'tags', 'tool.called'), any(whole)),
  fc.tuple(fc.constant('latency'), bounds),
  fc.tuple(
    fc.constant('prompt.version'),
    any(
      fc.nat().map((version) => ({ text: String(version), open: '' as const })),
      1,
    ),
  ),
  fc.tuple(fc.constant('prompt'), any(literal, 1)),
  fc.tuple(fc.constantFrom('input', 'output'), any(whole, 1)),
  fc.tuple(
    key.map((name) => `metadata.${name}`),
    fc.oneof(any(whole), any(literal, 1)),
  ),
  fc.tuple(
    key.map((name) => `score.${name}`),
    any(whole),
  ),
  fc.tuple(
    fc.constantFrom('user', 'session', 'cost', 'output', 'metadata.x', 'score.x'),
    fc.constant({ is: 'present' as const }),
  ),
  fc.tuple(
    fc.constant('is'),
    any(
      fc.constantFrom('root', 'starred', 'public', 'running').map((text) => ({ text, open: '' as const })),
      1,
    ),
  ),
  fc.tuple(
    fc.constant('has'),
    any(
      fc.constantFrom('error', 'input', 'score').map((text) => ({ text, open: '' as const })),
      1,
    ),
  ),
);
const term = fc.oneof(
  fc.record({ kind: fc.constant('text' as const), not: fc.boolean(), value }),
  fc
    .tuple(fc.boolean(), testOf)
    .map(([not, [field, test]]) => ({ kind: 'clause' as const, not, field, test }) as FilterTerm),
);
const terms = fc.array(term, { maxLength: 6 });
const target = fc.constantFrom('traces' as const, 'observations' as const);

test('formatting and parsing give the same terms back', () => {
  fc.assert(
    fc.property(terms, (written) => {
      const parsed = parseFilterText(formatFilterText(written));
      expect(parsed.problems).toEqual([]);
      expect(parsed.terms).toEqual(written);
    }),
    { numRuns: 500 },
  );
});

test('text to API filter to text is stable', () => {
  fc.assert(
    fc.property(terms, target, (written, on) => {
      const filter = compileFilter(written, on);
      const back = decompileFilter(filter, on);
      expect(back).not.toBeNull();
      const text = formatFilterText(back ?? []);
      const again = parseFilterText(text);
      expect(again.problems).toEqual([]);
      expect(compileFilter(again.terms, on)).toEqual(filter);
      expect(formatFilterText(decompileFilter(compileFilter(again.terms, on), on) ?? [])).toBe(text);
    }),
    { numRuns: 500 },
  );
});

test('any text parses without an exception, and each problem lies inside it', () => {
  const soup = fc.array(
    fc.oneof(fc.constantFrom(...filterFields, ':', '"', '*', '..', '>', ',', '-', ' ', '\\', 'OR'), fc.string()),
  );
  fc.assert(
    fc.property(soup, (parts) => {
      const text = parts.join('');
      const { terms: found, problems } = parseFilterText(text);
      for (const { start, end } of problems) expect(start >= 0 && start < end && end <= text.length).toBe(true);
      compileFilter(found, 'traces');
      expect(parseFilterText(formatFilterText(found)).terms).toEqual(found);
    }),
    { numRuns: 1000 },
  );
});

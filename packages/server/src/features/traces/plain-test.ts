import type { Condition } from '@tracehouse/contract/filter';
import type { StoredObservation } from '../../ingest/observation.ts';
import { fieldsOf, type ResolvedTrace, resolveTrace } from '../../ingest/resolve-trace.ts';
import type { TraceClause } from './selection.ts';

/** Tells of traces, by their rows, whether they meet some clauses. */
export interface PlainTest {
  /** What it reads of the rows. */
  fields: ReadonlySet<keyof StoredObservation>;
  holds(rows: readonly StoredObservation[]): boolean;
}

/**
 * The test for clauses of the plainest and commonest kind, that a trace has a value; null for any other. Where rows of the traces
 * are read anyway, the program tells by them in microseconds, and the engine need not resolve the traces beside.
 */
export function plainTest(clauses: readonly TraceClause[]): PlainTest | null {
  const tests: ColumnTest[] = [];
  for (const { of, not, conditions } of clauses) {
    if (of !== 'trace' || not) return null;
    for (const condition of conditions) {
      const test = testOf(condition);
      if (test === null) return null;
      tests.push(test);
    }
  }
  const columns = [...new Set(tests.map(({ column }) => column))];
  return {
    fields: fieldsOf(columns),
    holds(rows) {
      const trace = resolveTrace(rows, columns);
      return tests.every(({ holds }) => holds(trace));
    },
  };
}

type TextName = 'user_id' | 'session_id' | 'release' | 'version' | 'name';
type TestedColumn = TextName | 'tags' | 'metadata';

/** Text of a trace by its names on the wire. */
const texts: ReadonlyMap<string, TextName> = new Map([
  ['userId', 'user_id'],
  ['sessionId', 'session_id'],
  ['release', 'release'],
  ['version', 'version'],
  ['name', 'name'],
  ['traceName', 'name'],
]);

interface ColumnTest {
  column: TestedColumn;
  holds(trace: Pick<ResolvedTrace, TestedColumn>): boolean;
}

/** The same as filters/trace-columns.ts has it in SQL. */
function testOf(condition: Condition): ColumnTest | null {
  const column = texts.get(condition.column);
  if (column !== undefined) {
    const values = wantedOf(condition);
    return values && { column, holds: (trace) => values.includes(trace[column]) };
  }
  if (condition.column === 'tags' || condition.column === 'traceTags') {
    const isOptions = condition.type === 'arrayOptions' || condition.type === 'stringOptions';
    if (!isOptions || condition.operator !== 'any of') return null;
    return { column: 'tags', holds: ({ tags }) => condition.value.some((tag) => tags.includes(tag)) };
  }
  // With a dot a key may be a path, or be about what the root received.
  if (
    condition.column === 'metadata' &&
    'key' in condition &&
    condition.key !== undefined &&
    !condition.key.includes('.')
  ) {
    const { key } = condition;
    const values = wantedOf(condition);
    return (
      values && {
        column: 'metadata',
        holds: ({ metadata }) => values.includes(Object.hasOwn(metadata, key) ? metadata[key]! : ''),
      }
    );
  }
  return null;
}

/** One of these texts is wanted; null where something else is asked. */
function wantedOf(condition: Condition): readonly string[] | null {
  switch (condition.type) {
    case 'string':
    case 'stringObject':
      return condition.operator === '=' ? [condition.value] : null;
    case 'stringOptions':
    case 'categoryOptions':
      return condition.operator === 'any of' ? condition.value : null;
    default:
      return null;
  }
}

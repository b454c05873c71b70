import type { ProjectScope } from '../scope.ts';
import { finalRows, namedIn, traceColumns } from './resolved-traces.ts';
import { ClickHouseSql, clickhouse } from './sql.ts';

const { trusted } = ClickHouseSql;

/** What a row says of a text of its trace (`''`: nothing), and with which precedence where nothing of precedence 0 may count. */
export interface SaidText {
  said: string;
  rank?: string;
  /** Holds for rows that make the trace one to be looked at closely. */
  unsure?: string;
}

/** Texts of a resolved trace of which most traces are told one alone (resolved-traces.ts has their definitions). */
const texts: Readonly<Record<string, SaidText>> = {
  name: {
    said: `multiIf(r.trace_name != '', r.trace_name, r.kind = 'trace' OR r.is_root, r.name, '')`,
    rank: `if(r.trace_name != '', greatest(3, r.trace_rank), r.trace_rank)`,
  },
  user_id: { said: 'r.user_id' },
  session_id: { said: 'r.session_id' },
  release: { said: 'r.release' },
  version: { said: 'r.version', rank: 'r.trace_rank' },
  environment: { said: `if(r.environment = 'default', '', r.environment)`, rank: 'r.trace_rank' },
};

/** Beside the columns of a trace: texts of which one counts, and aggregates of rows, which are `r`. */
export interface QuickColumns {
  texts?: Readonly<Record<string, SaidText>>;
  aggregates?: Readonly<Record<string, string>>;
}

/**
 * As a table expression: one row a trace as `resolvedTraces` has it, for a third of what that costs: which of several texts counts
 * is found out by comparing the statements of a trace with each other, and there is nothing to compare where all say the same. Such
 * a trace has `is_sure`; of others no text is to be believed. `trace_hash` names it. `unchanged` and `where` choose rows as
 * `finalRows` has it.
 */
export function quickTraces(
  scope: ProjectScope,
  rows: { unchanged: ClickHouseSql; where: ClickHouseSql },
  usedBy: ClickHouseSql,
  more: QuickColumns = {},
): ClickHouseSql {
  const said = { ...texts, ...more.texts };
  const used = [...namedIn(usedBy.text), ...Object.keys(more.texts ?? {})];
  const named = used.filter((name) => Object.hasOwn(said, name));
  // What is ranked counts less than an event of the trace.
  const others = new Set(used.filter((name) => !Object.hasOwn(said, name)));
  if (named.some((name) => said[name]!.rank !== undefined)) others.add('has_trace_event');
  const columns = trusted(
    [
      'r.trace_hash AS trace_hash',
      ...(/\btrace_id\b/.test(usedBy.text) ? ['any(r.trace_id) AS trace_id'] : []),
      ...[...others].map((name) => `${traceColumns[name]} AS ${name}`),
      ...Object.entries(more.aggregates ?? {}).map(([name, aggregate]) => `${aggregate} AS ${name}`),
      ...named.map((name) => `${valueOf(name, said[name]!)} AS ${name}`),
      `${['1', ...named.map((name) => sureOf(said[name]!))].join(' AND ')} AS is_sure`,
    ].join(',\n  '),
  );
  return clickhouse`(
    SELECT ${columns}
    FROM ${finalRows(scope, rows, columns, { hash: true })} AS r
    GROUP BY r.trace_hash
  )`;
}

const least = ({ said }: SaidText): string => `minIf(${said}, ${said} != '')`;
const isOne = (text: SaidText): string => `${least(text)} = maxIf(${text.said}, ${text.said} != '')`;
/** Whether nothing counts of what is said. */
const isNone = ({ said, rank }: SaidText): string =>
  rank === undefined ? '0' : `(has_trace_event AND countIf(${said} != '' AND ${rank} > 0) = 0)`;

function valueOf(name: string, text: SaidText): string {
  const value = text.rank === undefined ? least(text) : `if(${isNone(text)}, '', ${least(text)})`;
  return name === 'environment' ? `if(${value} = '', 'default', ${value})` : value;
}

function sureOf(text: SaidText): string {
  const isSure = text.rank === undefined ? isOne(text) : `(${isNone(text)} OR ${isOne(text)})`;
  return text.unsure === undefined ? isSure : `(${isSure} AND countIf(${text.unsure}) = 0)`;
}

import type { Condition } from '@tracehouse/contract/filter';
import { InvalidRequestError } from '../../http/errors.ts';
import {
  ClickHouseSql,
  anyOf,
  clickhouse,
  float,
  micros,
  pattern,
  string,
  strings,
} from '../../stores/clickhouse/sql.ts';
import { toMicros } from './time.ts';

/** A condition with the values of one type alone. */
export type ConditionOf<Type extends Condition['type']> = Extract<Condition, { type: Type }>;

/** What a list can be filtered by: answers a condition with an expression that is 0 or 1, never NULL. */
export interface FilterColumn {
  (condition: Condition): ClickHouseSql;
  /** What conditions are about, where a row has one value: metrics group by it. */
  readonly value?: ClickHouseSql;
}

/** The columns of a list by their names on the wire. */
export type FilterColumns = Readonly<Record<string, FilterColumn>>;

/** All conditions hold. @throws InvalidRequestError for an unknown column or a type the column does not have. */
export const conditionsSql = (columns: FilterColumns, conditions: readonly Condition[]): ClickHouseSql[] =>
  conditions.map((condition) => {
    const column = Object.hasOwn(columns, condition.column) ? columns[condition.column] : undefined;
    // The wording is the wire's.
    if (!column) throw new InvalidRequestError(`Column ${condition.column} does not match a UI / CH table mapping.`);
    return column(condition);
  });

/** A column of one value a row. */
const of = (value: ClickHouseSql, meets: FilterColumn): FilterColumn =>
  Object.assign((condition: Condition) => meets(condition), { value });

const refuse = (condition: Condition, takes: string): never => {
  throw new InvalidRequestError(
    `Column ${condition.column} takes ${takes}, not a condition of type ${condition.type}.`,
  );
};

export const not = (sql: ClickHouseSql): ClickHouseSql => clickhouse`NOT (${sql})`;

/** Text in which `''` means that it is not there. */
export const textColumn = (sql: ClickHouseSql): FilterColumn =>
  of(sql, (condition) => {
    switch (condition.type) {
      case 'string':
        return textSql(sql, condition.operator, condition.value);
      case 'stringOptions':
      case 'arrayOptions': {
        const one = clickhouse`${sql} IN ${anyOf(condition.value)}`;
        return condition.operator === 'none of' ? not(one) : one;
      }
      case 'null':
        return nullSql(condition, clickhouse`${sql} = ''`);
      default:
        return refuse(condition, 'text');
    }
  });

/** Case counts for `=` alone. */
function textSql(sql: ClickHouseSql, operator: ConditionOf<'string'>['operator'], value: string): ClickHouseSql {
  switch (operator) {
    case '=':
      return clickhouse`${sql} = ${string(value)}`;
    case 'starts with':
      return clickhouse`${sql} ILIKE ${pattern(value, 'starts with')}`;
    case 'ends with':
      return clickhouse`${sql} ILIKE ${pattern(value, 'ends with')}`;
    case 'does not contain':
      return clickhouse`${sql} NOT ILIKE ${pattern(value, 'contains')}`;
    default:
      return clickhouse`${sql} ILIKE ${pattern(value, 'contains')}`;
  }
}

/** A number that may be NULL, which satisfies no comparison. */
const numberColumn = (sql: ClickHouseSql): FilterColumn =>
  of(sql, (condition) => {
    if (condition.type === 'number') {
      return clickhouse`ifNull(${compare(sql, condition.operator, float(condition.value))}, 0)`;
    }
    if (condition.type === 'null') return nullSql(condition, clickhouse`isNull(${sql})`);
    return refuse(condition, 'numbers');
  });

export const timeColumn = (sql: ClickHouseSql): FilterColumn =>
  of(sql, (condition) => {
    if (condition.type === 'datetime') {
      return clickhouse`ifNull(${compare(sql, condition.operator, micros(toMicros(condition.value)))}, 0)`;
    }
    if (condition.type === 'null') return nullSql(condition, clickhouse`isNull(${sql})`);
    return refuse(condition, 'times');
  });

/** A list of texts. */
const listColumn = (sql: ClickHouseSql): FilterColumn =>
  of(sql, (condition) => {
    switch (condition.type) {
      case 'arrayOptions':
      case 'stringOptions': {
        if (condition.operator === 'all of') return clickhouse`hasAll(${sql}, ${strings(condition.value)})`;
        const any = clickhouse`hasAny(${sql}, ${strings(condition.value)})`;
        return condition.operator === 'none of' ? not(any) : any;
      }
      case 'string':
        return condition.operator === 'does not contain'
          ? not(clickhouse`arrayExists(one -> ${textSql(clickhouse`one`, 'contains', condition.value)}, ${sql})`)
          : clickhouse`arrayExists(one -> ${textSql(clickhouse`one`, condition.operator, condition.value)}, ${sql})`;
      case 'null':
        return nullSql(condition, clickhouse`empty(${sql})`);
      default:
        return refuse(condition, 'options');
    }
  });

export const flagColumn = (sql: ClickHouseSql): FilterColumn =>
  of(sql, (condition) =>
    condition.type === 'boolean' ? truthSql(condition, sql) : refuse(condition, 'true or false'),
  );

const truthSql = (condition: ConditionOf<'boolean' | 'booleanObject'>, sql: ClickHouseSql): ClickHouseSql =>
  condition.value === (condition.operator === '=') ? clickhouse`(${sql}) = 1` : clickhouse`(${sql}) = 0`;

/** Texts by key. `at` reads one, `''` when it is not there; `any` is whether any value passes a test on `value`. */
export interface KeyedText {
  at(key: string): ClickHouseSql;
  has(key: string): ClickHouseSql;
  isEmpty: ClickHouseSql;
  any(test: ClickHouseSql): ClickHouseSql;
}

export const metadataColumn =
  (metadata: KeyedText): FilterColumn =>
  (condition) => {
    switch (condition.type) {
      case 'stringObject':
        return textSql(metadata.at(condition.key), condition.operator, condition.value);
      case 'categoryOptions': {
        const one = clickhouse`${metadata.at(condition.key)} IN ${anyOf(condition.value)}`;
        return condition.operator === 'none of' ? not(one) : one;
      }
      case 'string':
        return condition.operator === 'does not contain'
          ? not(metadata.any(textSql(clickhouse`value`, 'contains', condition.value)))
          : metadata.any(textSql(clickhouse`value`, condition.operator, condition.value));
      case 'null':
        return nullSql(condition, condition.key === undefined ? metadata.isEmpty : not(metadata.has(condition.key)));
      default:
        return refuse(condition, 'a key and text');
    }
  };

export const nullSql = (condition: ConditionOf<'null'>, isNull: ClickHouseSql): ClickHouseSql =>
  condition.operator === 'is null' ? isNull : not(isNull);

export function compare(
  sql: ClickHouseSql,
  operator: '=' | '>' | '<' | '>=' | '<=',
  value: ClickHouseSql,
): ClickHouseSql {
  switch (operator) {
    case '>':
      return clickhouse`${sql} > ${value}`;
    case '<':
      return clickhouse`${sql} < ${value}`;
    case '>=':
      return clickhouse`${sql} >= ${value}`;
    case '<=':
      return clickhouse`${sql} <= ${value}`;
    default:
      return clickhouse`${sql} = ${value}`;
  }
}

const fromText =
  (column: (sql: ClickHouseSql) => FilterColumn) =>
  (sql: string): FilterColumn =>
    column(ClickHouseSql.trusted(sql));
/** The same from SQL that stands in a table of columns. */
export const text = fromText(textColumn);
export const number = fromText(numberColumn);
export const list = fromText(listColumn);
export const flag = fromText(flagColumn);

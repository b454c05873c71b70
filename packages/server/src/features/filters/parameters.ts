import type { Condition } from '@tracehouse/contract/filter';

/** Parameters of a v1 list that are short for conditions: columns that equal a text, all of these tags, any of these environments. */
export const parameterConditions = ({
  equal,
  tags,
  environment,
}: {
  equal: Record<string, string | undefined>;
  tags?: string[] | undefined;
  environment?: string[] | undefined;
}): Condition[] => [
  ...Object.entries(equal).flatMap(([column, value]): Condition[] =>
    value === undefined ? [] : [{ type: 'string', column, operator: '=', value }],
  ),
  ...(tags === undefined ? [] : [{ type: 'arrayOptions', column: 'tags', operator: 'all of', value: tags } as const]),
  ...(environment === undefined
    ? []
    : [{ type: 'stringOptions', column: 'environment', operator: 'any of', value: environment } as const]),
];

import type { ScoreConfig } from '@tracehouse/contract/score-configs';
import { type ScoreEventBody, scoreValueIssues } from '@tracehouse/contract/scores';
import type * as z from 'zod';
import type { ProjectScope } from '../../stores/scope.ts';
import type { ScoreDataType, ScoreRow } from '../score.ts';

/** Those of the ids that there are in the project, as they are now. */
export type FindScoreConfigs = (
  scope: ProjectScope,
  ids: readonly string[],
) => Promise<ReadonlyMap<string, ScoreConfig>>;

/** A score whose config, where it names one, has been asked. */
export interface CheckedScore extends ScoreEventBody {
  dataType: ScoreDataType;
  columns: Pick<ScoreRow, 'value' | 'stringValue' | 'longStringValue'>;
}

type Issues = readonly z.core.$ZodIssue[];

/** The configs that scores name. */
export async function configsOf(
  find: FindScoreConfigs,
  scope: ProjectScope,
  scores: readonly Pick<ScoreEventBody, 'configId'>[],
): Promise<ReadonlyMap<string, ScoreConfig>> {
  const ids = new Set(scores.flatMap(({ configId }) => configId || []));
  return ids.size === 0 ? new Map() : find(scope, [...ids]);
}

/**
 * A score as it is stored (S4.1, S4.2): its config gives it name and type, and refuses what it does not allow. What is wrong
 * comes back as the issues of a schema do.
 */
export function checkScore(
  score: ScoreEventBody,
  configs: ReadonlyMap<string, ScoreConfig>,
): { score: CheckedScore } | { issues: Issues } {
  if (!score.configId) {
    const dataType = score.dataType ?? (typeof score.value === 'number' ? 'NUMERIC' : 'CATEGORICAL');
    const name = dataType === 'CORRECTION' ? 'output' : score.name;
    return { score: { ...score, name, dataType, columns: columnsOf[dataType](score.value) } };
  }
  const config = configs.get(score.configId);
  const issues = issuesOf(score, config);
  if (issues.length > 0 || !config) return { issues };
  const { name, dataType } = config;
  return { score: { ...score, name, dataType, columns: columnsOf[dataType](score.value, config) } };
}

function issuesOf({ configId, dataType, value }: ScoreEventBody, config: ScoreConfig | undefined): Issues {
  if (!config) return [issue('configId', `There is no score config '${shown(configId ?? '')}' in this project`)];
  const named = `score config '${config.name}'`;
  if (config.isArchived) return [issue('configId', `The ${named} is archived and takes no more scores`)];
  if (dataType && dataType !== config.dataType) {
    return [issue('dataType', `The ${named} takes scores of type ${config.dataType}, not ${dataType}`)];
  }
  const ofType = scoreValueIssues(config.dataType, value);
  if (ofType.length > 0) return ofType;
  const { minValue, maxValue, categories } = config;
  if (typeof value === 'number' && minValue !== null && value < minValue) {
    return [issue('value', `${value} is below ${minValue}, the minimum of the ${named}`)];
  }
  if (typeof value === 'number' && maxValue !== null && value > maxValue) {
    return [issue('value', `${value} is above ${maxValue}, the maximum of the ${named}`)];
  }
  if (config.dataType === 'CATEGORICAL' && !categories?.some(({ label }) => label === value)) {
    const some = (categories ?? []).slice(0, SHOWN_CATEGORIES).map(({ label }) => `'${shown(label)}'`);
    const known = some.length === 0 ? 'which has none' : `such as ${some.join(', ')}`;
    return [issue('value', `'${shown(String(value))}' is no category of the ${named}, ${known}`)];
  }
  return [];
}

const SHOWN_CATEGORIES = 10;
const shown = (text: string): string => (text.length > 100 ? `${text.slice(0, 100)}…` : text);

const issue = (field: 'configId' | 'dataType' | 'value', message: string): z.core.$ZodIssue => ({
  code: 'custom',
  path: [field],
  message,
  input: undefined,
});

const none = { value: 0, stringValue: '', longStringValue: '' };

/** Where a value of each type is kept (S4.1); the schema has checked that it is of that type. */
const columnsOf: Record<ScoreDataType, (value: string | number, config?: ScoreConfig) => CheckedScore['columns']> = {
  NUMERIC: (value) => ({ ...none, value: Number(value) }),
  BOOLEAN: (value) => ({ ...none, value: Number(value), stringValue: Number(value) === 1 ? 'True' : 'False' }),
  CATEGORICAL: (value, config) => ({
    ...none,
    value: config?.categories?.find(({ label }) => label === value)?.value ?? 0,
    stringValue: String(value),
  }),
  CORRECTION: (value) => ({ ...none, longStringValue: String(value) }),
  TEXT: (value) => ({ ...none, longStringValue: String(value) }),
};

import {
  createScoreConfig,
  listScoreConfigs,
  readScoreConfig,
  updateScoreConfig,
} from '@tracehouse/contract/score-configs';
import { bind, type BoundRoute } from '../../http/bind.ts';
import type { ScoreConfigs } from './service.ts';

export const scoreConfigsRoutes = (configs: ScoreConfigs): BoundRoute[] => [
  bind(listScoreConfigs, ({ scope, query }) => configs.list(scope, query)),
  bind(createScoreConfig, ({ scope, actor, body }) => configs.create(scope, actor, body)),
  bind(readScoreConfig, ({ scope, params }) => configs.get(scope, params.configId)),
  bind(updateScoreConfig, ({ scope, actor, params, body }) => configs.update(scope, actor, params.configId, body)),
];

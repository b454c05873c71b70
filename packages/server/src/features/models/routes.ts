import { createModel, deleteModel, listModels, readModel } from '@tracehouse/contract/models';
import { startRecalculation } from '@tracehouse/contract/x-jobs';
import { listAllModels, listCalledModels, matchModels, updateModel } from '@tracehouse/contract/x-models';
import { bind, type BoundRoute } from '../../http/bind.ts';
import type { Models } from './service.ts';

export const modelsRoutes = (models: Models): BoundRoute[] => [
  bind(listModels, ({ scope, query }) => models.list(scope, query)),
  bind(readModel, ({ scope, params }) => models.get(scope, params.modelId)),
  bind(createModel, ({ scope, actor, body }) => models.create(scope, actor, body)),
  bind(deleteModel, async ({ scope, actor, params }) => {
    await models.delete(scope, actor, params.modelId);
    return { message: 'Model successfully deleted' as const };
  }),
  bind(listAllModels, ({ scope }) => models.listAll(scope)),
  bind(updateModel, ({ scope, actor, params, body }) => models.update(scope, actor, params.modelId, body)),
  bind(matchModels, ({ scope, body }) => models.match(scope, body)),
  bind(listCalledModels, ({ scope, query, signal }) => models.called(scope, query.limit, signal)),
  bind(startRecalculation, ({ scope, actor, body }) => models.recalculate(scope, actor, body)),
];

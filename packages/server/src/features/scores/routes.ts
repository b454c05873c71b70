import {
  deleteScore,
  listScoresV1,
  listScoresV2,
  listScoresV3,
  readScoreV1,
  readScoreV2,
} from '@tracehouse/contract/scores';
import { bind, type BoundRoute } from '../../http/bind.ts';
import type { ScoreReads } from './service.ts';

/** Scores are created by the doors of ingestion (`ingest/routes.ts`). */
export const scoresRoutes = (scores: ScoreReads): BoundRoute[] => [
  bind(listScoresV1, ({ scope, query }) => scores.listV1(scope, query)),
  bind(readScoreV1, ({ scope, params }) => scores.getV1(scope, params.scoreId)),
  bind(listScoresV2, ({ scope, query }) => scores.listV2(scope, query)),
  bind(readScoreV2, ({ scope, params }) => scores.getV2(scope, params.scoreId)),
  bind(listScoresV3, ({ scope, query }) => scores.listV3(scope, query)),
  bind(deleteScore, async ({ scope, actor, params }) => {
    await scores.delete(scope, actor, params.scoreId);
    return { message: 'Score deletion queued successfully' };
  }),
];

import {
  type AbResult,
  createAbTest,
  deleteAbTest,
  endAbTest,
  listAbSnapshots,
  listAbTests,
  pauseAbTest,
  readAbAssignment,
  readAbResult,
  readAbTest,
  resumeAbTest,
  startAbTest,
  updateAbTest,
} from '@tracehouse/contract/x-ab-tests';
import { Answer, bind, type BoundRoute, type RequestContext } from '../../http/bind.ts';
import { hasAlso } from '../../identity/principal.ts';
import type { AbResults } from './results.ts';
import type { AbTests } from './service.ts';

export const abTestsRoutes = (tests: AbTests, results: AbResults): BoundRoute[] => [
  bind(listAbTests, ({ scope, query }) => tests.list(scope, query)),
  bind(createAbTest, (context) => tests.create(context.scope, editorOf(context), context.body)),
  bind(readAbTest, ({ scope, params }) => tests.get(scope, params.testId)),
  bind(updateAbTest, (context) => tests.update(context.scope, editorOf(context), context.params.testId, context.body)),
  bind(deleteAbTest, (context) => tests.delete(context.scope, editorOf(context), context.params.testId)),
  bind(startAbTest, (context) => tests.start(context.scope, editorOf(context), context.params.testId)),
  bind(pauseAbTest, (context) => tests.pause(context.scope, editorOf(context), context.params.testId)),
  bind(resumeAbTest, (context) => tests.resume(context.scope, editorOf(context), context.params.testId)),
  bind(endAbTest, (context) => tests.end(context.scope, editorOf(context), context.params.testId, context.body)),
  bind(readAbAssignment, ({ scope, params, query }) => tests.assignment(scope, params.testId, query.key)),
  bind(readAbResult, async ({ scope, params, query, headers, signal }) => {
    const { result, etag } = await results.read(scope, params.testId, query, signal);
    const kept = { etag, 'cache-control': 'private, no-cache' };
    return headers['if-none-match'] === etag
      ? new Answer(undefined as unknown as AbResult, { status: 304, headers: kept })
      : new Answer(result, { headers: kept });
  }),
  bind(listAbSnapshots, ({ scope, params }) => results.snapshots(scope, params.testId)),
];

const editorOf = ({ actor, principal }: RequestContext<unknown, unknown, unknown>) => ({
  actor,
  mayMoveProtected: hasAlso(principal, 'promptProtectedLabels:CUD'),
});

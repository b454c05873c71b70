import { listSessions, readTraceSession } from '@tracehouse/contract/sessions';
import { bind, type BoundRoute } from '../../http/bind.ts';
import type { Sessions } from './service.ts';

export const sessionsRoutes = (sessions: Sessions): BoundRoute[] => [
  bind(listSessions, ({ scope, query }) => sessions.list(scope, query)),
  bind(readTraceSession, ({ scope, params }) => sessions.get(scope, params.sessionId)),
];

import { defineRoute } from './route.ts';

/** What must not compile: a declaration that leaves open who may call it, or what the audit log says of it. */
export function declarations(): void {
  const path = '/api/public/x/terms';
  const summary = '';

  // @ts-expect-error A route says who may call it.
  defineRoute({ method: 'GET', path, summary });
  // @ts-expect-error A scope is one of the table.
  defineRoute({ method: 'GET', path, summary, scope: 'everything' });

  defineRoute({ method: 'GET', path, summary, scope: 'project:read' });
  defineRoute({ method: 'DELETE', path, summary, scope: 'models:CUD' });
  defineRoute({ method: 'POST', path, summary, scope: 'traces:create' });
  defineRoute({ method: 'POST', path, summary, scope: 'session', audit: 'user' });
  defineRoute({ method: 'POST', path, summary, scope: 'project:read', audit: { none: 'changes nothing' } });
  // @ts-expect-error What is not a GET says its audit where the scope does not tell it.
  defineRoute({ method: 'POST', path, summary, scope: 'session' });
  // @ts-expect-error And why there is none.
  defineRoute({ method: 'POST', path, summary, scope: 'public', audit: null });
}

import type { RouteScope } from './route.ts';

/*
 * Whether a route writes to the audit log is part of its declaration. What changes something that people own does, in the
 * transaction of the change (`recordAudit` of the server's identity/audit/audit.ts); what only carries data in does not.
 */

/** The noun of the lines that the route writes (`objectType` of the audit log: `model`, `apiKey`, …), or why it writes none. */
export type RouteAudit = string | { none: string };

/** What routes with these scopes change, unless they say it themselves. */
export const auditedByScope = {
  'models:CUD': 'model',
  'scoreConfigs:CUD': 'scoreConfig',
  'scores:CUD': 'score',
  'prompts:CUD': 'prompt',
  'promptProtectedLabels:CUD': 'promptProtectedLabels',
  'traces:delete': 'trace',
  'apiKeys:CUD': 'apiKey',
  'organization:CRUD_apiKeys': 'apiKey',
  'projects:create': 'project',
  'project:update': 'project',
  'project:delete': 'project',
  'projects:transfer_org': 'project',
  'projectMembers:CUD': 'projectMembership',
  'organizationMembers:CUD': 'membership',
  'organization:update': 'organization',
  'organization:delete': 'organization',
} as const satisfies Partial<Record<RouteScope, string>>;

const DATA = { none: 'carries data in' };

/** Routes with these scopes are how data comes in, which the ledger tells of. */
const unauditedScopes = {
  'traces:create': DATA,
  scores: DATA,
  'media:create': DATA,
  link: DATA,
} as const satisfies Partial<Record<RouteScope, RouteAudit>>;

const byScope: Partial<Record<RouteScope, RouteAudit>> = { ...auditedByScope, ...unauditedScopes };

/** From these scopes follows what a route that is not a GET writes to the audit log; with any other it has to say it. */
export type ScopeTellingAudit = keyof typeof auditedByScope | keyof typeof unauditedScopes;

/** Undefined where neither method nor scope tell. */
export const auditByDefault = (method: string, scope: RouteScope): RouteAudit | undefined =>
  method === 'GET' ? { none: 'changes nothing' } : byScope[scope];

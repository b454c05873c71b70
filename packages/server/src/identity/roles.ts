import type { RouteScope } from '@tracehouse/contract/route';
import { Role } from '@tracehouse/contract/session';

/** Scopes that need a project. */
export type ProjectRouteScope = Exclude<RouteScope, 'public' | 'link' | 'organization' | 'session'>;

/** S9.5: each role may do what the ones below it may, so a scope is told by the least role that has it. */
// oxfmt-ignore
const leastRoles: Record<ProjectRouteScope, Role> = {
  'project:read':       'VIEWER',
  'traces:read':        'VIEWER',
  'scores:read':        'VIEWER',
  'scoreConfigs:read':  'VIEWER',
  'media:read':         'VIEWER',
  'apiKeys:read':       'MEMBER',
  'traces:create':      'MEMBER',
  'media:create':       'MEMBER',
  'scores':             'MEMBER',
  'scores:CUD':         'MEMBER',
  'scoreConfigs:CUD':   'MEMBER',
  'traces:delete':      'ADMIN',
  'apiKeys:CUD':        'ADMIN',
  'models:CUD':         'ADMIN',
};

const rank = (role: Role): number => Role.options.indexOf(role);

/** The least powerful role that has the scope. */
export const leastRole = (scope: ProjectRouteScope): Role => leastRoles[scope];

export const roleMay = (role: Role, scope: ProjectRouteScope): boolean => rank(role) <= rank(leastRoles[scope]);

export const isProjectScope = (scope: RouteScope): scope is ProjectRouteScope => Object.hasOwn(leastRoles, scope);

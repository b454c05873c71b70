import * as z from 'zod';

/** Roles from the most to the least powerful (S9.5). */
export const Role = z.enum(['OWNER', 'ADMIN', 'MEMBER', 'VIEWER', 'NONE']);
export type Role = z.output<typeof Role>;

/*
 * S9.5: each role may do what the ones below it may, so a scope is told by the least role that has it. Routes name a scope,
 * pages and documentation show these tables.
 */

/** What one may do in a project. A project's key may do all of it but `personScopes`. */
// oxfmt-ignore
export const projectScopes = {
  'project:read':       'VIEWER',
  'traces:read':        'VIEWER',
  'scores:read':        'VIEWER',
  'scoreConfigs:read':  'VIEWER',
  'media:read':         'VIEWER',
  'prompts:read':       'VIEWER',
  'apiKeys:read':       'MEMBER',
  'projectMembers:read':'MEMBER',
  'traces:create':      'MEMBER',
  'media:create':       'MEMBER',
  'scores':             'MEMBER',
  'scores:CUD':         'MEMBER',
  'scoreConfigs:CUD':   'MEMBER',
  'prompts:CUD':        'MEMBER',
  'traces:delete':      'ADMIN',
  'apiKeys:CUD':        'ADMIN',
  'models:CUD':         'ADMIN',
  'project:update':     'ADMIN',
  'projectMembers:CUD': 'ADMIN',
  'auditLogs:read':     'ADMIN',
  'promptProtectedLabels:CUD': 'ADMIN',
  'project:delete':     'OWNER',
} as const satisfies Record<string, Role>;
export type ProjectRouteScope = keyof typeof projectScopes;

/**
 * Not for keys of a project, which lie about in the settings of programs: who has roles in it, whether it exists, and which labels
 * are protected. The key of its organization has routes of its own for the first two.
 */
export const personScopes: ReadonlySet<string> = new Set<ProjectRouteScope>([
  'project:update',
  'project:delete',
  'projectMembers:read',
  'projectMembers:CUD',
  // A key that could move what is protected from members would make the protection a form.
  'promptProtectedLabels:CUD',
]);

/** What one may do in an organization. An organization's key may do all of it. */
// oxfmt-ignore
export const organizationScopes = {
  'organization:read':          'VIEWER',
  'organizationMembers:read':   'MEMBER',
  'organizationMembers:CUD':    'ADMIN',
  'projects:create':            'ADMIN',
  'projects:transfer_org':      'ADMIN',
  'organization:update':        'ADMIN',
  'organizationAuditLogs:read': 'ADMIN',
  'organization:CRUD_apiKeys':  'OWNER',
  'organization:delete':        'OWNER',
} as const satisfies Record<string, Role>;
export type OrganizationRouteScope = keyof typeof organizationScopes;

const rank = (role: Role): number => Role.options.indexOf(role);

/** Whether `role` may do at least what `other` may. */
export const isAtLeast = (role: Role, other: Role): boolean => rank(role) <= rank(other);

/** The least powerful role that has the scope. */
export const leastRole = (scope: ProjectRouteScope | OrganizationRouteScope): Role =>
  isProjectScope(scope) ? projectScopes[scope] : organizationScopes[scope];

export const roleMay = (role: Role, scope: ProjectRouteScope | OrganizationRouteScope): boolean =>
  isAtLeast(role, leastRole(scope));

export const isProjectScope = (scope: string): scope is ProjectRouteScope => Object.hasOwn(projectScopes, scope);
export const isOrganizationScope = (scope: string): scope is OrganizationRouteScope =>
  Object.hasOwn(organizationScopes, scope);

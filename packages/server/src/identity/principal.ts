import { personScopes, type ProjectRouteScope, type Role, roleMay } from '@tracehouse/contract/roles';
import type { OrganizationScope, ProjectScope } from '../stores/scope.ts';

/** Who asks, as the auth hook found out. */
export type Principal =
  | { kind: 'public' }
  /** A signed link: may do what it says, in the project it names. */
  | { kind: 'link'; scope: ProjectScope }
  | { kind: 'projectKey'; keyId: string; publicKey: string; organizationId: string; scope: ProjectScope }
  /** `Bearer <public key>`: may only send scores. */
  | { kind: 'browserKey'; keyId: string; publicKey: string; organizationId: string; scope: ProjectScope }
  | {
      kind: 'organizationKey';
      keyId: string;
      publicKey: string;
      organizationId: string;
      organization: OrganizationScope;
    }
  /** ADMIN_API_KEY, which opens the whole installation; `scope` is the project that a request names (S9.1). */
  | { kind: 'adminKey'; scope: ProjectScope | null }
  | {
      kind: 'person';
      userId: string;
      sessionId: string;
      email: string;
      /** Of routes whose scope is a project's. */
      scope: ProjectScope | null;
      /** The organization that the request names, or that of the project. */
      organization: OrganizationScope | null;
      /** In that project; null on routes whose scope is none of a project's. */
      role: Role | null;
    };

/** Whether who was let in for a scope of the project has this one too: for routes where it depends on what is asked. */
export const hasAlso = (principal: Principal, scope: ProjectRouteScope): boolean =>
  principal.kind === 'person'
    ? principal.role !== null && roleMay(principal.role, scope)
    : principal.kind === 'projectKey' && !personScopes.has(scope);

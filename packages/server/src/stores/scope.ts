declare const scoped: unique symbol;

/**
 * The project a store call may touch. Every store function takes one, and only the auth hook, the ingestion doors behind
 * it, and the job runner make one (`projectScope`), so a query without a project cannot be written.
 */
export type ProjectScope = { readonly projectId: string; readonly [scoped]: true };

/** For the auth hook and the job runner alone; the import rules refuse it elsewhere. */
export const projectScope = (projectId: string): ProjectScope => ({ projectId }) as ProjectScope;

/** The organization whose members, projects and keys a call may touch; made as a ProjectScope is. */
export type OrganizationScope = { readonly organizationId: string; readonly [scoped]: true };

/** For the auth hook alone; the import rules refuse it elsewhere. */
export const organizationScope = (organizationId: string): OrganizationScope =>
  ({ organizationId }) as OrganizationScope;

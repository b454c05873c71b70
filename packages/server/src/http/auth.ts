import { createHash, timingSafeEqual } from 'node:crypto';
import {
  isOrganizationScope,
  isProjectScope,
  leastRole,
  type OrganizationRouteScope,
  personScopes,
  type ProjectRouteScope,
  roleMay,
} from '@tracehouse/contract/roles';
import type { Route, RouteScope } from '@tracehouse/contract/route';
import { SCIM_PATH } from '@tracehouse/contract/scim';
import type { ApiKeys, VerifiedKey } from '../identity/keys/api-keys.ts';
import {
  type Credentials,
  readAuthorization,
  readScimAuthorization,
  refusals,
} from '../identity/keys/authorization-header.ts';
import type { SessionCookie } from '../identity/sessions/cookies.ts';
import {
  projectExists,
  selectOrganizationOwners,
  selectOrganizationRole,
  selectProject,
  selectProjectOwners,
  selectProjectRole,
} from '../identity/members/organizations-store.ts';
import type { Principal } from '../identity/principal.ts';
import { isSameOrigin } from '../identity/sessions/same-origin.ts';
import type { SignedLinks } from '../identity/signed-links.ts';
import type { Sessions, SignedInPerson } from '../identity/sessions/sessions.ts';
import type { Postgres } from '../stores/postgres/postgres.ts';
import { organizationScope, projectScope } from '../stores/scope.ts';
import type { RefusedSender } from './refused-request.ts';
import {
  ApiError,
  ForbiddenError,
  InvalidRequestError,
  NotFoundError,
  OverloadedError,
  UnauthorizedError,
} from './errors.ts';

/** What of a request says who asks. Header names are lower-case. */
export interface AuthenticationInput {
  headers: Record<string, string | undefined>;
  method: string;
  query: Record<string, unknown>;
  route: AskedRoute;
}

type AskedRoute = Pick<Route, 'scope' | 'path'> & Partial<Pick<Route, 'takesAdminKey'>>;

/**
 * The auth hook: who asks, and may they? A key or a session on one side, the route's scope on the other. The only place
 * beside the job runner that makes a ProjectScope. `url` is NEXTAUTH_URL.
 */
export function createAuthenticator({
  postgres,
  apiKeys,
  sessions,
  sessionCookie,
  links = { projectOf: () => null },
  adminKey,
  url,
}: {
  postgres: Postgres;
  apiKeys: Pick<ApiKeys, 'verifyPair' | 'findPublic' | 'ownerOf'>;
  sessions: Pick<Sessions, 'find'>;
  sessionCookie: Pick<SessionCookie, 'read'>;
  links?: Pick<SignedLinks, 'projectOf'>;
  /** ADMIN_API_KEY. */
  adminKey?: string | undefined;
  url: string | undefined;
}) {
  return {
    /**
     * @throws UnauthorizedError when nobody is known by what was sent, ForbiddenError when they may not, InvalidRequestError
     * when a session names no project, OverloadedError when the store cannot be asked
     */
    async authenticate({ headers, method, query, route }: AuthenticationInput): Promise<Principal> {
      if (route.scope === 'public') return { kind: 'public' };
      try {
        if (route.scope === 'link') return await byLink(method, route.path, query);
        if (route.scope === 'admin') return byAdmin(headers);
        if (route.takesAdminKey === true && headers['x-langfuse-admin-api-key'] !== undefined)
          return await byAdminInProject(headers);
        const token = sessionCookie.read(headers['cookie']);
        // A key says more than a cookie that comes along by itself.
        return headers['authorization'] === undefined && token !== undefined
          ? await byPerson(token, route.scope, headers, method === 'GET' ? query : {})
          : await byKey(headers['authorization'], route);
      } catch (error) {
        if (error instanceof ApiError) throw error;
        throw new OverloadedError('Service Unavailable', 1, { cause: error });
      }
    },

    /**
     * Whose key it was that was not let in: for what the ledger of that project tells its people, and for nothing else, since
     * a public key alone proves nothing. Null for a key that no project has.
     */
    async attribute(
      headers: Readonly<Record<string, string | undefined>>,
      error: unknown,
    ): Promise<RefusedSender | null> {
      const credentials = credentialsOf(headers['authorization']);
      const owner = credentials && (await apiKeys.ownerOf(credentials.publicKey));
      if (!owner || owner.projectId === null) return null;
      const { publicKey } = credentials;
      const sender = { scope: projectScope(owner.projectId), publicKey };
      if (!(error instanceof UnauthorizedError)) return sender;
      return {
        ...sender,
        keyProblem: owner.isExpired ? `The key ${publicKey} has expired` : `Wrong secret for key ${publicKey}`,
      };
    },
  };

  async function byLink(method: string, path: string, query: Record<string, unknown>): Promise<Principal> {
    const projectId = links.projectOf(method, path, query);
    if (projectId === null || !(await projectExists(postgres, projectId)))
      throw new ForbiddenError('This link is not complete, or has expired; ask for a new one');
    return { kind: 'link', scope: projectScope(projectId) };
  }

  /** The texts are upstream's. */
  function byAdmin(headers: Record<string, string | undefined>): Principal {
    if (adminKey === undefined) throw new ForbiddenError('ADMIN_API_KEY is not set');
    const given = headers['authorization'];
    if (given === undefined) throw new UnauthorizedError('Unauthorized: No authorization header provided');
    if (!isAdminKey(bearerOf(given))) throw new UnauthorizedError('Unauthorized: Invalid token');
    return { kind: 'adminKey', scope: null };
  }

  /** Both headers carry the key, so that neither comes along by accident (S9.1). */
  async function byAdminInProject(headers: Record<string, string | undefined>): Promise<Principal> {
    if (!isAdminKey(headers['x-langfuse-admin-api-key']) || !isAdminKey(bearerOf(headers['authorization'])))
      throw new UnauthorizedError('Invalid admin API key');
    const projectId = headers['x-langfuse-project-id'];
    if (projectId === undefined || projectId === '')
      throw new InvalidRequestError('x-langfuse-project-id header is required for admin API key authentication');
    if (!(await selectProject(postgres, projectId))) throw new NotFoundError('Project not found');
    return { kind: 'adminKey', scope: projectScope(projectId) };
  }

  function isAdminKey(given: string | undefined): boolean {
    if (adminKey === undefined || given === undefined) return false;
    const [ours, theirs] = [adminKey, given].map((text) => createHash('sha256').update(text).digest());
    return timingSafeEqual(ours!, theirs!);
  }

  async function byKey(header: string | undefined, route: AskedRoute): Promise<Principal> {
    const isScim = route.path.startsWith(`${SCIM_PATH}/`);
    const credentials = isScim ? readScimAuthorization(header) : readAuthorization(header);
    if (credentials.kind === 'bearer') {
      const key = await apiKeys.findPublic(credentials.publicKey);
      if (!key) throw new UnauthorizedError(refusals.publicKey);
      if (key.projectId === null) throw new UnauthorizedError(refusals.organizationBearer);
      const principal: Principal = { kind: 'browserKey', ...named(key), scope: projectScope(key.projectId) };
      if (route.scope !== 'scores') throw by(principal, wrongLevel(route));
      return principal;
    }
    const key = await apiKeys.verifyPair(credentials.publicKey, credentials.secretKey);
    if (!key) throw new UnauthorizedError(refusals.pair);
    // A key has every scope of its project (S9.1) but those for people, or of its organization.
    const principal: Principal =
      key.projectId === null
        ? { kind: 'organizationKey', ...named(key), organization: organizationScope(key.organizationId) }
        : { kind: 'projectKey', ...named(key), scope: projectScope(key.projectId) };
    const may =
      key.projectId === null
        ? route.scope === 'organization' || isOrganizationScope(route.scope)
        : isProjectScope(route.scope) && !personScopes.has(route.scope);
    if (!may) throw by(principal, wrongLevel(route));
    return principal;
  }

  async function byPerson(
    token: string,
    scope: RouteScope,
    headers: Record<string, string | undefined>,
    query: Record<string, unknown>,
  ): Promise<Principal> {
    if (!isSameOrigin(headers, url)) throw new ForbiddenError('A session only counts for requests of this site');
    const person = await sessions.find(token);
    if (!person) throw new UnauthorizedError('Your session has ended. Sign in again.');
    if (scope === 'session') return personOf(person);
    const given = (subject: 'project' | 'organization'): string => {
      const id = headers[`x-tracehouse-${subject}`] ?? query[subject];
      if (typeof id === 'string' && id !== '') return id;
      throw new InvalidRequestError(`A session names its ${subject}: header x-tracehouse-${subject} is missing`);
    };
    if (isProjectScope(scope)) return inProject(person, given('project'), scope);
    if (isOrganizationScope(scope)) return inOrganization(person, given('organization'), scope);
    throw by(personOf(person), new ForbiddenError(ORGANIZATION_KEY_NEEDED));
  }

  async function inProject(person: SignedInPerson, projectId: string, scope: ProjectRouteScope): Promise<Principal> {
    const member = await selectProjectRole(postgres, person.userId, projectId);
    // The same for both, so that nobody finds out which projects there are.
    if (!member || member.role === 'NONE')
      throw new ForbiddenError('This project does not exist, or you are not a member of it');
    const principal = {
      ...personOf(person),
      scope: projectScope(projectId),
      organization: organizationScope(member.organization_id),
      role: member.role,
    };
    if (roleMay(member.role, scope)) return principal;
    const owners = await selectProjectOwners(postgres, projectId, 5);
    throw by(principal, tooLittle(scope, `project ${member.project_name}`, owners));
  }

  async function inOrganization(
    person: SignedInPerson,
    organizationId: string,
    scope: OrganizationRouteScope,
  ): Promise<Principal> {
    const member = await selectOrganizationRole(postgres, organizationId, person.userId);
    if (!member) throw new ForbiddenError('This organization does not exist, or you are not a member of it');
    const principal = { ...personOf(person), organization: organizationScope(organizationId) };
    if (roleMay(member.role, scope)) return principal;
    const owners = await selectOrganizationOwners(postgres, organizationId, 5);
    throw by(principal, tooLittle(scope, `organization ${member.organization_name}`, owners));
  }
}

function credentialsOf(header: string | undefined): Credentials | null {
  try {
    return readAuthorization(header);
  } catch {
    return null; // says nothing of who sent it
  }
}

const bearerOf = (header: string | undefined): string | undefined => /^Bearer (.+)$/i.exec(header ?? '')?.[1];

const personOf = ({ userId, sessionId, email }: SignedInPerson) =>
  ({ kind: 'person', userId, sessionId, email, scope: null, organization: null, role: null }) as const;

/** Who was refused is known: the audit log says it. */
function by(principal: Principal, error: ApiError): ApiError {
  error.principal = principal;
  return error;
}

const tooLittle = (
  scope: ProjectRouteScope | OrganizationRouteScope,
  where: string,
  owners: string[],
): ForbiddenError =>
  new ForbiddenError(
    `You need the role ${leastRole(scope)} or higher in ${where} to do this. Owners: ${owners.join(', ')}.`,
  );

const named = ({ keyId, publicKey, organizationId }: VerifiedKey) => ({ keyId, publicKey, organizationId });

const ORGANIZATION_KEY_NEEDED = 'Invalid API key. Organization-scoped API key required for this operation.';

/** A good key of the wrong kind; the texts are upstream's, one route has its own. */
function wrongLevel({ scope, path }: Pick<Route, 'scope' | 'path'>): ApiError {
  if (path === '/api/public/ingestion') {
    return new UnauthorizedError('Missing projectId in scope. Are you using an organization key?');
  }
  if (scope === 'organization' || isOrganizationScope(scope)) return new ForbiddenError(ORGANIZATION_KEY_NEEDED);
  if (path === '/api/public/projects') return new ForbiddenError('Invalid API key. Are you using an organization key?');
  return new ForbiddenError('Access denied - insufficient permissions for this endpoint');
}

import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Role } from '@tracehouse/contract/roles';

/*
 * For tests of role sync: a Keycloak and a platform of two kinds, as HTTP servers on loopback, which answer as the real ones
 * were seen to (26.7.5; Langfuse 4.16.0). What a test says in `answer` comes before what they would say.
 */

/** `body` is parsed where it is JSON. */
export interface FakeRequest {
  method: string;
  path: string;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
  body: any; // oxlint-disable-line typescript/no-explicit-any
}
export interface FakeAnswer {
  status: number;
  body?: unknown;
  headers?: Record<string, string>;
}
/** Undefined: the server's own answer. */
export type Interception = (request: FakeRequest) => FakeAnswer | undefined | Promise<FakeAnswer | undefined>;

async function openFakeServer(answer: (request: FakeRequest) => FakeAnswer | Promise<FakeAnswer>) {
  const requests: FakeRequest[] = [];
  const server = createServer(async (message, reply) => {
    const chunks: Buffer[] = [];
    for await (const chunk of message) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const url = new URL(message.url ?? '/', 'http://fake');
    const isJson = message.headers['content-type']?.includes('json');
    const request: FakeRequest = {
      method: message.method ?? '',
      path: url.pathname,
      query: url.searchParams,
      headers: message.headers,
      body: isJson ? JSON.parse(text) : text,
    };
    requests.push(request);
    const { status, body, headers } = await answer(request);
    reply.writeHead(status, { 'content-type': 'application/json', ...headers });
    reply.end(body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body));
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    /** Requests of one method to paths that end so. */
    asked: (method: string, end: string): FakeRequest[] =>
      requests.filter((request) => request.method === method && request.path.endsWith(end)),
    close: (): Promise<void> =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** `roles` are assigned directly, `inherited` come through composites and groups. */
export interface FakePerson {
  id: string;
  email?: string;
  verified?: boolean;
  enabled?: boolean;
  name?: string;
  roles?: string[];
  inherited?: string[];
  serviceAccountOf?: string;
}

const REALM = 'matherlynet';
const SECRET = 'secret of the client';

export type FakeKeycloak = Awaited<ReturnType<typeof openFakeKeycloak>>;

/** `tokenUses`: requests a token is good for; `tokenLifeS` is what Keycloak says of its life. */
export async function openFakeKeycloak(
  people: FakePerson[],
  {
    answer,
    tokenUses = Infinity,
    tokenLifeS = 60,
  }: { answer?: Interception; tokenUses?: number; tokenLifeS?: number } = {},
) {
  const uses = new Map<string, number>();
  const base = `/admin/realms/${REALM}/`;
  const server = await openFakeServer(async (request) => (await answer?.(request)) ?? own(request));
  return { ...server, people };

  function own({ method, path, query, headers, body }: FakeRequest): FakeAnswer {
    if (method === 'POST' && path === `/realms/${REALM}/protocol/openid-connect/token`) {
      const form = new URLSearchParams(body as string);
      if (form.get('client_secret') !== SECRET || form.get('client_id') !== 'langfuse-sync') {
        return { status: 401, body: { error: 'unauthorized_client', error_description: 'Invalid client credentials' } };
      }
      const token = `token-${uses.size}`;
      uses.set(token, 0);
      return { status: 200, body: { access_token: token, expires_in: tokenLifeS, token_type: 'Bearer' } };
    }
    if (!path.startsWith(base)) return { status: 404, body: { error: 'Realm not found.' } };
    const token = headers.authorization?.replace('Bearer ', '') ?? '';
    const used = uses.get(token);
    if (used === undefined || used >= tokenUses) return { status: 401, body: { error: 'HTTP 401 Unauthorized' } };
    uses.set(token, used + 1);
    return admin(path.slice(base.length).split('/').map(decodeURIComponent), query);
  }

  function admin([kind, id, ...rest]: string[], query: URLSearchParams): FakeAnswer {
    const visible = people.filter(({ serviceAccountOf }) => serviceAccountOf === undefined);
    if (kind !== 'users') return { status: 404 };
    if (id === 'count') return { status: 200, body: visible.length };
    if (id === undefined) {
      const email = query.get('email');
      const found =
        email === null ? people : people.filter((person) => person.email?.toLowerCase() === email.toLowerCase());
      const first = Number(query.get('first') ?? 0);
      return { status: 200, body: found.slice(first, first + Number(query.get('max') ?? 100)).map(toRepresentation) };
    }
    const person = people.find((each) => each.id === id);
    if (!person) return { status: 404, body: { error: 'User not found' } };
    if (rest.length === 0) return { status: 200, body: toRepresentation(person) };
    const { roles = [], inherited = [] } = person;
    const isEffective = rest.join('/') === 'role-mappings/realm/composite';
    const names = isEffective ? [...roles, ...inherited, `default-roles-${REALM}`, 'offline_access'] : roles;
    return { status: 200, body: names.map((name) => ({ id: `id of ${name}`, name, composite: false })) };
  }
}

const toRepresentation = ({ id, email, verified = true, enabled = true, name, serviceAccountOf }: FakePerson) => ({
  id,
  username: email ?? id,
  firstName: name,
  email,
  emailVerified: verified,
  enabled,
  ...(serviceAccountOf !== undefined && { serviceAccountClientId: serviceAccountOf }),
});

export interface FakeMember {
  id: string;
  /** Kept as it is written. */
  email: string;
  role: Role;
  externalId?: string;
}

const EXTENSION = 'urn:ietf:params:scim:schemas:extension:langfuse:2.0:User';
const KEY = { publicKey: 'pk-lf-organization', secretKey: 'sk-lf-organization' };

export type FakePlatform = Awaited<ReturnType<typeof openFakePlatform>>;

/** `tracehouse` says and takes roles in SCIM; `langfuse` wants PUT, says no role, and keeps no reports. */
export async function openFakePlatform(
  kind: 'tracehouse' | 'langfuse',
  initial: FakeMember[],
  { answer }: { answer?: Interception } = {},
) {
  const members = new Map(initial.map((member) => [member.id, { ...member }]));
  const reports: any[] = []; // oxlint-disable-line typescript/no-explicit-any
  const base = '/api/public/';
  const server = await openFakeServer(async (request) => (await answer?.(request)) ?? own(request));
  return {
    ...server,
    members,
    reports,
    /** Role by member. */
    roles: (): Record<string, Role> => Object.fromEntries([...members.values()].map(({ id, role }) => [id, role])),
    /** Requests that would change members. */
    writes: (): string[] =>
      server.requests
        .filter(({ method, path }) => method !== 'GET' && path.includes('/scim/'))
        .map(({ method, path }) => `${method} ${path.slice(`${base}scim/Users`.length + 1)}`.trim()),
  };

  function own({ method, path, query, headers, body }: FakeRequest): FakeAnswer {
    const expected = `Basic ${Buffer.from(`${KEY.publicKey}:${KEY.secretKey}`).toString('base64')}`;
    if (headers.authorization !== expected) return error(401, 'Invalid credentials.');
    const [area, collection, id] = path.slice(base.length).split('/').map(decodeURIComponent);
    if (area === 'organizations' && collection === 'memberships') {
      const memberships = [...members.values()].map(({ id: userId, role, email }) => ({
        userId,
        role,
        email,
        name: null,
      }));
      return { status: 200, body: { memberships } };
    }
    if (area === 'x' && kind === 'tracehouse') {
      reports.push(body);
      return { status: 201, body: { id: `report-${reports.length}` } };
    }
    if (area !== 'scim' || collection !== 'Users') return { status: 404, body: { message: 'Not Found' } };
    if (id === undefined) return method === 'POST' ? create(body) : list(query);
    const member = members.get(id);
    if (method === 'PUT') return member ? setRole(member, body.roles[0]) : error(404, 'User not found in organization');
    if (!member) return method === 'DELETE' ? { status: 204 } : error(404, 'User not found in organization');
    if (method === 'GET') return { status: 200, body: toResource(member) };
    if (method === 'DELETE') {
      if (isLastOwner(member)) return error(403, 'Cannot remove the last owner');
      members.delete(id);
      return { status: 204 };
    }
    const [operation] = body.Operations;
    if (kind === 'langfuse' || operation.path !== `${EXTENSION}:orgRole`) return error(400, 'Unsupported operation');
    return setRole(member, operation.value);
  }

  function setRole(member: FakeMember, role: Role): FakeAnswer {
    if (role !== 'OWNER' && isLastOwner(member)) return error(403, 'Cannot demote the last owner');
    members.set(member.id, { ...member, role });
    return { status: 200, body: toResource({ ...member, role }) };
  }

  function list(query: URLSearchParams): FakeAnswer {
    const wanted = /^userName eq "(.*)"$/.exec(query.get('filter') ?? '')?.[1];
    const all = [...members.values()].filter(({ email }) => wanted === undefined || email.toLowerCase() === wanted);
    const start = Number(query.get('startIndex') ?? 1) - 1;
    const page = all.slice(start, start + Number(query.get('count') ?? 100));
    return { status: 200, body: { totalResults: all.length, startIndex: start + 1, Resources: page.map(toResource) } };
  }

  function create({
    userName,
    externalId,
    roles,
  }: {
    userName: string;
    externalId: string;
    roles: Role[];
  }): FakeAnswer {
    const email = userName.toLowerCase();
    if ([...members.values()].some((member) => member.email.toLowerCase() === email))
      return error(409, 'already exists');
    const member = { id: `new-${email}`, email, externalId, role: roles[0] ?? 'NONE' };
    members.set(member.id, member);
    return { status: 201, body: toResource(member) };
  }

  function isLastOwner(member: FakeMember): boolean {
    return member.role === 'OWNER' && [...members.values()].filter(({ role }) => role === 'OWNER').length === 1;
  }

  function toResource({ id, email, role, externalId }: FakeMember) {
    return {
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
      id,
      userName: email,
      emails: [{ primary: true, value: email, type: 'work' }],
      meta: { resourceType: 'User' },
      ...(kind === 'tracehouse' && {
        active: true,
        externalId,
        roles: role === 'NONE' ? [] : [{ value: role }],
        [EXTENSION]: { orgRole: role },
      }),
    };
  }
}

const error = (status: number, detail: string): FakeAnswer => ({
  status,
  body: { schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'], detail, status },
});

/** The environment of a job between the two. */
export const jobEnvironment = (keycloak: { url: string }, platform: { url: string }): Record<string, string> => ({
  SYNC_KEYCLOAK_URL: keycloak.url,
  SYNC_KEYCLOAK_REALM: REALM,
  SYNC_KEYCLOAK_CLIENT_SECRET: SECRET,
  SYNC_TARGET_URL: platform.url,
  SYNC_PUBLIC_KEY: KEY.publicKey,
  SYNC_SECRET_KEY: KEY.secretKey,
  SYNC_ROLE_MAPPING: JSON.stringify({
    admin: 'ADMIN',
    'langfuse-admin': 'ADMIN',
    operator: 'MEMBER',
    developer: 'MEMBER',
    guest: 'NONE',
    default: 'VIEWER',
  }),
});

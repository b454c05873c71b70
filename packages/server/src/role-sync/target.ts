import { Role } from '@tracehouse/contract/roles';
import type { RoleSyncReport } from '@tracehouse/contract/x-role-sync-runs';
import * as z from 'zod';
import { type Call, type CallAnswer, RequestFailed, RunStopped } from './call.ts';
import type { RoleSyncSettings } from './settings.ts';

/** A member of the organization. `email` is lower-case, `externalId` the subject of the linked account. */
export interface Member {
  id: string;
  userName: string;
  email: string | null;
  externalId: string | null;
  role: Role;
}

const USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
const ORGANIZATION_ROLE = 'urn:ietf:params:scim:schemas:extension:langfuse:2.0:User';
const PATCH = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

const Resource = z
  .object({
    id: z.string(),
    userName: z.string(),
    externalId: z.string().nullish(),
    active: z.boolean().optional(),
    emails: z.array(z.object({ value: z.string(), primary: z.boolean().optional() })).optional(),
    roles: z.array(z.union([Role, z.object({ value: Role }).transform(({ value }) => value)])).optional(),
    [ORGANIZATION_ROLE]: z.object({ orgRole: Role.optional() }).optional(),
  })
  .transform(({ id, userName, externalId, active, emails, roles, [ORGANIZATION_ROLE]: extension }) => {
    const email = (emails?.find(({ primary }) => primary) ?? emails?.[0])?.value ?? userName;
    return {
      id,
      userName,
      externalId: externalId ?? null,
      email: email.includes('@') ? email.toLowerCase() : null,
      isActive: active !== false,
      // A Langfuse answers neither.
      role: extension?.orgRole ?? roles?.[0] ?? null,
    };
  });
type Resource = z.output<typeof Resource>;
const Page = z.object({ totalResults: z.number(), Resources: z.array(Resource).default([]) });
const Memberships = z.object({ memberships: z.array(z.object({ userId: z.string(), role: Role })) });

const PAGE = 100;

/** The platform whose roles are set, through its SCIM. Its methods throw RunStopped when the key does not open it. */
export type Target = ReturnType<typeof createTarget>;

export function createTarget({
  settings: { url, publicKey, secretKey },
  call,
}: {
  settings: RoleSyncSettings['target'];
  call: Call;
}) {
  const authorization = `Basic ${Buffer.from(`${publicKey}:${secretKey}`).toString('base64')}`;
  /** Until the platform shows that it does not know how: then by PUT, as a real Langfuse wants it. */
  let canPatch = true;

  return {
    async listMembers(): Promise<Member[]> {
      const resources = new Map<string, Resource>();
      for (let startIndex = 1, total = 1; startIndex <= total;) {
        const page = await read(`scim/Users?startIndex=${startIndex}&count=${PAGE}`, Page);
        for (const resource of page.Resources) resources.set(resource.id, resource);
        total = page.totalResults;
        startIndex += page.Resources.length;
        if (page.Resources.length === 0) break;
      }
      return withRoles([...resources.values()]);
    },

    /** As it is now; null when it is none any more. */
    async readMember(id: string): Promise<Member | null> {
      try {
        const [member] = await withRoles([await read(`scim/Users/${encodeURIComponent(id)}`, Resource)]);
        return member ?? null;
      } catch (error) {
        if (error instanceof RequestFailed && error.status === 404) return null;
        throw error;
      }
    },

    /** @throws RequestFailed with the platform's status */
    async setRole(member: Pick<Member, 'id' | 'userName'>, role: Role): Promise<void> {
      const path = `scim/Users/${encodeURIComponent(member.id)}`;
      if (canPatch) {
        const operation = { op: 'replace', path: `${ORGANIZATION_ROLE}:orgRole`, value: role };
        const answer = await send('PATCH', path, { schemas: [PATCH], Operations: [operation] });
        if (![400, 405, 501].includes(answer.status)) {
          if (!isSuccess(answer)) throw refused('PATCH', path, answer);
          // One that says nothing of the role has perhaps not understood what it was asked.
          const now = Resource.safeParse(answer.body);
          if (now.success && now.data.role === role) return;
        }
        canPatch = false;
      }
      const answer = await send('PUT', path, {
        schemas: [USER],
        userName: member.userName,
        active: true,
        roles: [role],
      });
      if (!isSuccess(answer)) throw refused('PUT', path, answer);
    },

    /** Ends the membership; the person stays. Done when there was none. */
    async remove(id: string): Promise<void> {
      const path = `scim/Users/${encodeURIComponent(id)}`;
      const answer = await send('DELETE', path);
      if (!isSuccess(answer) && answer.status !== 404) throw refused('DELETE', path, answer);
    },

    /** Makes a person a member. @throws RequestFailed, 409 when it is one already */
    async provision({ email, name, keycloakId, role }: NewMember): Promise<void> {
      const answer = await send('POST', 'scim/Users', {
        schemas: [USER],
        userName: email,
        externalId: keycloakId,
        ...(name !== null && { name: { formatted: name }, displayName: name }),
        emails: [{ value: email, primary: true, type: 'work' }],
        active: true,
        roles: [role],
      });
      if (!isSuccess(answer)) throw refused('POST', 'scim/Users', answer);
    },

    /** Member or not: the person the platform knows by this address, to be made a member again. */
    async findPerson(
      email: string,
    ): Promise<{ id: string; userName: string; isMember: boolean; role: Role | null } | null> {
      const filter = encodeURIComponent(`userName eq ${JSON.stringify(email)}`);
      const { Resources } = await read(`scim/Users?filter=${filter}`, Page);
      const found = Resources.find((resource) => resource.email === email);
      if (!found) return null;
      const [member] = await withRoles([found]);
      return { id: found.id, userName: found.userName, isMember: member !== undefined, role: member?.role ?? null };
    },

    /** Tells the platform of the run. Answers whether it keeps such reports: a Langfuse does not. */
    async report(run: RoleSyncReport): Promise<boolean> {
      const path = 'x/role-sync-runs';
      const answer = await send('POST', path, run, 'application/json');
      if (answer.status === 404) return false;
      if (!isSuccess(answer)) throw refused('POST', path, answer);
      return true;
    },
  };

  /** Members alone, each with its role: where the list does not say it, the memberships do. */
  async function withRoles(resources: Resource[]): Promise<Member[]> {
    const active = resources.filter(({ isActive }) => isActive);
    let roles = new Map<string, Role>();
    if (active.some(({ role }) => role === null)) {
      const { memberships } = await read('organizations/memberships', Memberships);
      roles = new Map(memberships.map(({ userId, role }) => [userId, role]));
    }
    return active.flatMap(({ id, userName, email, externalId, role: said }) => {
      const role = said ?? roles.get(id);
      return role === undefined ? [] : [{ id, userName, email, externalId, role }];
    });
  }

  async function read<T>(path: string, schema: z.ZodType<T>): Promise<T> {
    const answer = await send('GET', path);
    if (answer.status === 403) throw new RunStopped(`${refused('GET', path, answer).message}. ${KEY_HINT}`);
    if (answer.status !== 200) throw refused('GET', path, answer);
    const parsed = schema.safeParse(answer.body);
    if (parsed.success) return parsed.data;
    throw new RunStopped(`The platform's answer to GET ${path} is not what SCIM says: check SYNC_TARGET_URL`);
  }

  async function send(
    method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    path: string,
    body?: object,
    type = 'application/scim+json',
  ): Promise<CallAnswer> {
    const answer = await call({
      method,
      url: `${url}/api/public/${path}`,
      headers: { authorization, ...(body && { 'content-type': type }) },
      ...(body && { body: JSON.stringify(body) }),
    });
    if (answer.status === 401) throw new RunStopped(`${refused(method, path, answer).message}. ${KEY_HINT}`);
    return answer;
  }
}

/** Whom to make a member. */
export interface NewMember {
  email: string;
  name: string | null;
  keycloakId: string;
  role: Role;
}

const KEY_HINT = 'SYNC_PUBLIC_KEY and SYNC_SECRET_KEY must be those of an organization API key';

const isSuccess = ({ status }: CallAnswer): boolean => status >= 200 && status < 300;

/** With the platform's own words: SCIM says `detail`, other routes `message` or `error`. */
function refused(method: string, path: string, { status, body }: CallAnswer): RequestFailed {
  const { detail, message, error } = Object(body) as Record<string, unknown>;
  const words = [detail, message, error].find((each) => typeof each === 'string');
  return new RequestFailed(
    `The platform answered ${status} to ${method} ${path.split('?')[0]}${words === undefined ? '' : `: ${words}`}`,
    status,
  );
}

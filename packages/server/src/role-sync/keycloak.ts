import * as z from 'zod';
import { type Call, type CallAnswer, RequestFailed, RunStopped } from './call.ts';
import type { RoleSyncSettings } from './settings.ts';

/** A person of the realm. `email` is lower-case. */
export interface KeycloakUser {
  id: string;
  email: string | null;
  isEmailVerified: boolean;
  isEnabled: boolean;
  /** As people write it; null when Keycloak has none. */
  name: string | null;
}

// Absent means no, whatever the representation leaves out: nobody gains by it.
const User = z
  .object({
    id: z.string(),
    email: z.string().nullish(),
    emailVerified: z.boolean().nullish(),
    enabled: z.boolean().nullish(),
    firstName: z.string().nullish(),
    lastName: z.string().nullish(),
    serviceAccountClientId: z.string().nullish(),
  })
  .transform(
    ({ id, email, emailVerified, enabled, firstName, lastName, serviceAccountClientId }): KeycloakUser | null =>
      // The account of a program.
      serviceAccountClientId != null
        ? null
        : {
            id,
            email: email ? email.toLowerCase() : null,
            isEmailVerified: emailVerified === true,
            isEnabled: enabled !== false,
            name: [firstName, lastName].filter(Boolean).join(' ') || null,
          },
  );
const Users = z.array(User);
const Roles = z.array(z.object({ name: z.string() }));
const Token = z.object({ access_token: z.string(), expires_in: z.number().catch(60) });

const PAGE = 100;

/** Keycloak's admin API, as much of it as a run reads. Its methods throw RunStopped when no request of their kind can succeed. */
export type Keycloak = ReturnType<typeof createKeycloak>;

export function createKeycloak({
  settings: { url, realm, clientId, clientSecret, roleSource },
  call,
  now,
}: {
  settings: RoleSyncSettings['keycloak'];
  call: Call;
  now: () => Date;
}) {
  const admin = `${url}/admin/realms/${encodeURIComponent(realm)}`;
  let token: { value: string; renewAt: number } | null = null;
  let asked: Promise<{ value: string; renewAt: number }> | null = null;

  return {
    /** Without service accounts. */
    countUsers: (): Promise<number> => get('users/count', z.number()),

    /** All of them, once each: rows shift while pages are read. */
    async listUsers(): Promise<KeycloakUser[]> {
      const users = new Map<string, KeycloakUser>();
      for (let first = 0; ; first += PAGE) {
        const page = await get(`users?first=${first}&max=${PAGE}&briefRepresentation=true`, Users);
        for (const user of page) if (user !== null) users.set(user.id, user);
        if (page.length < PAGE) return [...users.values()];
      }
    },

    async findByEmail(email: string): Promise<KeycloakUser[]> {
      const found = await get(`users?email=${encodeURIComponent(email)}&exact=true&briefRepresentation=true`, Users);
      return found.filter((user) => user !== null);
    },

    async findById(id: string): Promise<KeycloakUser | null> {
      try {
        return await get(`users/${encodeURIComponent(id)}`, User);
      } catch (error) {
        if (error instanceof RequestFailed && error.status === 404) return null;
        throw error;
      }
    },

    /** Names of the realm roles a person has. @throws RequestFailed when they could not be read */
    async realmRoles(userId: string): Promise<string[]> {
      const source = roleSource === 'effective' ? '/composite' : '';
      const roles = await get(`users/${encodeURIComponent(userId)}/role-mappings/realm${source}`, Roles);
      return roles.map(({ name }) => name);
    },
  };

  async function get<T>(path: string, schema: z.ZodType<T>): Promise<T> {
    const ask = (bearer: string): Promise<CallAnswer> =>
      call({ method: 'GET', url: `${admin}/${path}`, headers: { authorization: `Bearer ${bearer}` } });
    const bearer = await currentToken();
    let answer = await ask(bearer);
    if (answer.status === 401) {
      // Another request may have renewed it meanwhile.
      if (token?.value === bearer) token = null;
      answer = await ask(await currentToken());
    }
    const { status, body } = answer;
    const what = `Keycloak answered ${status} to GET ${new URL(admin).pathname}/${path.split('?')[0]}`;
    if (status === 401) throw new RunStopped(`${what}, with a new token too`);
    if (status === 403) {
      throw new RunStopped(
        `${what}: the service account of client '${clientId}' needs the roles view-users and view-realm of the client realm-management`,
      );
    }
    if (status !== 200) throw new RequestFailed(what, status);
    const read = schema.safeParse(body);
    if (!read.success) throw new RunStopped(`${what}, which is not what Keycloak says there: check SYNC_KEYCLOAK_URL`);
    return read.data;
  }

  /** One request at a time, whoever needs it. */
  async function currentToken(): Promise<string> {
    if (token === null || now().getTime() >= token.renewAt) {
      asked ??= askToken().finally(() => (asked = null));
      token = await asked;
    }
    return token.value;
  }

  async function askToken(): Promise<{ value: string; renewAt: number }> {
    const askedAt = now().getTime();
    const form = { grant_type: 'client_credentials', client_id: clientId, client_secret: clientSecret };
    const { status, body } = await call({
      method: 'POST',
      url: `${url}/realms/${encodeURIComponent(realm)}/protocol/openid-connect/token`,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams(form).toString(),
    });
    if (status === 200) {
      const read = Token.safeParse(body);
      if (!read.success) throw new RunStopped('Keycloak answered 200 without a token: check SYNC_KEYCLOAK_URL');
      return { value: read.data.access_token, renewAt: askedAt + read.data.expires_in * 800 };
    }
    const words = Object(body) as { error?: unknown; error_description?: unknown };
    const said = [words.error, words.error_description].filter((word) => typeof word === 'string').join(': ');
    const hint =
      status === 404
        ? `: check SYNC_KEYCLOAK_URL and SYNC_KEYCLOAK_REALM ('${realm}')`
        : status < 429
          ? `: check SYNC_KEYCLOAK_CLIENT_ID ('${clientId}') and SYNC_KEYCLOAK_CLIENT_SECRET`
          : '';
    throw new RunStopped(`Keycloak gave no token, it answered ${status}${said && ` (${said})`}${hint}`);
  }
}

import { createHash, randomUUID } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose';

/** Who signs in there. */
export interface StandInPerson {
  sub: string;
  email?: string | undefined;
  email_verified?: unknown;
  name?: string;
  [claim: string]: unknown;
}

const CLIENT = { id: 'tracehouse', secret: 'client secret' };

/**
 * For tests: an OpenID Connect provider on loopback that does as a good one does, until told otherwise: tokens can be bent in
 * every way that a forger would. `external` is the address it states, as a provider does that is reached by another from inside.
 */
export async function startStandInProvider({ external }: { external?: string } = {}) {
  const good = await generateKeyPair('RS256', { extractable: true });
  const foreign = await generateKeyPair('RS256', { extractable: true });
  const jwk = { ...(await exportJWK(good.publicKey)), kid: 'key', alg: 'RS256', use: 'sig' };
  const codes = new Map<string, { person: StandInPerson; nonce: string | null; challenge: string | null }>();
  const refreshTokens = new Map<string, StandInPerson>();
  const said: { path: string; authorization: string | undefined; body: string }[] = [];
  /** What a test changes. */
  const bend = {
    claims: (claims: JWTPayload): { [claim: string]: unknown } => claims,
    /** Of the ID token. */
    key: 'good' as 'good' | 'foreign' | 'none' | 'client secret',
    userinfo: (claims: StandInPerson): object => claims,
    document: (document: object): object => document,
    refreshWith: null as null | { status: number; body: object },
    addresses: [] as object[],
    isDown: false,
    hasIdToken: true,
  };
  const straight = { ...bend };

  const sign = async (claims: JWTPayload, typ = 'JWT'): Promise<string> => {
    if (bend.key === 'none') return new UnsecuredJWT(claims).encode();
    if (bend.key === 'client secret')
      return new SignJWT(claims).setProtectedHeader({ alg: 'HS256', typ }).sign(Buffer.from(CLIENT.secret));
    const { privateKey } = bend.key === 'good' ? good : foreign;
    return new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: 'key', typ }).sign(privateKey);
  };

  const server = createServer((request, response) => {
    void (async () => {
      const path = new URL(request.url ?? '/', 'http://x').pathname;
      const body = await textOf(request);
      said.push({ path, authorization: request.headers.authorization, body });
      const [status, answer] = bend.isDown ? [503, {}] : await answerTo(path, new URLSearchParams(body), request);
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const internal = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const issuer = external ?? internal;
  const sessionOf = (person: StandInPerson): string => `session of ${person.sub}`;

  async function answerTo(
    path: string,
    form: URLSearchParams,
    { headers }: IncomingMessage,
  ): Promise<[number, object]> {
    switch (path) {
      case '/.well-known/openid-configuration':
        return [200, bend.document(documentOf())];
      case '/jwks':
        return [200, { keys: [jwk] }];
      case '/token':
        return form.get('grant_type') === 'refresh_token' ? refresh(form) : redeem(form);
      case '/userinfo':
        return [200, bend.userinfo(bearerOf(headers))];
      // As GitHub Enterprise: no OpenID Connect, and the addresses apart.
      case '/login/oauth/access_token':
        return redeem(form, { idToken: false });
      case '/api/v3/user':
        return [200, bend.userinfo(bearerOf(headers))];
      case '/api/v3/user/emails':
        return [200, bend.addresses];
      default:
        return [404, {}];
    }
  }

  const documentOf = () => ({
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    end_session_endpoint: `${issuer}/logout`,
    token_endpoint: `${internal}/token`,
    userinfo_endpoint: `${internal}/userinfo`,
    jwks_uri: `${internal}/jwks`,
    response_types_supported: ['code'],
    subject_types_supported: ['public'],
    scopes_supported: ['openid', 'email', 'profile', 'offline_access'],
    id_token_signing_alg_values_supported: ['RS256', 'HS256'],
    authorization_response_iss_parameter_supported: true,
  });

  async function redeem(form: URLSearchParams, { idToken = true } = {}): Promise<[number, object]> {
    const code = codes.get(form.get('code') ?? '');
    codes.delete(form.get('code') ?? '');
    const proved = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url');
    if (!code || (code.challenge !== null && code.challenge !== proved)) return [400, { error: 'invalid_grant' }];
    return tokensFor(code.person, code.nonce, { idToken });
  }

  async function refresh(form: URLSearchParams): Promise<[number, object]> {
    if (bend.refreshWith !== null) return [bend.refreshWith.status, bend.refreshWith.body];
    const person = refreshTokens.get(form.get('refresh_token') ?? '');
    refreshTokens.delete(form.get('refresh_token') ?? '');
    return person ? tokensFor(person, null) : [400, { error: 'invalid_grant' }];
  }

  async function tokensFor(
    person: StandInPerson,
    nonce: string | null,
    { idToken = true } = {},
  ): Promise<[number, object]> {
    const refreshToken = randomUUID();
    refreshTokens.set(refreshToken, person);
    const seconds = Math.floor(Date.now() / 1000);
    const claims = bend.claims({
      iss: issuer,
      aud: CLIENT.id,
      iat: seconds,
      exp: seconds + 300,
      sid: sessionOf(person),
      ...person,
      ...(nonce !== null && { nonce }),
    });
    return [
      200,
      {
        access_token: Buffer.from(JSON.stringify(person)).toString('base64url'),
        token_type: 'Bearer',
        expires_in: 300,
        refresh_token: refreshToken,
        ...(idToken && bend.hasIdToken && { id_token: await sign(claims) }),
      },
    ];
  }

  return {
    client: CLIENT,
    internal,
    issuer,
    bend,
    said,
    /** Ends all bending. */
    straighten(): void {
      Object.assign(bend, straight);
      said.length = 0;
    },
    /** What the environment says of it. */
    env: (prefix: string): Record<string, string> => ({
      [`AUTH_${prefix}_CLIENT_ID`]: CLIENT.id,
      [`AUTH_${prefix}_CLIENT_SECRET`]: CLIENT.secret,
      [`AUTH_${prefix}_ISSUER`]: internal,
    }),
    /** The person signs in at the address a browser was sent to; answers where that sends it back. */
    authorize(address: string, person: StandInPerson): URL {
      const asked = new URL(address).searchParams;
      const code = randomUUID();
      codes.set(code, { person, nonce: asked.get('nonce'), challenge: asked.get('code_challenge') });
      const back = new URL(asked.get('redirect_uri') ?? '');
      for (const [name, value] of Object.entries({ code, state: asked.get('state') ?? '', iss: issuer }))
        back.searchParams.set(name, value);
      return back;
    },
    /** As the provider sends it when the person's session there ends. */
    logoutToken: (person: StandInPerson, changes: { [claim: string]: unknown } = {}): Promise<string> =>
      sign(
        {
          iss: issuer,
          aud: CLIENT.id,
          iat: Math.floor(Date.now() / 1000),
          jti: randomUUID(),
          sub: person.sub,
          sid: sessionOf(person),
          events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
          ...changes,
        },
        'logout+jwt',
      ),
    close: (): Promise<void> =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

export type StandInProvider = Awaited<ReturnType<typeof startStandInProvider>>;

const bearerOf = ({ authorization = '' }: IncomingHttpHeaders): StandInPerson =>
  JSON.parse(Buffer.from(authorization.slice(7), 'base64url').toString()) as StandInPerson;

async function textOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}

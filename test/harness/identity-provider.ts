import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { errors, Provider } from 'oidc-provider';

const CLIENT = { id: 'tracehouse', secret: 'secret of the client' };

/** A certified OpenID Connect provider in this process, with a page where anybody signs in by typing an address. */
export interface IdentityProvider {
  readonly url: string;
  /** What the product's environment says of it. */
  readonly env: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/** `clientUrl` is the product's address. Whoever types `x@y` is that person, whose address is verified. */
export async function startIdentityProvider(clientUrl: string): Promise<IdentityProvider> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider = new Provider(url, {
    clients: [
      {
        client_id: CLIENT.id,
        client_secret: CLIENT.secret,
        redirect_uris: [`${clientUrl}/api/auth/callback/custom`],
        post_logout_redirect_uris: [`${clientUrl}/sign-in`],
        backchannel_logout_uri: `${clientUrl}/api/auth/backchannel-logout/custom`,
        backchannel_logout_session_required: true,
      },
    ],
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
    pkce: { required: () => true },
    cookies: { keys: ['for tests alone'] },
    findAccount: (_context, email) => ({
      accountId: email,
      claims: () => ({ sub: email, email, email_verified: true, name: email.split('@')[0] ?? email }),
    }),
    // Nobody is asked whether the product may know what it asks for.
    async loadExistingGrant({ oidc }) {
      const grant = new oidc.provider.Grant({ clientId: CLIENT.id, accountId: oidc.session?.accountId ?? '' });
      grant.addOIDCScope('openid email profile');
      await grant.save();
      return grant;
    },
    interactions: { url: (_context, { uid }) => `/interaction/${uid}` },
    features: {
      backchannelLogout: { enabled: true },
      // Its own pages fetch fonts from elsewhere.
      devInteractions: { enabled: false },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource(context, form) {
          context.body = html(
            `${form}<button form="op.logoutForm" name="logout" value="yes">Yes, sign me out</button>`,
          );
        },
      },
    },
  });
  const answer = provider.callback();
  server.on('request', (request, response) => {
    if (request.url?.startsWith('/interaction/') === true) void interact(provider, request, response);
    else void answer(request, response);
  });
  return {
    url,
    env: {
      AUTH_CUSTOM_NAME: 'Acme login',
      AUTH_CUSTOM_CLIENT_ID: CLIENT.id,
      AUTH_CUSTOM_CLIENT_SECRET: CLIENT.secret,
      AUTH_CUSTOM_ISSUER: url,
    },
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

const html = (body: string): string => `<!doctype html><html lang="en"><title>Acme login</title>${body}</html>`;

/** The page where somebody types an address, or stops. */
async function interact(provider: Provider, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method === 'GET') {
    response.setHeader('content-type', 'text/html; charset=utf-8');
    response.end(
      html(`<form method="post"><label>Address <input name="address"></label>
        <button name="answer" value="yes">Continue</button> <button name="answer" value="no">Stop</button></form>`),
    );
    return;
  }
  let body = '';
  for await (const part of request) body += String(part);
  const form = new URLSearchParams(body);
  const { error, error_description } = new errors.AccessDenied('the person stopped');
  const result =
    form.get('answer') === 'yes'
      ? { login: { accountId: form.get('address') ?? '' } }
      : { error, error_description: error_description ?? '' };
  await provider.interactionFinished(request, response, result);
}

import {
  backChannelLogout,
  deleteIdentity,
  finishSignIn,
  listIdentities,
  provePendingLink,
  readPendingLink,
  readSsoRefusal,
  startLink,
  startSignIn,
} from '@tracehouse/contract/sso';
import { Answer, bind, type BoundRoute } from '../../http/bind.ts';
import { ForbiddenError, InvalidRequestError } from '../../http/errors.ts';
import type { SessionCookie } from '../sessions/cookies.ts';
import type { Principal } from '../principal.ts';
import { isSameOrigin } from '../sessions/same-origin.ts';
import type { Sso } from './sso.ts';
import type { Step, Visit } from './visit.ts';

const NO_STORE = { 'cache-control': 'no-store' };

interface Asked {
  headers: Record<string, string | undefined>;
  ip: string;
}

export function ssoRoutes({
  sso,
  sessionCookie,
  url,
}: {
  sso: Sso;
  sessionCookie: SessionCookie;
  /** NEXTAUTH_URL. */
  url: string | undefined;
}): BoundRoute[] {
  const visitOf = ({ headers, ip }: Asked): Visit => ({
    cookie: headers['cookie'],
    ip,
    userAgent: headers['user-agent'],
    replaces: sessionCookie.read(headers['cookie']),
  });
  const cookiesOf = ({ cookies, token }: Step): string[] => [
    ...cookies,
    ...(token === undefined ? [] : [sessionCookie.write(token)]),
  ];
  /** @throws ForbiddenError */
  const refuseOtherSites = ({ headers }: Asked): void => {
    if (!isSameOrigin(headers, url)) throw new ForbiddenError('Sign-in only works from the pages of this site');
  };

  return [
    bind(startSignIn, async ({ params, body, ...asked }) => {
      refuseOtherSites(asked);
      const { url: address, cookies } = await sso.signIn.start({
        provider: params.provider,
        returnTo: body?.returnTo,
        cookie: asked.headers['cookie'],
      });
      return new Answer({ url: address }, { headers: { 'set-cookie': cookies, ...NO_STORE } });
    }),

    // The provider's page sends the browser here, so it comes from another site; the sealed cookie says that we began it.
    bind(finishSignIn, async ({ params, query, ...asked }) => {
      const received = new URLSearchParams();
      for (const [name, value] of Object.entries(query))
        for (const one of [value].flat()) if (typeof one === 'string') received.append(name, one);
      const step = await sso.signIn.finish(params.provider, received.toString(), visitOf(asked));
      return new Answer(undefined, {
        status: 302,
        // The address of this request holds a code.
        headers: {
          location: step.location,
          'set-cookie': cookiesOf(step),
          'referrer-policy': 'no-referrer',
          ...NO_STORE,
        },
      });
    }),

    bind(readSsoRefusal, async ({ headers }) => {
      const refusal = await sso.refusals.read(headers['cookie']);
      return new Answer(refusal ?? { code: null }, { headers: NO_STORE });
    }),

    bind(readPendingLink, async ({ headers }) => {
      const pending = await sso.proof.pending(headers['cookie']);
      return new Answer(pending ?? { email: null }, { headers: NO_STORE });
    }),

    bind(provePendingLink, async ({ body, ...asked }) => {
      refuseOtherSites(asked);
      const step = await sso.proof.prove(body.password, visitOf(asked));
      return new Answer({ url: step.location }, { headers: { 'set-cookie': cookiesOf(step), ...NO_STORE } });
    }),

    // From the provider's own machines: neither cookies nor origin.
    bind(backChannelLogout, async ({ params, body }) => {
      const token = new URLSearchParams(body).get('logout_token');
      const isGood = token !== null && (await sso.logout.backChannel(params.provider, token));
      return isGood
        ? new Answer({}, { headers: NO_STORE })
        : new Answer({ error: 'invalid_request' }, { status: 400, headers: NO_STORE });
    }),

    bind(listIdentities, async ({ principal }) => ({
      data: (await sso.identities.list(personOf(principal).userId)).map((row) => ({
        ...row,
        linkedAt: row.linkedAt.toISOString(),
        lastUsedAt: row.lastUsedAt.toISOString(),
      })),
    })),

    bind(startLink, async ({ principal, params, body, headers, ip }) => {
      const { url: address, cookies } = await sso.identities.start({
        person: personOf(principal),
        provider: params.provider,
        password: body.password,
        returnTo: body.returnTo,
        cookie: headers['cookie'],
        ip,
      });
      return new Answer({ url: address }, { headers: { 'set-cookie': cookies, ...NO_STORE } });
    }),

    bind(deleteIdentity, async ({ principal, params, actor }) => {
      await sso.identities.remove(personOf(principal), params.provider, actor);
      return { success: true as const };
    }),
  ];
}

function personOf(principal: Principal): Principal & { kind: 'person' } {
  if (principal.kind !== 'person') throw new InvalidRequestError('Only a person has an account');
  return principal;
}

import { parseCookie, stringifySetCookie } from 'cookie';
import type { Settings } from '../../config/settings.ts';

type CookieSettings = Pick<Settings, 'signIn' | 'server'>;

export type SessionCookie = ReturnType<typeof createSessionCookie>;

/** The cookie that holds a session's token (S9.2); as strict as the address allows. */
export function createSessionCookie({ signIn, server }: CookieSettings) {
  const secure = server.url?.startsWith('https:') ?? false;
  const name = `${secure ? '__Secure-' : ''}next-auth.session-token${signIn.cookieNameSuffix}`;
  const flags = {
    httpOnly: true,
    sameSite: 'lax' as const,
    path: '/',
    secure,
    ...(signIn.cookieDomain !== undefined && { domain: signIn.cookieDomain }),
  };
  return {
    /** From the value of the header `cookie`. */
    read: (header: string | undefined): string | undefined =>
      header === undefined ? undefined : parseCookie(header)[name],
    /** Values of the header `set-cookie`. */
    write: (token: string): string =>
      stringifySetCookie({ name, value: token, ...flags, maxAge: signIn.sessionMaxAgeMinutes * 60 }),
    clear: (): string => stringifySetCookie({ name, value: '', ...flags, maxAge: 0 }),
  };
}

import { createHash } from 'node:crypto';
import { parseCookie, stringifySetCookie } from 'cookie';

/** What ties the steps of a sign-in to one browser, beside the session itself. */
export type SsoCookies = ReturnType<typeof createSsoCookies>;

/** A sign-in under way, and what waits for a password, live this long. */
export const ATTEMPT_S = 600;
/** Sign-ins under way in one browser at once; a header of cookies has an end. */
const MOST_ATTEMPTS = 5;

/** On https only this host can set them: a sibling host cannot slip a sign-in of its own to somebody. */
export function createSsoCookies({ url }: { url: string }) {
  const secure = url.startsWith('https:');
  const prefix = secure ? '__Host-tracehouse.' : 'tracehouse.';
  const set = (name: string, value: string, maxAge: number): string =>
    stringifySetCookie({ name, value, httpOnly: true, sameSite: 'lax', path: '/', secure, maxAge });
  // Each tab has one of its own, so that they do not take each other's.
  const attemptOf = (state: string): string =>
    `${prefix}login.${createHash('sha256').update(state).digest('base64url').slice(0, 16)}`;
  const one = (name: string) => ({
    read: (header: string | undefined): string | undefined => parseCookie(header ?? '')[`${prefix}${name}`],
    write: (value: string): string => set(`${prefix}${name}`, value, ATTEMPT_S),
    clear: (): string => set(`${prefix}${name}`, '', 0),
  });
  return {
    attempt: {
      read: (header: string | undefined, state: string): string | undefined =>
        parseCookie(header ?? '')[attemptOf(state)],
      write: (state: string, sealed: string): string => set(attemptOf(state), sealed, ATTEMPT_S),
      clear: (state: string): string => set(attemptOf(state), '', 0),
      /** Ends those left lying where there are too many. */
      clearMany(header: string | undefined): string[] {
        const names = Object.keys(parseCookie(header ?? '')).filter((name) => name.startsWith(`${prefix}login.`));
        return names.length < MOST_ATTEMPTS ? [] : names.map((name) => set(name, '', 0));
      },
    },
    /** Who signed in at a provider and must prove that an account is theirs. */
    link: one('link'),
    /** Why somebody was not let in, for the page that says so. */
    refusal: one('refusal'),
  };
}

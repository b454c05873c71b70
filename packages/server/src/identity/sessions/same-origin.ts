import { ForbiddenError } from '../../http/errors.ts';

/**
 * Whether a page of this site made the request, so that its cookies count: a browser sends them for other sites' pages
 * too. `url` is NEXTAUTH_URL; without it the address reached is the site.
 *
 * Browsers tell by `Sec-Fetch-Site`, but only on https and localhost. On plain http there is `Origin`, which a GET lacks,
 * and then `Referer` (our pages send it to themselves). A request with none of the three is refused.
 */
export function isSameOrigin(headers: Record<string, string | undefined>, url: string | undefined): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined) return site === 'same-origin';
  const from = headers['origin'] ?? headers['referer'];
  if (from === undefined || !URL.canParse(from)) return false;
  if (url !== undefined) return new URL(from).origin === new URL(url).origin;
  return new URL(from).host === headers['host'];
}

/** For what works with cookies without a session. @throws ForbiddenError */
export function refuseOtherSites(headers: Record<string, string | undefined>, url: string | undefined): void {
  if (!isSameOrigin(headers, url)) throw new ForbiddenError('Sign-in only works from the pages of this site');
}

/** The address asked for, if it is one of ours: a link must not send people elsewhere after they signed in. */
export function ownAddress(next: string | undefined): string {
  if (!next?.startsWith('/') || !URL.canParse(next, location.origin)) return '/';
  const address = new URL(next, location.origin);
  if (address.origin !== location.origin) return '/';
  // Two slashes at the beginning (`/.//host` becomes that) would be another host.
  return `/${address.pathname.replace(/^\/+/u, '')}${address.search}${address.hash}`;
}

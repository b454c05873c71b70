/** The address to go to after a sign-in, if it is one of ours; else the start. `base` is our own address. */
export function ownPath(returnTo: string | undefined, base: string): string {
  if (returnTo === undefined || !URL.canParse(returnTo, base)) return '/';
  const address = new URL(returnTo, base);
  if (address.origin !== new URL(base).origin) return '/';
  // Two slashes at the beginning would be another host once a browser reads the path alone.
  return `/${address.pathname.replace(/^\/+/, '')}${address.search}${address.hash}`;
}

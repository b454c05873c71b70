/**
 * Secret keys that were made in this tab, by public key. They stay until the tab is closed, so that snippets are
 * complete; no other tab and no later visit sees them.
 */
const KEY = 'tracehouse.secrets';

function read(): Record<string, string> {
  try {
    return JSON.parse(sessionStorage.getItem(KEY) ?? '{}') as Record<string, string>;
  } catch {
    return {};
  }
}

export const knownSecret = (publicKey: string): string | null => read()[publicKey] ?? null;

export function keepSecret(publicKey: string, secretKey: string): void {
  try {
    sessionStorage.setItem(KEY, JSON.stringify({ ...read(), [publicKey]: secretKey }));
  } catch {
    // A browser that refuses storage forgets the secret when the page changes; it was shown once.
  }
}

export function forgetSecret(publicKey: string): void {
  const { [publicKey]: _, ...rest } = read();
  sessionStorage.setItem(KEY, JSON.stringify(rest));
}

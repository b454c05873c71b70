import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';

export type SignedLinks = ReturnType<typeof createSignedLinks>;

/**
 * Links that let anyone who has one do one thing in a project until they expire. Signed, so that nothing has to be remembered;
 * `url` is the address by which others reach us.
 */
export function createSignedLinks({ secret, url, now }: { secret: string; url: string; now: () => Date }) {
  const key = Buffer.from(hkdfSync('sha256', secret, '', 'signed links', 32));

  /** Of what is asked for and of all it is asked with, so that nothing can be added or left out. */
  function sign(method: string, path: string, query: ReadonlyMap<string, string>): string {
    const said = [...query].toSorted(([a], [b]) => (a < b ? -1 : 1));
    return createHmac('sha256', key)
      .update(JSON.stringify([method, path, said]))
      .digest('base64url');
  }

  return {
    make(
      method: 'GET' | 'PUT',
      path: string,
      { expiresAt, ...said }: { project: string; expiresAt: Date } & Record<string, string | Date>,
    ): string {
      const expires = String(Math.floor(expiresAt.getTime() / 1000));
      const query = new Map(Object.entries({ ...said, expires }).map(([name, value]) => [name, String(value)]));
      const signature = sign(method, path, query);
      return `${url}${path}?${new URLSearchParams([...query, ['signature', signature]])}`;
    },

    /** The project of a link that was made here and is still good; null for any other. */
    projectOf(method: string, path: string, { signature, ...rest }: Readonly<Record<string, unknown>>): string | null {
      if (typeof signature !== 'string') return null;
      const query = new Map<string, string>();
      for (const [name, value] of Object.entries(rest)) if (typeof value === 'string') query.set(name, value);
      const [given, expected] = [signature, sign(method === 'HEAD' ? 'GET' : method, path, query)].map((text) =>
        Buffer.from(text),
      );
      if (given!.length !== expected!.length || !timingSafeEqual(given!, expected!)) return null;
      return now().getTime() < Number(query.get('expires')) * 1000 ? (query.get('project') ?? null) : null;
    },
  };
}

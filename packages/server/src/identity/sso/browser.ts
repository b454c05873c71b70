import type { FastifyInstance } from 'fastify';

interface Answered {
  status: number;
  headers: Record<string, unknown>;
  // oxlint-disable-next-line typescript/no-explicit-any -- matchers say what is expected of it
  body: any;
  /** Each `set-cookie` of the answer. */
  cookies: string[];
}

/** For tests: what a browser does with cookies, against a server in this process. Cookies are kept, and cleared, as told. */
export function openBrowser(server: FastifyInstance) {
  const jar = new Map<string, string>();

  async function send(
    method: 'GET' | 'POST' | 'DELETE',
    path: string,
    { body, headers = {} }: { body?: unknown; headers?: Record<string, string> } = {},
  ): Promise<Answered> {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await server.inject({
      method,
      url: path,
      headers: {
        'sec-fetch-site': 'same-origin',
        ...(cookie !== '' && { cookie }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { payload: JSON.stringify(body) }),
    });
    const cookies = [answer.headers['set-cookie'] ?? []].flat();
    for (const one of cookies) {
      const [name = '', value = ''] = (one.split(';')[0] ?? '').split('=');
      if (/; Max-Age=0(;|$)/.test(one)) jar.delete(name);
      else jar.set(name, value);
    }
    const isJson = String(answer.headers['content-type']).includes('json');
    return {
      status: answer.statusCode,
      headers: answer.headers,
      body: isJson ? (answer.json() as unknown) : answer.body,
      cookies,
    };
  }

  return {
    /** What it has. */
    jar,
    get: (path: string, headers?: Record<string, string>) => send('GET', path, headers && { headers }),
    post: (path: string, body?: unknown, headers?: Record<string, string>) =>
      send('POST', path, { ...(body !== undefined && { body }), ...(headers && { headers }) }),
    delete: (path: string) => send('DELETE', path),
    /** Comes back from another site. */
    arrive: (address: URL) =>
      send('GET', `${address.pathname}${address.search}`, { headers: { 'sec-fetch-site': 'cross-site' } }),
  };
}

export type Browser = ReturnType<typeof openBrowser>;

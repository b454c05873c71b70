import { Agent, request as httpRequest } from 'node:http';

/** An answer as it came. */
export interface Reply {
  readonly status: number;
  readonly text: string;
  readonly retryAfterMs: number;
}

/** One kept connection, one request at a time, with a project's key. */
export interface Client {
  get(path: string, query?: Record<string, string>): Promise<Reply>;
  post(path: string, contentType: string, body: Buffer): Promise<Reply>;
  delete(path: string): Promise<Reply>;
  close(): void;
}

export function createClient({ url, authorization }: { url: string; authorization: string }): Client {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const send = (
    method: string,
    path: string,
    headers: Record<string, string | number>,
    body?: Buffer,
  ): Promise<Reply> =>
    new Promise((resolve, reject) => {
      const target = new URL(path, url);
      const request = httpRequest(target, { method, agent, headers: { authorization, ...headers } }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.once('error', reject);
        response.once('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            text: Buffer.concat(chunks).toString(),
            retryAfterMs: Number(response.headers['retry-after'] ?? 0) * 1000,
          }),
        );
      });
      request.once('error', reject);
      request.end(body);
    });
  return {
    get: (path, query = {}) => send('GET', `${path}?${new URLSearchParams(query)}`, {}),
    post: (path, contentType, body) =>
      send('POST', path, { 'content-type': contentType, 'content-length': body.length }, body),
    delete: (path) => send('DELETE', path, {}),
    close: () => agent.destroy(),
  };
}

/** Basic, as the SDKs send it. */
export const basic = ({ publicKey, secretKey }: { publicKey: string; secretKey: string }): string =>
  `Basic ${Buffer.from(`${publicKey}:${secretKey}`).toString('base64')}`;

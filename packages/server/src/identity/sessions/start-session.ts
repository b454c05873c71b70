import type { SessionCookie } from './cookies.ts';
import type { Sessions } from './sessions.ts';

/** Signs somebody in who proved it by a password or a code, in place of the session the browser came with; answers headers. */
export async function startSession(
  { sessions, sessionCookie }: { sessions: Pick<Sessions, 'start'>; sessionCookie: SessionCookie },
  userId: string,
  { headers, ip }: { headers: Record<string, string | undefined>; ip: string },
): Promise<{ 'set-cookie': string; 'cache-control': string }> {
  const token = await sessions.start({
    userId,
    method: 'password',
    userAgent: headers['user-agent'],
    ip,
    replaces: sessionCookie.read(headers['cookie']),
  });
  return { 'set-cookie': sessionCookie.write(token), 'cache-control': 'no-store' };
}

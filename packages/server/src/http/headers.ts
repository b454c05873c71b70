import type { FastifyReply, FastifyRequest } from 'fastify';

// Traces are hostile text: nothing inline, nothing from elsewhere. Styles set through the DOM are not affected.
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "font-src 'self'",
  "connect-src 'self'",
  "worker-src 'self'",
  "media-src 'self' data: blob:",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** What every answer carries. */
export function securityHeaders(reply: FastifyReply): void {
  reply.headers({
    'content-security-policy': CONTENT_SECURITY_POLICY,
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'strict-origin-when-cross-origin',
    'cross-origin-opener-policy': 'same-origin',
  });
}

/**
 * Any origin may call with a key (browsers send scores), none may read what a cookie opens: without `Authorization` no
 * origin is allowed, and credentials never are.
 */
export function allowOrigin(request: FastifyRequest, reply: FastifyReply): void {
  const { origin, authorization, cookie } = request.headers;
  if (origin === undefined || (authorization === undefined && cookie !== undefined)) return;
  reply.headers({ 'access-control-allow-origin': origin, vary: 'Origin' });
}

/** A preflight asks for a request that will carry a key: every header is allowed (clients bring their own). */
export function answerPreflight(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const asked = request.headers['access-control-request-headers'];
  return reply
    .code(204)
    .headers({
      'access-control-allow-methods': 'GET,HEAD,PUT,PATCH,POST,DELETE',
      ...(asked !== undefined && { 'access-control-allow-headers': asked }),
      'access-control-max-age': '600',
    })
    .send();
}

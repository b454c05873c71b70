import { UnauthorizedError } from '../../http/errors.ts';

const HOST = "Confirm that you've configured the correct host.";

/** The refusals of S9.1; clients show them as they are. */
export const refusals = {
  none: 'No authorization header',
  scheme: 'Invalid authorization header',
  encoding: `Invalid character. ${HOST}`,
  pair: `Invalid credentials. ${HOST}`,
  publicKey: `Invalid public key. ${HOST}`,
  organizationBearer: `An organization key needs its secret: use Basic authentication. ${HOST}`,
} as const;

export type Credentials =
  | { kind: 'pair'; publicKey: string; secretKey: string }
  | { kind: 'bearer'; publicKey: string };

/** @throws UnauthorizedError with the text of S9.1 */
export function readAuthorization(header: string | undefined): Credentials {
  if (header === undefined || header === '') throw new UnauthorizedError(refusals.none);
  const [, scheme, rest] = /^(\S+) +(.*)$/.exec(header) ?? [];
  switch (scheme?.toLowerCase()) {
    case 'basic': {
      // What follows a second colon is not part of the secret.
      const [publicKey = '', secretKey = ''] = decode(rest ?? '').split(':');
      return { kind: 'pair', publicKey, secretKey };
    }
    case 'bearer':
      return { kind: 'bearer', publicKey: (rest ?? '').trim() };
    default:
      throw new UnauthorizedError(refusals.scheme);
  }
}

/**
 * For SCIM: Entra sends nothing but a bearer token, which then is the pair in the form in which Basic has it. No public key is
 * base64. @throws UnauthorizedError
 */
export function readScimAuthorization(header: string | undefined): Credentials {
  const credentials = readAuthorization(header);
  const isPair = credentials.kind === 'bearer' && /^[A-Za-z0-9+/]+={0,2}$/.test(credentials.publicKey);
  return isPair ? readAuthorization(`Basic ${credentials.publicKey}`) : credentials;
}

/** Node decodes whatever it gets; a header that is no base64 deserves to be called so. */
function decode(base64: string): string {
  const compact = base64.replace(/\s/g, '');
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(compact) || compact.replace(/=+$/, '').length % 4 === 1) {
    throw new UnauthorizedError(refusals.encoding);
  }
  return Buffer.from(compact, 'base64').toString();
}

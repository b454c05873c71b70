import { emailAddressOf } from '@tracehouse/contract/email-address';
import * as oidc from 'openid-client';
import * as z from 'zod';
import type { Provider } from './providers.ts';

/** Who somebody is, as a provider says. */
export interface ProviderIdentity {
  /** Id of the provider. */
  provider: string;
  /** With the subject, what never changes. */
  issuer: string;
  subject: string;
  /** Lower-case; null when the provider gives none. */
  email: string | null;
  emailVerified: boolean;
  name: string | null;
  /** The provider's session, by which it may end ours. */
  providerSession: string | null;
  /** Everything it said. */
  claims: Readonly<Record<string, unknown>>;
}

export interface Grant {
  identity: ProviderIdentity;
  idToken: string | null;
  refreshToken: string | null;
}

/** What was said when a sign-in began and must be said again at its end. */
export interface GrantChecks {
  state: string;
  nonce: string | undefined;
  verifier: string | undefined;
}

/**
 * Turns the code of a callback into who it is. `callback` is our own address with the path and query received.
 * @throws what the library finds wrong with the callback, the tokens or the provider
 */
export async function redeem(provider: Provider, callback: URL, checks: GrantChecks): Promise<Grant> {
  const config = await provider.connect();
  const { authority } = provider;
  const isOidc = authority.kind === 'oidc' && authority.idToken;
  const tokens = await oidc.authorizationCodeGrant(config, callback, {
    expectedState: checks.state,
    ...(checks.verifier !== undefined && { pkceCodeVerifier: checks.verifier }),
    ...(checks.nonce !== undefined && { expectedNonce: checks.nonce }),
    idTokenExpected: isOidc,
  });
  const read = authority.kind === 'oidc' ? readClaims : readProfile;
  const claims = await read(provider, config, tokens);
  return {
    // Of a provider for many tenants the document states a pattern, the token which.
    identity: toIdentity(provider, tokens.claims()?.iss ?? config.serverMetadata().issuer, claims),
    idToken: tokens.id_token ?? null,
    refreshToken: tokens.refresh_token ?? null,
  };
}

type Tokens = Awaited<ReturnType<typeof oidc.authorizationCodeGrant>>;
type Claims = Record<string, unknown>;

/** ID token and userinfo; what is signed wins. */
async function readClaims({ authority }: Provider, config: oidc.Configuration, tokens: Tokens): Promise<Claims> {
  const signed = tokens.claims();
  const { userinfo_endpoint: address } = config.serverMetadata();
  if (authority.kind !== 'oidc' || !authority.idToken || signed === undefined) {
    if (address === undefined) throw new Error('the provider has no userinfo endpoint');
    // Plain OAuth 2 need not call it `sub`.
    return Profile.parse(await getJson(config, tokens, address));
  }
  if (address === undefined) return { ...signed };
  const said = await oidc.fetchUserInfo(config, tokens.access_token, signed.sub);
  // Whether an address is verified is said of that address.
  const isSameAddress = signed['email'] === undefined || signed['email'] === said.email;
  return { ...said, ...(!isSameAddress && { email_verified: undefined }), ...signed };
}

/** Providers without OpenID Connect, each in its own words. */
async function readProfile(provider: Provider, config: oidc.Configuration, tokens: Tokens): Promise<Claims> {
  const { authority } = provider;
  if (authority.kind !== 'oauth') return {};
  const profile = Profile.parse(await getJson(config, tokens, authority.profileEndpoint));
  if (!provider.id.startsWith('github')) return profile;
  const addresses = GithubAddresses.parse(await getJson(config, tokens, `${authority.profileEndpoint}/emails`));
  const primary = addresses.find((address) => address.primary);
  return { ...profile, email: primary?.email, email_verified: primary?.verified ?? false };
}

async function getJson(config: oidc.Configuration, tokens: Tokens, address: string): Promise<unknown> {
  const headers = new Headers({ accept: 'application/json', 'user-agent': 'Tracehouse' });
  const answer = await oidc.fetchProtectedResource(config, tokens.access_token, new URL(address), 'GET', null, headers);
  if (!answer.ok) throw new Error(`${address} answered ${answer.status}`);
  return answer.json();
}

const Profile = z.record(z.string(), z.unknown());
const GithubAddresses = z.array(z.object({ email: z.string(), primary: z.boolean(), verified: z.boolean() }));

const Subject = z.union([z.string().min(1).max(500), z.number().transform(String)]);
const Text = z.string().trim().min(1).max(1000);

/** From what a provider said. @throws ZodError when it names no subject */
export function toIdentity(
  provider: Pick<Provider, 'id' | 'trustEmail'>,
  issuer: string,
  claims: Claims,
): ProviderIdentity {
  const email = typeof claims['email'] === 'string' ? emailAddressOf(claims['email']) : null;
  const names = [
    claims['name'],
    claims['display_name'],
    claims['preferred_username'],
    claims['login'],
    claims['first_name'],
  ];
  const name = names.map((said) => Text.safeParse(said)).find((said) => said.success);
  const sid = Text.safeParse(claims['sid']);
  return {
    provider: provider.id,
    issuer,
    subject: Subject.parse(claims['sub'] ?? claims['id'] ?? claims['ID']),
    email,
    emailVerified: email !== null && (provider.trustEmail || saysVerified(provider, claims)),
    name: name?.data?.slice(0, 100) ?? null,
    providerSession: sid.success ? sid.data : null,
    claims,
  };
}

/** Cognito says it as text. At Microsoft whoever runs a tenant writes any address, so another claim tells. */
const saysVerified = ({ id }: Pick<Provider, 'id'>, claims: Claims): boolean =>
  [true, 'true', 1, '1'].includes(claims[id === 'azure-ad' ? 'xms_edov' : 'email_verified'] as boolean);

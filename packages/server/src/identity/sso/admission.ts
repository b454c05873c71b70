/*
 * Who is it that a provider sent? The first line that fits:
 *
 *   1 the identity is known            that user, whatever address comes with it now
 *   2 nobody has the address           a new user, unless sign-up is closed and nobody invited them
 *   3 somebody has it, no linking      refused: link it from the account itself
 *   4 it is verified at the provider   linked; where we never saw the address proved, what was there before ends
 *   5 it is not                        linked once the account's password was typed
 */
import type { Postgres } from '../../stores/postgres/postgres.ts';
import type { Visit } from '../audit/audit.ts';
import type { NewUsers } from '../accounts/new-user.ts';
import type { ProviderIdentity } from './profile.ts';
import type { Provider } from './providers.ts';
import {
  type AccountRow,
  insertIdentity,
  isInvited,
  selectAccountByEmail,
  selectAccountOfIdentity,
  updateIdentitySeen,
} from './store.ts';

/** Why somebody is not let in; pages have words for each. */
export type SsoRefusal =
  | 'AccessDenied'
  | 'AttemptExpired'
  | 'DomainNotAllowed'
  | 'EmailMissing'
  | 'IdentityTaken'
  | 'OAuthAccountNotLinked'
  | 'OAuthCallback'
  | 'ProviderUnavailable'
  | 'SignedOut'
  | 'SignupDisabled'
  | 'UserDisabled';

export type Admission =
  | { kind: 'in'; account: Pick<AccountRow, 'id' | 'email'>; how: 'known' | 'new' | 'linked' }
  | { kind: 'prove'; account: AccountRow }
  | { kind: 'refused'; code: SsoRefusal }
  /** Somebody did the same at the same moment: what they did is to be looked at. */
  | { kind: 'again' };

interface Parts {
  newUsers: Pick<NewUsers, 'create' | 'prove'>;
  /** AUTH_DISABLE_SIGNUP. */
  isSignUpClosed: boolean;
  /** For the audit log. */
  visit: Visit;
  now: () => Date;
}

/** Decides and writes, in the transaction it is given. */
export async function admit(
  tx: Postgres,
  identity: ProviderIdentity,
  provider: Pick<Provider, 'allowLinking' | 'allowedDomains'>,
  { newUsers, isSignUpClosed, visit, now }: Parts,
): Promise<Admission> {
  const { allowedDomains } = provider;
  const domain = identity.claims['hd'];
  if (allowedDomains.length > 0 && !(typeof domain === 'string' && allowedDomains.includes(domain.toLowerCase())))
    return { kind: 'refused', code: 'DomainNotAllowed' };

  const known = await selectAccountOfIdentity(tx, identity);
  if (known) return admitKnown(tx, identity, known, { newUsers, visit, now });

  const { email } = identity;
  if (email === null) return { kind: 'refused', code: 'EmailMissing' };
  const account = await selectAccountByEmail(tx, email);
  if (!account) return admitNew(tx, { ...identity, email }, { newUsers, isSignUpClosed, visit, now });

  if (!provider.allowLinking) return { kind: 'refused', code: 'OAuthAccountNotLinked' };
  if (account.disabled_at !== null) return { kind: 'refused', code: 'UserDisabled' };
  if (!identity.emailVerified) return { kind: 'prove', account };
  await newUsers.prove(tx, { userId: account.id, through: 'mailbox' }, visit);
  if (!(await insertIdentity(tx, identity, account.id, now()))) return { kind: 'again' };
  return { kind: 'in', account, how: 'linked' };
}

async function admitKnown(
  tx: Postgres,
  identity: ProviderIdentity,
  account: AccountRow,
  { newUsers, visit, now }: Pick<Parts, 'newUsers' | 'visit' | 'now'>,
): Promise<Admission> {
  if (account.disabled_at !== null) return { kind: 'refused', code: 'UserDisabled' };
  await updateIdentitySeen(tx, identity, now());
  // By the account's own way in: nothing of it need end.
  if (identity.emailVerified && identity.email === account.email)
    await newUsers.prove(tx, { userId: account.id, through: 'session' }, visit);
  return { kind: 'in', account, how: 'known' };
}

async function admitNew(
  tx: Postgres,
  identity: ProviderIdentity & { email: string },
  { newUsers, isSignUpClosed, visit, now }: Parts,
): Promise<Admission> {
  const { email, name, emailVerified } = identity;
  // An invitation is for who has the mailbox, so an address that is not verified is nobody's invitation.
  const mayCome = !isSignUpClosed || (emailVerified && (await isInvited(tx, email, now())));
  if (!mayCome) return { kind: 'refused', code: 'SignupDisabled' };
  const user = await newUsers.create(tx, { email, name, passwordHash: null, isVerified: emailVerified }, visit);
  if (!user || !(await insertIdentity(tx, identity, user.userId, now()))) return { kind: 'again' };
  return { kind: 'in', account: { id: user.userId, email }, how: 'new' };
}

import { domainOf } from '@tracehouse/contract/email-address';
import type { Settings } from '../../config/settings.ts';

type Policy = Pick<Settings, 'signIn'>;

/** Whether nobody new may come by the form or by SSO; who is invited, and who SCIM or the operator names, still may. */
export const isSignUpClosed = ({ signIn }: Policy): boolean => signIn.signUpDisabled || signIn.signUpHidden;

/** Whether the people of this address, or of this domain, sign in by SSO alone. */
export const needsSso = ({ signIn }: Policy, address: string): boolean =>
  signIn.ssoDomains.includes(address.includes('@') ? domainOf(address) : address.toLowerCase());

/** Whether somebody with this address has anything to do with a password. */
export const mayUsePassword = (policy: Policy, address: string): boolean =>
  !policy.signIn.passwordDisabled && !needsSso(policy, address);

/** LANGFUSE_ALLOWED_ORGANIZATION_CREATORS: a name on that list counts once the address is verified. */
export const mayCreateOrganizations = (
  { signIn: { organizationCreators } }: Policy,
  user: { email: string; isVerified: boolean },
): boolean => organizationCreators === undefined || (user.isVerified && organizationCreators.includes(user.email));

/** In words, for who tried a password. */
export const ssoNeeded = (address: string): string =>
  `People of ${domainOf(address)} sign in by single sign-on, without a password.`;
export const PASSWORDS_OFF = 'Passwords are switched off here (AUTH_DISABLE_USERNAME_PASSWORD): use single sign-on.';

import type { RoleSource } from '@tracehouse/contract/x-members';

/** Where a role comes from, in words. */
export const sourceWords: Record<RoleSource, string> = {
  person: 'given here',
  invitation: 'invited',
  default: 'default for new people',
  scim: 'SCIM',
  'role-sync': 'role sync',
  claims: 'SSO, at each sign-in',
  init: 'set-up of the server',
};

/** Roles from these are set again from outside: a change here does not last. */
export const managedElsewhere = (source: RoleSource): string | undefined =>
  source === 'scim' || source === 'role-sync' || source === 'claims'
    ? `Managed by ${sourceWords[source]}: a change here lasts until its next run.`
    : undefined;

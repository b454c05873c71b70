import { isAtLeast } from '@tracehouse/contract/roles';
import type { Logger } from 'pino';
import type { Settings } from '../../config/settings.ts';
import { ForbiddenError } from '../../http/errors.ts';
import type { Postgres } from '../../stores/postgres/postgres.ts';
import { systemActor } from '../audit/audit.ts';
import { initialOrganizationId } from '../setup/initial-organization.ts';
import { setOrganizationRole } from '../members/members.ts';
import { organizationExists, selectOrganizationIds, selectOrganizationRole } from '../members/organizations-store.ts';
import { roleFor } from '../../role-sync/mapping.ts';
import type { ProviderIdentity } from './profile.ts';
import type { Provider } from './providers.ts';

type RoleSettings = Pick<Settings, 'sso' | 'newUsers' | 'init'>;

/**
 * Gives a person who signs in the role that their provider's claim stands for, where TRACEHOUSE_SSO_ROLE_CLAIM says so: the
 * highest of those mapped, up to the maximum. Members with none of them get the mapping's default. A claim that is not there
 * at all changes nothing, for then the provider is not set up to send it; nor is a role above the maximum ever lowered.
 */
export async function applyRoleClaims(
  tx: Postgres,
  {
    identity,
    userId,
    provider,
    settings,
    at,
    log,
  }: {
    identity: ProviderIdentity;
    userId: string;
    provider: Pick<Provider, 'name'>;
    settings: RoleSettings;
    at: Date;
    log: Logger;
  },
): Promise<void> {
  const { roleClaim, roleMapping, roleMaximum } = settings.sso;
  if (roleClaim === undefined || roleMapping === undefined) return;
  const said = namesIn(claimAt(identity.claims, roleClaim));
  if (said === null) {
    log.warn({ provider: identity.provider, claim: roleClaim }, 'a sign-in came without the claim that gives roles');
    return;
  }
  const { role: given, reason } = roleFor(roleMapping, said, 'highest');
  for (const organizationId of await organizationsOf(tx, settings)) {
    const now = await selectOrganizationRole(tx, organizationId, userId);
    // The default alone makes nobody a member.
    if (given === null || (reason === 'default' && !now)) continue;
    const role = isAtLeast(roleMaximum, given) ? given : roleMaximum;
    if (now && !isAtLeast(roleMaximum, now.role)) continue;
    const actor = systemActor(`${provider.name}: ${roleClaim}`);
    try {
      await setOrganizationRole(tx, { organizationId, userId, role }, { actor, source: 'claims', at });
    } catch (error) {
      if (!(error instanceof ForbiddenError)) throw error;
      log.warn({ organizationId, userId, role }, 'a claim would take the last owner from an organization');
    }
  }
}

/** By its whole name, else by the path it is; undefined when it is not there. */
function claimAt(claims: Readonly<Record<string, unknown>>, name: string): unknown {
  if (Object.hasOwn(claims, name)) return claims[name];
  let value: unknown = claims;
  for (const key of name.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}

/** Null where the claim is no list of names. */
function namesIn(value: unknown): string[] | null {
  if (typeof value === 'string') return [value];
  return Array.isArray(value) ? value.filter((name): name is string => typeof name === 'string') : null;
}

async function organizationsOf(tx: Postgres, { sso, newUsers, init }: RoleSettings): Promise<string[]> {
  const named = sso.roleOrganizationIds ?? newUsers.organizationIds;
  if (named !== undefined) {
    const there = await Promise.all(named.map((id) => organizationExists(tx, id)));
    return named.filter((_, i) => there[i]);
  }
  const initial = initialOrganizationId(init);
  if (initial !== undefined) return [initial];
  const ids = await selectOrganizationIds(tx, 2);
  return ids.length === 1 ? ids : [];
}

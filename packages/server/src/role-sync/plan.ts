import { isAtLeast, type Role } from '@tracehouse/contract/roles';
import type { KeycloakUser } from './keycloak.ts';
import { grantsOwner, nearMisses, roleFor } from './mapping.ts';
import type { RoleSyncSettings } from './settings.ts';
import type { Member } from './target.ts';

/*
 * What a run does, decided before anything is written, without asking anybody:
 * match people on both sides → read the roles of those who are matched (in between) → plan → brake.
 */

/** Who is who. Each member is in one of the lists. */
export interface Matches {
  pairs: { member: Member; user: KeycloakUser }[];
  /** Keycloak does not know them. */
  missing: Member[];
  /** Several people with this address, on either side. */
  ambiguous: Member[];
  /** Keycloak does not vouch for the address. */
  unverified: Member[];
  /** Have no address. */
  skipped: Member[];
  /** People of Keycloak who could be made members. */
  strangers: (KeycloakUser & { email: string })[];
}

/** By the subject of the linked account, else by e-mail address, which must be verified and be one person's on each side. */
export function matchPeople(
  members: readonly Member[],
  users: readonly KeycloakUser[],
  { verifiedOnly }: Pick<RoleSyncSettings['keycloak'], 'verifiedOnly'>,
): Matches {
  const matches: Matches = { pairs: [], missing: [], ambiguous: [], unverified: [], skipped: [], strangers: [] };
  const usersById = new Map(users.map((user) => [user.id, user]));
  const usersByEmail = Map.groupBy(users, ({ email }) => email);
  const membersBySubject = Map.groupBy(members, ({ externalId }) => externalId);
  const membersByEmail = Map.groupBy(members, ({ email }) => email);
  const bySubject = (member: Member): KeycloakUser | undefined =>
    member.externalId === null ? undefined : usersById.get(member.externalId);
  const linked = new Set(members.map((member) => bySubject(member)?.id));
  for (const member of members) {
    const subject = bySubject(member);
    const { email } = member;
    const [user, ...others] = email === null ? [] : (usersByEmail.get(email) ?? []);
    if (subject !== undefined) {
      if (membersBySubject.get(subject.id)!.length > 1) matches.ambiguous.push(member);
      else matches.pairs.push({ member, user: subject });
    } else if (email === null) matches.skipped.push(member);
    else if (user === undefined) matches.missing.push(member);
    else if (others.length > 0 || membersByEmail.get(email)!.length > 1 || linked.has(user.id)) {
      matches.ambiguous.push(member);
    } else if (verifiedOnly && !user.isEmailVerified) matches.unverified.push(member);
    else matches.pairs.push({ member, user });
  }
  matches.strangers = users.filter(
    (user): user is KeycloakUser & { email: string } =>
      user.email !== null &&
      user.isEnabled &&
      (user.isEmailVerified || !verifiedOnly) &&
      !linked.has(user.id) &&
      !membersByEmail.has(user.email) &&
      usersByEmail.get(user.email)!.length === 1,
  );
  return matches;
}

/** Why somebody gets a role. */
export type Reason = 'mapped' | 'default' | 'disabled' | 'missing';

/** One write. `roles` are the realm roles seen. */
export type Change = { email: string | null; keycloakId: string | null; reason: Reason; roles: string[] } & (
  | { action: 'set'; member: Member; to: Role }
  | { action: 'remove'; member: Member }
  | { action: 'provision'; user: KeycloakUser & { email: string }; to: Role }
);

export interface Plan {
  /** Raises before cuts, so that a new owner is there before the old one goes. */
  changes: Change[];
  unchanged: Member[];
  /** Owners who would have been lowered. */
  protected: Member[];
  /** Whose roles could not be read. */
  failed: { member: Member | null; user: KeycloakUser; error: Error }[];
  /** Whom Keycloak has no longer, found out after they were matched; the next run will not. */
  gone: number;
  disabled: number;
  /** Members whose role is lowered, or who are removed. */
  lowered: number;
  /** Sentences. */
  warnings: string[];
}

type Options = RoleSyncSettings['roles'];

/** `rolesOf` holds the realm roles of a person by id, null for one who has gone, or why they are not known. */
export function makePlan(
  { pairs, missing, strangers }: Matches,
  members: readonly Member[],
  rolesOf: ReadonlyMap<string, string[] | Error | null>,
  options: Options,
): Plan {
  const { mapping, precedence } = options;
  const plan: Plan = {
    changes: [],
    unchanged: [],
    protected: [],
    failed: [],
    gone: 0,
    disabled: 0,
    lowered: 0,
    warnings: [],
  };
  const add = (member: Member, wanted: Wanted, seen: Pick<Change, 'keycloakId' | 'roles'>): void => {
    const decision = decide(member, wanted, options);
    if (decision === 'unchanged' || decision === 'protected') plan[decision].push(member);
    else plan.changes.push({ ...decision, member, email: member.email, reason: wanted.reason, ...seen });
  };
  for (const { member, user } of pairs) {
    const roles = rolesOf.get(user.id) ?? null;
    if (!user.isEnabled) plan.disabled += 1;
    if (!user.isEnabled)
      add(member, { to: FATE[options.disabled], reason: 'disabled' }, { keycloakId: user.id, roles: [] });
    else if (roles === null) plan.gone += 1;
    else if (roles instanceof Error) plan.failed.push({ member, user, error: roles });
    else {
      const { role, reason } = roleFor(mapping, roles, precedence);
      add(member, { to: role, reason }, { keycloakId: user.id, roles });
    }
  }
  for (const member of options.missing === 'leave' ? [] : missing) {
    add(member, { to: FATE[options.missing], reason: 'missing' }, { keycloakId: null, roles: [] });
  }
  for (const user of options.provision ? strangers : []) {
    const roles = rolesOf.get(user.id) ?? null;
    if (roles === null) continue;
    if (roles instanceof Error) {
      plan.failed.push({ member: null, user, error: roles });
      continue;
    }
    const { role, reason } = roleFor(mapping, roles, precedence);
    if (reason === 'default' || role === null || role === 'NONE') continue;
    plan.changes.push({ action: 'provision', user, to: role, email: user.email, keycloakId: user.id, reason, roles });
  }
  keepAnOwner(plan, members);
  plan.changes = [...plan.changes.filter((change) => !isCut(change)), ...plan.changes.filter(isCut)];
  plan.lowered = plan.changes.filter(isCut).length;
  const seen = [...rolesOf.values()].flatMap((roles) => (Array.isArray(roles) ? roles : []));
  plan.warnings = nearMisses(mapping, seen).map(
    ({ seen, mapped }) => `realm role '${seen}' is not '${mapped}' of the mapping: names are compared exactly`,
  );
  return plan;
}

/** What somebody should have; null: leave it as it is. */
export interface Wanted {
  to: Role | 'removed' | null;
  reason: Reason;
}

const FATE = { leave: null, none: 'NONE', remove: 'removed' } as const;

/** Of one member, whatever the others get. */
export function decide(
  { role }: Pick<Member, 'role'>,
  { to }: Pick<Wanted, 'to'>,
  { protectOwners, mapping }: Pick<Options, 'protectOwners' | 'mapping'>,
): 'unchanged' | 'protected' | { action: 'set'; to: Role } | { action: 'remove' } {
  if (to === null || to === role) return 'unchanged';
  if (role === 'OWNER' && protectOwners && !grantsOwner(mapping)) return 'protected';
  return to === 'removed' ? { action: 'remove' } : { action: 'set', to };
}

/** Whether it takes rights from somebody. */
export function isCut(change: Change): boolean {
  if (change.action === 'provision') return false;
  return change.action === 'remove' || !isAtLeast(change.to, change.member.role);
}

/** An organization without an owner could be managed by nobody. */
function keepAnOwner(plan: Plan, members: readonly Member[]): void {
  const lost = plan.changes.filter((change) => change.action !== 'provision' && change.member.role === 'OWNER');
  const gained = plan.changes.filter((change) => change.action === 'set' && change.to === 'OWNER');
  const owners = members.filter(({ role }) => role === 'OWNER').length;
  const last = lost.at(-1);
  if (owners === 0 || last === undefined || last.action === 'provision') return;
  if (owners - lost.length + gained.length > 0) return;
  plan.changes.splice(plan.changes.indexOf(last), 1);
  plan.protected.push(last.member);
}

/** With fewer members a share says nothing. */
const BRAKE_MEMBERS = 5;

/** Why the plan is probably a mistake; null when it is not. */
export function brake(
  { lowered }: Pick<Plan, 'lowered'>,
  { users, members }: { users: number; members: number },
  { maxChangeRatio }: Pick<RoleSyncSettings['run'], 'maxChangeRatio'>,
): string | null {
  if (users === 0) return 'Keycloak shows no user at all';
  if (members < BRAKE_MEMBERS || lowered <= members * maxChangeRatio) return null;
  return `${lowered} of ${members} members would be lowered, more than SYNC_MAX_CHANGE_RATIO (${maxChangeRatio}) allows`;
}

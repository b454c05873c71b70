import type { Role } from '@tracehouse/contract/roles';
import { ForbiddenError, NotFoundError } from '../../http/errors.ts';
import type { Postgres } from '../../stores/postgres/postgres.ts';
import { type Actor, recordAudit } from '../audit/audit.ts';
import {
  countOwners,
  deleteOrganizationRole,
  deleteProjectRole,
  lockOrganization,
  type RoleSource,
  selectOrganizationRole,
  selectOwnProjectRole,
  upsertOrganizationRole,
  upsertProjectRole,
} from './organizations-store.ts';

/** Who changes roles, by what way. */
export interface RoleChange {
  actor: Actor;
  source: RoleSource;
  at: Date;
}

export const LAST_OWNER =
  'This is the last owner of the organization. Make somebody else an owner first, or delete the organization.';

const changes = new Map<RoleSource, number>();
/** Roles in organizations that this process has changed since its start, by source: for metrics. */
export const roleChanges: ReadonlyMap<RoleSource, number> = changes;
const count = (source: RoleSource): void => void changes.set(source, (changes.get(source) ?? 0) + 1);

/**
 * Every way to change roles comes through here: an organization never loses its last owner, and each change is in the audit log.
 * All of them work inside the caller's transaction or open their own; two at once wait for each other.
 */
export async function setOrganizationRole(
  db: Postgres,
  { organizationId, userId, role }: { organizationId: string; userId: string; role: Role },
  { actor, source, at }: RoleChange,
): Promise<'added' | 'changed' | 'unchanged'> {
  const outcome = await db.transaction(async (tx) => {
    await lockOrganization(tx, organizationId);
    const before = await selectOrganizationRole(tx, organizationId, userId);
    if (before?.role === role) return 'unchanged' as const;
    if (before?.role === 'OWNER') await keepAnOwner(tx, organizationId, userId);
    await upsertOrganizationRole(tx, { organizationId, userId, role, source, at });
    await recordAudit(tx, actor, at, {
      place: { organizationId },
      action: before ? 'update' : 'create',
      objectType: 'membership',
      objectId: userId,
      ...(before && { before: { role: before.role } }),
      after: { role, source },
    });
    return before ? ('changed' as const) : ('added' as const);
  });
  if (outcome !== 'unchanged') count(source);
  return outcome;
}

/** Takes a person out of an organization, with all roles in its projects. False when there is no membership. @throws ForbiddenError for the last owner */
export async function removeOrganizationMember(
  db: Postgres,
  { organizationId, userId }: { organizationId: string; userId: string },
  { actor, source, at }: RoleChange,
): Promise<boolean> {
  const wasThere = await db.transaction(async (tx) => {
    await lockOrganization(tx, organizationId);
    const before = await selectOrganizationRole(tx, organizationId, userId);
    if (!before) return false;
    if (before.role === 'OWNER') await keepAnOwner(tx, organizationId, userId);
    await deleteOrganizationRole(tx, organizationId, userId);
    await recordAudit(tx, actor, at, {
      place: { organizationId },
      action: 'delete',
      objectType: 'membership',
      objectId: userId,
      before: { role: before.role },
      after: { source },
    });
    return true;
  });
  if (wasThere) count(source);
  return wasThere;
}

/** A role of a project's own, which counts there instead of the organization's. @throws NotFoundError for who is no member of the organization */
export async function setProjectRole(
  db: Postgres,
  {
    organizationId,
    projectId,
    userId,
    role,
  }: { organizationId: string; projectId: string; userId: string; role: Role },
  { actor, source, at }: RoleChange,
): Promise<'added' | 'changed' | 'unchanged'> {
  return db.transaction(async (tx) => {
    await lockOrganization(tx, organizationId);
    if (!(await selectOrganizationRole(tx, organizationId, userId)))
      throw new NotFoundError('User is not a member of this organization');
    const before = await selectOwnProjectRole(tx, projectId, userId);
    if (before?.role === role) return 'unchanged';
    await upsertProjectRole(tx, { organizationId, projectId, userId, role, source, at });
    await recordAudit(tx, actor, at, {
      place: { projectId },
      action: before ? 'update' : 'create',
      objectType: 'projectMembership',
      objectId: userId,
      ...(before && { before: { role: before.role } }),
      after: { role, source },
    });
    return before ? 'changed' : 'added';
  });
}

/** From then on the organization's role counts. False when there is none of the project's own. */
export async function removeProjectRole(
  db: Postgres,
  { organizationId, projectId, userId }: { organizationId: string; projectId: string; userId: string },
  { actor, at }: RoleChange,
): Promise<boolean> {
  return db.transaction(async (tx) => {
    await lockOrganization(tx, organizationId);
    const before = await selectOwnProjectRole(tx, projectId, userId);
    if (!before) return false;
    await deleteProjectRole(tx, projectId, userId);
    await recordAudit(tx, actor, at, {
      place: { projectId },
      action: 'delete',
      objectType: 'projectMembership',
      objectId: userId,
      before: { role: before.role },
    });
    return true;
  });
}

/** @throws ForbiddenError when nobody else who can sign in is an owner */
async function keepAnOwner(tx: Postgres, organizationId: string, userId: string): Promise<void> {
  if ((await countOwners(tx, organizationId, { but: userId })) === 0) throw new ForbiddenError(LAST_OWNER);
}

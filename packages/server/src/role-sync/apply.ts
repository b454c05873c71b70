import type { Role } from '@tracehouse/contract/roles';
import type { Logger } from 'pino';
import { RequestFailed } from './call.ts';
import { type Change, decide, isCut } from './plan.ts';
import type { RoleSyncSettings } from './settings.ts';
import type { Member, Target } from './target.ts';

/** What became of a change. `skipped`: the member has gone meanwhile; `unchanged`: somebody else has done it. */
export type Outcome = 'updated' | 'removed' | 'provisioned' | 'unchanged' | 'protected' | 'skipped' | 'failed';

/** One after the other, each telling `onOutcome` what became of it. @throws RunStopped where the others would fail as well */
export async function applyChanges(
  changes: readonly Change[],
  {
    target,
    members,
    options,
    log,
    signal,
    onOutcome,
  }: {
    target: Target;
    members: readonly Member[];
    options: RoleSyncSettings['roles'];
    log: Logger;
    /** When it fires what is left is not begun. */
    signal: AbortSignal;
    onOutcome(outcome: Outcome, change: Change, problem: string | null): void;
  },
): Promise<void> {
  let owners = members.filter(({ role }) => role === 'OWNER').length;
  for (const change of changes) {
    if (signal.aborted) {
      onOutcome('failed', change, 'not reached before the run had to end');
      continue;
    }
    try {
      onOutcome(await applyOne(change), change, null);
    } catch (error) {
      if (!(error instanceof RequestFailed) && !signal.aborted) throw error;
      onOutcome('failed', change, (error as Error).message);
    }
  }

  async function applyOne(change: Change): Promise<Outcome> {
    if (change.action === 'provision') return provision(change);
    const { member } = change;
    try {
      return await write(change, member);
    } catch (error) {
      const status = error instanceof RequestFailed ? error.status : null;
      if (status === 404) return 'skipped';
      if (status === 403 && member.role === 'OWNER') return 'protected';
      if (status !== 409) throw error;
      log.debug({ userId: member.id }, 'somebody else wrote at the same time; read again');
    }
    const now = await target.readMember(member.id);
    if (now === null) return change.action === 'remove' ? 'removed' : 'skipped';
    const decision = decide(now, { to: change.action === 'remove' ? 'removed' : change.to }, options);
    if (decision === 'unchanged' || decision === 'protected') return decision;
    try {
      return await write(change, now);
    } catch (error) {
      if (error instanceof RequestFailed && error.status === 403 && now.role === 'OWNER') return 'protected';
      throw error;
    }
  }

  /** Counts owners: one who was to be raised may have failed, and then the last one stays. */
  async function write(change: Exclude<Change, { action: 'provision' }>, member: Member): Promise<Outcome> {
    if (member.role === 'OWNER' && owners <= 1) return 'protected';
    if (change.action === 'remove') await target.remove(member.id);
    else await target.setRole(member, change.to);
    if (member.role === 'OWNER') owners -= 1;
    if (change.action === 'set' && change.to === 'OWNER') owners += 1;
    return change.action === 'remove' ? 'removed' : 'updated';
  }

  async function provision({ user, to }: Extract<Change, { action: 'provision' }>): Promise<Outcome> {
    try {
      await target.provision({ email: user.email, name: user.name, keycloakId: user.id, role: to });
    } catch (error) {
      if (!(error instanceof RequestFailed) || error.status !== 409) throw error;
      // Known already: as a person who was a member once, or since this moment.
      const person = await target.findPerson(user.email);
      if (person === null) throw error;
      if (person.isMember) return 'unchanged';
      await target.setRole(person, to);
    }
    return 'provisioned';
  }
}

/** How a change is printed: no address unless asked. */
export function describeChange(change: Change, withAddresses: boolean): Record<string, unknown> {
  const member = change.action === 'provision' ? null : change.member;
  const to: Role | null = change.action === 'remove' ? null : change.to;
  return {
    action: change.action,
    userId: member?.id ?? null,
    keycloakId: change.keycloakId,
    ...(withAddresses && { email: change.email }),
    from: member?.role ?? null,
    to,
    reason: change.reason,
    lowers: isCut(change),
    roles: change.roles,
  };
}

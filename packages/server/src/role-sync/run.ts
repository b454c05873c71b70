import type { RoleSyncCounts, RoleSyncReport } from '@tracehouse/contract/x-role-sync-runs';
import type { Logger } from 'pino';
import { applyChanges, describeChange } from './apply.ts';
import { type CallNeeds, createCall, inParallel, RequestFailed, RunStopped } from './call.ts';
import { createKeycloak, type Keycloak, type KeycloakUser } from './keycloak.ts';
import { brake, makePlan, matchPeople, type Matches, type Plan } from './plan.ts';
import { pushMetrics } from './pushgateway.ts';
import type { RoleSyncSettings } from './settings.ts';
import { createTarget, type Member } from './target.ts';

/** The end of a run: the job's deadline is this much later. */
const RESERVE_S = 30;
/** Look-ups at a time. */
const WIDTH = 8;
const LISTED_PROBLEMS = 20;
/** Of Node. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

const NOTHING: RoleSyncCounts = {
  seen: 0,
  members: 0,
  matched: 0,
  planned: 0,
  updated: 0,
  unchanged: 0,
  provisioned: 0,
  removed: 0,
  protected: 0,
  missing: 0,
  disabled: 0,
  ambiguous: 0,
  unverified: 0,
  skipped: 0,
  failed: 0,
};

export interface RoleSyncNeeds extends Omit<CallNeeds, 'log' | 'signal' | 'deadline'> {
  settings: RoleSyncSettings;
  /** Changes nothing, prints what it would. */
  dryRun: boolean;
  /** Goes on where the safety brake would stop. */
  force: boolean;
  /** Exit code 4 of a dry run that would change something. */
  detailedExitCode: boolean;
  /** Lines of standard output: the plan of a dry run, and at the end the summary. */
  print(line: string): void;
  log: Logger;
  /** Fires when the process is asked to end. */
  stopping: AbortSignal;
}

/**
 * One run: read both sides → plan → brake → apply → tell. All reads are over before the first write, so that a server that
 * fails half-way through them changes nothing. Answers the exit code (docs/role-sync.md).
 */
export async function runRoleSync(needs: RoleSyncNeeds): Promise<number> {
  const { settings, dryRun, print, log, now, stopping } = needs;
  const startedAt = now();
  const deadline = new Date(startedAt.getTime() + (settings.run.timeoutS - RESERVE_S) * 1000);
  const timeUp = new AbortController();
  const timer = setTimeout(
    () => timeUp.abort(new RunStopped('The time of SYNC_TIMEOUT_S is up')),
    Math.min(deadline.getTime() - startedAt.getTime(), LONGEST_TIMER_MS),
  );
  const signal = AbortSignal.any([stopping, timeUp.signal]);
  const { sleep, random, tryTimeout } = needs;
  const clock = { now, sleep, random, deadline, ...(tryTimeout && { tryTimeout }) };
  const call = createCall({ log, signal, ...clock });
  const target = createTarget({ settings: settings.target, call });
  const keycloak = createKeycloak({ settings: settings.keycloak, call, now });
  const withAddresses = log.isLevelEnabled('debug');
  const counts = { ...NOTHING };
  const problems: string[] = [];
  let exitCode = 0;
  let message: string | null = null;

  const fail = (userId: string | null, keycloakId: string | null, problem: string): void => {
    counts.failed += 1;
    log.error({ userId, keycloakId, problem }, 'one person failed');
    if (problems.length < LISTED_PROBLEMS) problems.push(`${userId ?? keycloakId}: ${problem}`.slice(0, 500));
  };

  try {
    const { plan, members, usersInRealm } = await readAndPlan();
    if (dryRun) for (const change of plan.changes) print(JSON.stringify(describeChange(change, withAddresses)));
    const danger = needs.force ? null : brake(plan, { users: usersInRealm, members: members.length }, settings.run);
    if (danger !== null) {
      throw new RunStopped(`Nothing was changed: ${danger}. See what it would do with --dry-run; --force does it`, 3);
    }
    if (!dryRun) {
      await applyChanges(plan.changes, {
        target,
        members,
        options: settings.roles,
        log,
        signal,
        onOutcome(outcome, change, problem) {
          const { userId, ...line } = describeChange(change, withAddresses);
          if (outcome === 'failed') fail(userId as string | null, change.keycloakId, problem ?? 'failed');
          else {
            counts[outcome] += 1;
            log.info({ userId, ...line, outcome }, 'role synchronised');
          }
        },
      });
    }
    if (signal.aborted && counts.failed > 0) message = (signal.reason as Error).message;
    if (counts.failed > 0) exitCode = 2;
    else if (dryRun && needs.detailedExitCode && plan.changes.length > 0) exitCode = 4;
  } catch (error) {
    // What ended a wait is the reason of its end.
    const cause: unknown = signal.aborted ? signal.reason : error;
    if (!(cause instanceof RunStopped || cause instanceof RequestFailed)) throw cause;
    exitCode = cause instanceof RunStopped ? cause.exitCode : 1;
    message = cause.message;
    log.error({ problem: message }, 'the run stopped');
  } finally {
    clearTimeout(timer);
  }

  const report: RoleSyncReport = {
    startedAt: startedAt.toISOString(),
    durationMs: Math.max(0, now().getTime() - startedAt.getTime()),
    result: ({ 1: 'failed', 2: 'partial', 3: 'stopped' } as const)[exitCode] ?? 'success',
    dryRun,
    message: message?.slice(0, 2000) ?? null,
    problems,
    counts,
  };
  print(JSON.stringify({ summary: 'role-sync', ...report, problems: undefined, exitCode }));
  await tell(report);
  return exitCode;

  async function readAndPlan(): Promise<{ plan: Plan; members: Member[]; usersInRealm: number }> {
    const { roles } = settings;
    const members = await target.listMembers();
    counts.members = members.length;
    const { users, usersInRealm, unread } = await readUsers(members);
    counts.seen = users.length;
    // Who could not be looked up is not missing.
    const known = members.filter(({ id }) => !unread.has(id));
    const matches = matchPeople(known, users, settings.keycloak);
    const rolesOf = await readRoles(matches);
    const plan = makePlan(matches, members, rolesOf, roles);
    counts.matched = matches.pairs.length;
    counts.planned = plan.changes.length;
    counts.unchanged = plan.unchanged.length;
    counts.protected = plan.protected.length;
    counts.missing = matches.missing.length;
    counts.disabled = plan.disabled;
    counts.ambiguous = matches.ambiguous.length;
    counts.unverified = matches.unverified.length;
    counts.skipped = matches.skipped.length + plan.gone;
    for (const warning of plan.warnings) log.warn(warning);
    for (const { id, role } of plan.protected)
      log.warn({ userId: id, role }, 'an owner would have been lowered and stays');
    for (const { member, user, error } of plan.failed) fail(member?.id ?? null, user.id, error.message);
    return { plan, members, usersInRealm };
  }

  /** All of them, or those alone who may be members where the realm has many more. */
  async function readUsers(
    members: Member[],
  ): Promise<{ users: KeycloakUser[]; usersInRealm: number; unread: Set<string> }> {
    const usersInRealm = await keycloak.countUsers();
    const users = new Map<string, KeycloakUser>();
    const add = (found: readonly KeycloakUser[]): void => found.forEach((user) => void users.set(user.id, user));
    const isListed = usersInRealm <= 2 * members.length || settings.roles.provision;
    if (isListed) add(await keycloak.listUsers());
    // A row may have shifted past the pages; who loses something for not being there is looked for by name.
    const lookUp = !isListed
      ? members
      : settings.roles.missing === 'leave'
        ? []
        : matchPeople(members, [...users.values()], settings.keycloak).missing;
    const unread = new Set<string>();
    await inParallel(lookUp, WIDTH, async (member) => {
      try {
        add(await findUser(keycloak, member));
      } catch (error) {
        if (!(error instanceof RequestFailed)) throw error;
        unread.add(member.id);
        fail(member.id, null, error.message);
      }
    });
    return { users: [...users.values()], usersInRealm: isListed ? users.size : usersInRealm, unread };
  }

  /** By id. One that cannot be read does not stop the others. */
  async function readRoles({ pairs, strangers }: Matches): Promise<Map<string, string[] | Error | null>> {
    const asked = [...pairs.map(({ user }) => user), ...(settings.roles.provision ? strangers : [])];
    const enabled = asked.filter(({ isEnabled }) => isEnabled);
    const answers = await inParallel(enabled, WIDTH, async ({ id }): Promise<[string, string[] | Error | null]> => {
      try {
        return [id, await keycloak.realmRoles(id)];
      } catch (error) {
        if (error instanceof RequestFailed) return [id, error.status === 404 ? null : error];
        throw error;
      }
    });
    return new Map(answers);
  }

  /** Whoever keeps reports of runs. What is done is done, so that a failure here changes nothing. */
  async function tell(report: RoleSyncReport): Promise<void> {
    const warn = (where: string) => (error: unknown) =>
      void log.warn({ problem: (error as Error).message, where }, 'the summary could not be delivered');
    // Without a second try and without the run's signal, which may have fired.
    const last = { ...clock, deadline: new Date(0), signal: new AbortController().signal, log };
    const once = createTarget({ settings: settings.target, call: createCall(last) });
    const { pushgatewayUrl } = settings.run;
    await Promise.all([
      once.report(report).catch(warn('platform')),
      pushgatewayUrl !== undefined &&
        pushMetrics(createCall(last), pushgatewayUrl, report).catch(warn('SYNC_PUSHGATEWAY_URL')),
    ]);
  }
}

async function findUser(keycloak: Keycloak, { externalId, email }: Member): Promise<KeycloakUser[]> {
  const linked = externalId === null ? null : await keycloak.findById(externalId);
  if (linked !== null) return [linked];
  return email === null ? [] : keycloak.findByEmail(email);
}

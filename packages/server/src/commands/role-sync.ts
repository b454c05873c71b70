import { setTimeout as sleep } from 'node:timers/promises';
import { RunStopped } from '../role-sync/call.ts';
import { runRoleSync } from '../role-sync/run.ts';
import { readRoleSyncSettings } from '../role-sync/settings.ts';
import { createErrorLog } from '../telemetry/log.ts';
import { defineCommand } from './command.ts';

/** For a CronJob beside any platform with Langfuse's SCIM: needs no store, only the two servers. */
export const roleSync = defineCommand({
  name: 'role-sync',
  summary: 'Give members the roles that Keycloak says, once (docs/role-sync.md)',
  options: {
    'dry-run': { type: 'boolean', default: false },
    force: { type: 'boolean', default: false },
    'detailed-exitcode': { type: 'boolean', default: false },
  },
  async run({ 'dry-run': dryRun, force, 'detailed-exitcode': detailedExitCode }, print) {
    const settings = readRoleSyncSettings();
    const stopping = new AbortController();
    for (const name of ['SIGTERM', 'SIGINT'] as const) {
      process.once(name, () => stopping.abort(new RunStopped(`Stopped by ${name}`)));
    }
    return runRoleSync({
      settings,
      dryRun: dryRun || settings.run.dryRun,
      force,
      detailedExitCode,
      print,
      log: createErrorLog(settings.run.logLevel),
      stopping: stopping.signal,
      now: () => new Date(),
      random: Math.random,
      sleep: (ms, signal) => sleep(ms, undefined, { signal }),
    });
  },
});

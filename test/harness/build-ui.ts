import { buildUiIfStale } from '../../packages/server/src/commands/ui-build.ts';
import { createLog } from '../../packages/server/src/telemetry/log.ts';

/** A global set-up of vitest: the screens are built once, before several files start servers that would each build them. */
export async function setup(): Promise<void> {
  await buildUiIfStale(createLog('warn'));
}

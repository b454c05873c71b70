import { openDataDirectory } from '../config/data-directory.ts';
import { readSettings } from '../config/settings.ts';
import { showFirstLogin } from '../identity/setup/first-start.ts';
import { createLog } from '../telemetry/log.ts';
import { defineCommand } from './command.ts';
import { buildUiIfStale } from './ui-build.ts';

/** The default: everything in this process, on embedded stores unless a server is named. */
export const all = defineCommand({
  name: 'all',
  summary: 'The whole product in one process (the default)',
  options: {
    /** For tests of the API: starts without building or serving the screens. */
    'no-ui': { type: 'boolean', default: false },
  },
  async run({ 'no-ui': withoutUi }, print) {
    const settings = readSettings({ role: 'all' });
    const log = createLog(settings.server.logLevel);
    for (const warning of settings.warnings) log.warn(warning);
    // By default Node ends the process at a promise that nobody awaited; one request must not end all others.
    process.on('unhandledRejection', (error) => log.error({ err: error }, 'a promise failed that nobody awaited'));
    const asked = stopSignal();
    // Before either engine opens: PGlite does not lock its directory.
    const directory = await openDataDirectory(settings.stores.dataDirectory);
    try {
      // Here, for the engines are large and the other commands, small jobs among them, do without.
      const { startAll } = await import('../start.ts');
      const screens = withoutUi ? undefined : () => buildUiIfStale(log);
      const running = await startAll({ settings, directory, log, screens });
      await showFirstLogin({ directory, isTerminal: process.stdout.isTTY, print });
      log.info({ url: running.url }, 'ready');
      const signal = await asked;
      log.info({ signal }, 'stopping');
      await running.stop();
      log.info('stopped');
    } finally {
      await directory.close();
    }
    return 0;
  },
});

/** Resolves at the first SIGTERM or SIGINT; a second one ends the process at once, as the system does by default. */
const stopSignal = (): Promise<NodeJS.Signals> =>
  new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, resolve);
  });

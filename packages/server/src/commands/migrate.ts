import { readSettings } from '../config/settings.ts';
import { migratePostgres } from '../stores/postgres/migrate.ts';
import { openPostgresServer } from '../stores/postgres/server.ts';
import { defineCommand } from './command.ts';

/** For deployments that migrate before they roll out; the embedded default migrates when it starts. */
export const migrate = defineCommand({
  name: 'migrate',
  summary: 'Bring the PostgreSQL and ClickHouse servers to this version',
  options: {},
  async run(_options, print) {
    const { stores } = readSettings({ role: 'migrate' });
    if (stores.databaseUrl === undefined) return 1;
    const postgres = openPostgresServer(stores.databaseUrl);
    try {
      const applied = await migratePostgres(postgres);
      print(applied.length === 0 ? 'PostgreSQL is up to date' : `PostgreSQL: ${applied.join(', ')}`);
    } finally {
      await postgres.close();
    }
    return 0;
  },
});

import { readSettings } from '../config/settings.ts';
import { defineCommand } from './command.ts';

/** The roles that run on servers. Reading their settings refuses whatever is missing or not supported, by name. */
const service = (name: 'web' | 'worker', summary: string) =>
  defineCommand({
    name,
    summary,
    options: {},
    run: () => {
      readSettings({ role: name });
      throw new Error(`role '${name}' has no driver for the servers it was given`);
    },
  });

export const web = service('web', 'The product, on PostgreSQL, ClickHouse, Redis and S3');
export const worker = service('worker', 'Background jobs, on the same servers');

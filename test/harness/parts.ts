import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** The Python environments of test/install-parts.sh. */
export type PythonEnvironment =
  | 'litellm-1.108.7'
  | 'litellm-1.98.1'
  | 'scim2-cli-0.6.0'
  | `langfuse-${'2.60.10' | '3.15.0' | '4.18.0' | '5.0.4'}`;

/** Path of the environment's Python. @throws when it is not installed: a test that needs it fails, it is never skipped */
export const python = (environment: PythonEnvironment): string =>
  installed(join(cache(), environment, 'bin', 'python'));

/** Path of Keycloak's start script. @throws when it is not installed */
export const keycloakProgram = (): string => installed(join(cache(), 'keycloak-26.7.5', 'bin', 'kc.sh'));

const cache = (): string => process.env['TRACEHOUSE_CACHE'] ?? join(homedir(), '.cache', 'tracehouse-parts');

/** Path of a program of Debian's PostgreSQL. @throws when it is not installed */
export const postgresProgram = (name: 'createdb' | 'initdb' | 'pg_isready' | 'postgres'): string =>
  installed(`/usr/lib/postgresql/15/bin/${name}`);

function installed(path: string): string {
  if (!existsSync(path))
    throw new Error(
      `${path} is missing; bash test/install-parts.sh installs it (with the word long, what test:long uses)`,
    );
  return path;
}

import { chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { postgresProgram } from './parts.ts';
import { freePorts } from './ports.ts';
import { run, startProcess } from './process.ts';

/** A PostgreSQL server of Debian's package on 127.0.0.1, empty. */
export interface PostgresServer {
  /** Makes an empty database and answers its address, as `DATABASE_URL` takes it. */
  createDatabase(name: string): Promise<string>;
  stop(): Promise<void>;
}

/** Starts it on a free port. Takes about three seconds. */
export async function startPostgres(): Promise<PostgresServer> {
  const [port] = (await freePorts(1)) as [number];
  const directory = await mkdtemp(join(tmpdir(), 'postgres-'));
  // It refuses to run as root.
  const user = process.getuid?.() === 0 ? await idsOf('postgres') : undefined;
  if (user) await chown(directory, user.uid, user.gid);
  const options = { cwd: directory, env: { LC_ALL: 'C.UTF-8' }, ...(user ? { user } : {}) };
  await run(
    postgresProgram('initdb'),
    ['-D', directory, '-U', 'tracehouse', '--auth=trust', '--encoding=UTF8', '--locale=C.UTF-8', '--no-sync'],
    options,
  );
  const server = startProcess(
    postgresProgram('postgres'),
    ['-D', directory, '-p', String(port), '-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories='],
    options,
  );
  const reach = ['-h', '127.0.0.1', '-p', String(port), '-U', 'tracehouse'];
  const stop = async (): Promise<void> => {
    // SIGTERM would wait for whoever is still connected.
    await server.stop({ signal: 'SIGINT' });
    await rm(directory, { recursive: true, force: true });
  };
  try {
    for (let attempt = 1; ; attempt++) {
      const ready = await run(postgresProgram('pg_isready'), reach, options).then(
        () => true,
        (error: unknown) => {
          if (attempt < 100) return false;
          throw new Error(`PostgreSQL did not start:\n${server.output()}`, { cause: error });
        },
      );
      if (ready) break;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    stop,
    async createDatabase(name) {
      await run(postgresProgram('createdb'), [...reach, name], options);
      return `postgresql://tracehouse@127.0.0.1:${port}/${name}`;
    },
  };
}

async function idsOf(name: string): Promise<{ uid: number; gid: number }> {
  const [uid, gid] = await Promise.all(['-u', '-g'].map(async (which) => Number(await run('id', [which, name]))));
  return { uid: uid ?? NaN, gid: gid ?? NaN };
}

import type { TestProject } from 'vitest/node';
import type { ProjectAccess } from '../harness/project-api.ts';
import { startServer, type TestServer } from '../harness/server.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The one server all files of clients write to; each trace has an id of its own. */
    server: ProjectAccess & Pick<TestServer, 'otlpUrl' | 'projectId'>;
  }
}

let server: TestServer;

export async function setup(project: TestProject): Promise<void> {
  server = await startServer();
  const { url, otlpUrl, publicKey, secretKey, projectId } = server;
  project.provide('server', { url, otlpUrl, publicKey, secretKey, projectId });
}

/** Fails the run when the server does not drain and exit with 0, or has logged an error. */
export async function teardown(): Promise<void> {
  await server.stop();
  const errors = server
    .log()
    .split('\n')
    .filter((line) => /"level":[56]0/.test(line));
  if (errors.length > 0) throw new Error(`The server logged errors:\n${errors.join('\n')}`);
}

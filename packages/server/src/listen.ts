import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';

/** A port that somebody else has. */
export class PortInUseError extends Error {
  override name = 'PortInUseError';
}

/** @throws PortInUseError naming the variable that moves it */
export async function listen(server: FastifyInstance, host: string, port: number, variable: string): Promise<void> {
  try {
    await server.listen({ host, port });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    throw new PortInUseError(`Port ${port} is in use. Stop what listens there, or set ${variable} to another port.`, {
      cause: error,
    });
  }
}

/** For a port that is a convenience: a collector may already have it, and the product works without. Answers whether it listens. */
export async function listenIfFree(
  server: FastifyInstance,
  host: string,
  port: number,
  variable: string,
  log: Logger,
): Promise<boolean> {
  try {
    await listen(server, host, port, variable);
    return true;
  } catch (error) {
    if (!(error instanceof PortInUseError)) throw error;
    log.warn({ port }, `this port is in use and is left alone; ${variable} moves or switches it off`);
    return false;
  }
}

/** Where this process itself reaches a server of its own that listens. */
export function localOrigin(server: FastifyInstance): string {
  const { address, port } = server.server.address() as AddressInfo;
  const host = address === '0.0.0.0' ? '127.0.0.1' : address === '::' ? '::1' : address;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

import type { TestServer } from '../test/harness/server.ts';

/** The server's own figures now, by their names in Prometheus; NaN for one that it does not tell. */
export async function figuresOf({ workerUrl }: TestServer): Promise<(name: string) => number> {
  const text = await (await fetch(`${workerUrl}/metrics`)).text();
  return (name) => Number(new RegExp(`^${name} (\\S+)`, 'm').exec(text)?.[1]);
}

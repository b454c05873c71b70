import { readdirSync } from 'node:fs';
import type { Route } from '../../packages/contract/src/route.ts';

const directory = new URL('../../packages/contract/src/', import.meta.url);

const isRoute = (value: unknown): value is Route =>
  typeof value === 'object' && value !== null && 'path' in value && 'method' in value && 'scope' in value;

/** Every route that is declared, whoever serves it: what a new feature declares is attacked without a word here. */
export async function allRoutes(): Promise<Route[]> {
  const files = readdirSync(directory).filter((file) => file.endsWith('.ts') && !/\.test(-d)?\.ts$/.test(file));
  const modules = await Promise.all(
    files.map((file) => import(new URL(file, directory).href) as Promise<Record<string, unknown>>),
  );
  return modules.flatMap((module) => Object.values(module).flat().filter(isRoute));
}

/** The path with its parameters filled in; `*` is one too. */
export const pathOf = ({ path }: Pick<Route, 'path'>, parameter: (name: string) => string): string =>
  path.replaceAll(/:(\w+)|\*/g, (text, name: string | undefined) => parameter(name ?? text));

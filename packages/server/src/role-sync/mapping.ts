import { Role } from '@tracehouse/contract/roles';
import { parseDocument } from 'yaml';

/** Which role of the organization a realm role of Keycloak gives. */
export interface RoleMapping {
  /** In the order written, which counts only where `isOrdered`. */
  roles: ReadonlyMap<string, Role>;
  /** For people without any of them; null: their role is left alone. */
  fallback: Role | null;
  /** Written as a list, whose order survives templates; the keys of a map are often sorted on the way. */
  isOrdered: boolean;
}

/** With several roles of the mapping: the most powerful one counts, or the first of the list. */
export type Precedence = 'highest' | 'first';

/** What is wrong with a mapping, a sentence each. */
export class MappingError extends Error {
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(problems.join('; '));
    this.problems = problems;
  }
}

/**
 * From JSON or YAML: a map from realm role to role, or a list of such maps. Its key `default` is what everybody else gets,
 * VIEWER when it is missing. Realm roles are compared exactly.
 * @throws MappingError
 */
export function parseMapping(source: string): RoleMapping {
  const document = parseDocument(source);
  const [broken] = document.errors;
  if (broken) throw new MappingError([`is neither JSON nor YAML: ${broken.message.split('\n')[0]}`]);
  const value: unknown = document.toJS({ mapAsMap: true });
  const isOrdered = Array.isArray(value);
  const maps = isOrdered ? value : [value];
  if (maps.length === 0 || !maps.every((map) => map instanceof Map)) {
    throw new MappingError(['is neither a map from realm role to role nor a list of such maps']);
  }
  const problems: string[] = [];
  const roles = new Map<string, Role>();
  let fallback: Role | null = 'VIEWER';
  for (const [key, given] of maps.flatMap((map: Map<unknown, unknown>) => [...map])) {
    const realmRole = String(key);
    if (realmRole === 'default' && given === null) {
      fallback = null;
      continue;
    }
    const role = Role.safeParse(typeof given === 'string' ? given.toUpperCase() : given);
    if (!role.success) problems.push(`'${realmRole}': '${String(given)}' is not one of ${Role.options.join(', ')}`);
    else if (roles.has(realmRole)) problems.push(`'${realmRole}' is there twice`);
    else if (realmRole === 'default') fallback = role.data;
    else roles.set(realmRole, role.data);
  }
  if (problems.length === 0 && roles.size === 0) problems.push('names no realm role');
  if (problems.length > 0) throw new MappingError(problems);
  return { roles, fallback, isOrdered };
}

/** Of a person who has these realm roles; null: leave it alone. */
export function roleFor(
  { roles, fallback }: RoleMapping,
  realmRoles: readonly string[],
  precedence: Precedence,
): { role: Role | null; reason: 'mapped' | 'default' } {
  const held = new Set(realmRoles);
  const granted = [...roles].filter(([realmRole]) => held.has(realmRole)).map(([, role]) => role);
  const first = precedence === 'first' ? granted[0] : Role.options.find((role) => granted.includes(role));
  return first === undefined ? { role: fallback, reason: 'default' } : { role: first, reason: 'mapped' };
}

/** Whether anybody can become OWNER by it. */
export const grantsOwner = ({ roles, fallback }: RoleMapping): boolean =>
  fallback === 'OWNER' || [...roles.values()].includes('OWNER');

/** Realm roles that are probably meant by the mapping and do not count, for they are spelt in another way. */
export function nearMisses({ roles }: RoleMapping, realmRoles: Iterable<string>): { seen: string; mapped: string }[] {
  const bySpelling = new Map([...roles.keys()].map((mapped) => [plain(mapped), mapped]));
  return [...new Set(realmRoles)]
    .filter((seen) => !roles.has(seen))
    .map((seen) => ({ seen, mapped: bySpelling.get(plain(seen)) }))
    .filter((miss): miss is { seen: string; mapped: string } => miss.mapped !== undefined);
}

const plain = (name: string): string => name.toLowerCase().replaceAll(/[\s_.:/-]/g, '');

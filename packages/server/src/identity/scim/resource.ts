import { Role } from '@tracehouse/contract/roles';
import {
  SCIM_PATH,
  type ScimGroup,
  type ScimPatch,
  type ScimProjection,
  type ScimUser,
  scimUrns,
} from '@tracehouse/contract/scim';
import { ScimError } from '../../http/errors.ts';
import type { RoleGroup } from './groups.ts';
import type { PersonRow } from './store.ts';

/** A person on the wire. `origin` is where clients reach us. */
export function toScimUser(row: PersonRow, origin: string): ScimUser {
  const { displayName, name = {}, emails = [] } = row.attributes;
  return {
    schemas: [scimUrns.user, scimUrns.role],
    id: row.id,
    ...(row.external_id !== null && { externalId: row.external_id }),
    userName: row.user_name,
    name,
    ...(displayName !== undefined && { displayName }),
    emails,
    active: row.active,
    // What was removed reads as nothing; the extension says NONE.
    roles: row.role === 'NONE' ? [] : [{ value: row.role }],
    [scimUrns.role]: { orgRole: row.role },
    meta: {
      resourceType: 'User',
      created: row.created_at.toISOString(),
      lastModified: row.updated_at.toISOString(),
      location: `${origin}${SCIM_PATH}/Users/${row.id}`,
    },
  };
}

/** A role as a group on the wire. */
export const toScimGroup = ({ role, members }: RoleGroup, origin: string): ScimGroup => ({
  schemas: [scimUrns.group],
  id: role,
  displayName: role,
  ...(members && {
    members: members.map(({ value, display }) => ({
      value,
      display,
      type: 'User' as const,
      $ref: `${origin}${SCIM_PATH}/Users/${value}`,
    })),
  }),
  meta: { resourceType: 'Group', location: `${origin}${SCIM_PATH}/Groups/${role}` },
});

/** A role as clients write it: by name in any case; Entra may put it into JSON. @throws ScimError */
export function readRole(said: string): Role {
  const name = /^\s*\{/.test(said) ? insideJson(said) : said;
  const role = Role.safeParse(name.trim().toUpperCase());
  if (role.success) return role.data;
  throw new ScimError('invalidValue', `Invalid role '${name.slice(0, 100)}': roles are ${Role.options.join(', ')}`);
}

function insideJson(said: string): string {
  try {
    const { value } = JSON.parse(said) as { value?: unknown };
    if (typeof value === 'string') return value;
  } catch {
    // Then it is what it is.
  }
  return said;
}

/** Without what is null, undefined or empty, which are the same (RFC 7643, 2.5). */
export function withoutNothing(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNothing).filter(isSomething);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, each]): [string, unknown] => [key, withoutNothing(each)]);
  return Object.fromEntries(entries.filter(([, each]) => isSomething(each)));
}

const isSomething = (value: unknown): boolean =>
  typeof value === 'object' && value !== null ? Object.keys(value).length > 0 : value !== null && value !== undefined;

export type PatchOp = 'add' | 'remove' | 'replace';

/** Operations with a path each: without one, the value's keys are paths. @throws ScimError */
export function plainPatch({ schemas, Operations }: ScimPatch): { op: PatchOp; path: string; value: unknown }[] {
  if (!schemas?.includes(scimUrns.patch)) throw new ScimError('invalidSyntax', `schemas must name ${scimUrns.patch}`);
  if (!Operations || Operations.length === 0) throw new ScimError('invalidSyntax', 'Operations is missing');
  return Operations.flatMap(({ op: said, path, value }) => {
    const op = said.toLowerCase();
    if (op !== 'add' && op !== 'remove' && op !== 'replace')
      throw new ScimError(
        'invalidSyntax',
        `Invalid operation '${said.slice(0, 100)}': add, remove and replace are known`,
      );
    if (path !== undefined && path !== null && path !== '') return [{ op, path, value }];
    if (op === 'remove') throw new ScimError('noTarget', 'A remove operation needs a path');
    if (!isRecord(value)) throw new ScimError('invalidValue', 'An operation without a path has an object as its value');
    return Object.entries(value).map(([name, each]) => ({ op, path: name, value: each }));
  });
}

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Always there, whatever is asked for (RFC 7643, 7). */
const ALWAYS = new Set(['schemas', 'id', 'userName']);

/** What of a resource a client asks for, by whole attributes (RFC 7644, 3.9). */
export function project<Resource extends object>(resource: Resource, projection: ScimProjection): Resource {
  const keys = Object.keys(resource).filter((key) => ALWAYS.has(key) || showsAttribute(key, projection));
  return Object.fromEntries(keys.map((key) => [key, resource[key as keyof Resource]])) as Resource;
}

/** Whether a client asks for this attribute, or for all. */
export function showsAttribute(key: string, { attributes, excludedAttributes }: ScimProjection): boolean {
  const name = key.toLowerCase();
  if (attributes !== undefined) return namesIn(attributes).has(name);
  return excludedAttributes === undefined || !namesIn(excludedAttributes).has(name);
}

/** First parts of the names in lower case: `name` of `urn:…:User:name.formatted`; of our extension the urn. */
function namesIn(list: string): Set<string> {
  const role = scimUrns.role.toLowerCase();
  return new Set(
    list.split(',').map((each) => {
      const name = each.trim().toLowerCase();
      if (name.startsWith(role)) return role;
      return name.replace(/^urn:ietf:params:scim:schemas:core:2\.0:(user|group):/, '').split('.')[0] ?? '';
    }),
  );
}

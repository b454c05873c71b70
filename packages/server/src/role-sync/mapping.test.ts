import { expect, test } from 'vitest';
import { grantsOwner, type MappingError, nearMisses, parseMapping, roleFor } from './mapping.ts';

const mapping = parseMapping(`
admin: ADMIN
langfuse-admin: ADMIN
operator: MEMBER
developer: MEMBER
guest: NONE
default: VIEWER
`);

test.each([
  { held: ['admin', 'developer'], role: 'ADMIN', why: 'the most powerful of several' },
  { held: ['developer', 'admin'], role: 'ADMIN', why: 'in whatever order' },
  { held: ['offline_access'], role: 'VIEWER', why: 'the default without any' },
  { held: ['platform', 'operator'], role: 'MEMBER', why: 'what a composite contains' },
  { held: ['langfuse-admin'], role: 'ADMIN', why: 'by a name with a dash' },
  { held: ['guest'], role: 'NONE', why: 'no rights, where the mapping says so' },
  { held: ['guest', 'operator'], role: 'MEMBER', why: 'the other role beside NONE' },
  { held: ['Admin'], role: 'VIEWER', why: 'nothing for another spelling' },
])('$held gives $role: $why', ({ held, role }) => {
  expect(roleFor(mapping, held, 'highest').role).toBe(role);
});

test('with an order the first role of the list counts', () => {
  const ordered = parseMapping('[{operator: MEMBER}, {admin: ADMIN}]');
  expect(ordered.isOrdered).toBe(true);
  expect(roleFor(ordered, ['admin', 'operator'], 'first')).toEqual({ role: 'MEMBER', reason: 'mapped' });
  expect(roleFor(ordered, ['admin', 'operator'], 'highest').role).toBe('ADMIN');
});

test('without a default people become VIEWER, and with null they are left alone', () => {
  expect(roleFor(parseMapping('{"admin":"ADMIN"}'), [], 'highest')).toEqual({ role: 'VIEWER', reason: 'default' });
  expect(roleFor(parseMapping('{"admin":"ADMIN","default":null}'), [], 'highest')).toEqual({
    role: null,
    reason: 'default',
  });
});

test('every problem of a mapping is told', () => {
  const problems = (source: string): readonly string[] => {
    try {
      parseMapping(source);
      return [];
    } catch (error) {
      return (error as MappingError).problems;
    }
  };
  expect(problems('admin: KING\nuser: 3')).toEqual([
    "'admin': 'KING' is not one of OWNER, ADMIN, MEMBER, VIEWER, NONE",
    "'user': '3' is not one of OWNER, ADMIN, MEMBER, VIEWER, NONE",
  ]);
  expect(problems('[{admin: ADMIN}, {admin: MEMBER}]')).toEqual(["'admin' is there twice"]);
  expect(problems('default: VIEWER')).toEqual(['names no realm role']);
  expect(problems('admin')).toEqual(['is neither a map from realm role to role nor a list of such maps']);
  expect(problems('{admin: ADMIN')).toEqual([expect.stringContaining('is neither JSON nor YAML')]);
  expect(problems('admin: ADMIN\nadmin: MEMBER')).toEqual([expect.stringContaining('is neither JSON nor YAML')]);
});

test('a realm role named like a property of objects is one as any other', () => {
  const odd = parseMapping('{"__proto__": "ADMIN", "constructor": "MEMBER"}');
  expect(roleFor(odd, ['__proto__'], 'highest').role).toBe('ADMIN');
  expect(roleFor(odd, ['toString'], 'highest').role).toBe('VIEWER');
});

test('names that differ in spelling alone are near misses', () => {
  expect(nearMisses(mapping, ['Admin', 'admin', 'langfuse_admin', 'Admin-Readonly', 'Admin'])).toEqual([
    { seen: 'Admin', mapped: 'admin' },
    { seen: 'langfuse_admin', mapped: 'langfuse-admin' },
  ]);
});

test('a mapping can make owners by a role or by its default', () => {
  expect(grantsOwner(mapping)).toBe(false);
  expect(grantsOwner(parseMapping('boss: owner'))).toBe(true);
  expect(grantsOwner(parseMapping('{staff: MEMBER, default: OWNER}'))).toBe(true);
});

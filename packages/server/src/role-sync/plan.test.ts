import { Role } from '@tracehouse/contract/roles';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { KeycloakUser } from './keycloak.ts';
import { parseMapping } from './mapping.ts';
import { brake, makePlan, matchPeople, type Plan } from './plan.ts';
import type { Member } from './target.ts';

const member = (id: string, role: Role, given: Partial<Member> = {}): Member => ({
  id,
  userName: `${id}@example.com`,
  email: `${id}@example.com`,
  externalId: null,
  role,
  ...given,
});
const user = (id: string, given: Partial<KeycloakUser> = {}): KeycloakUser => ({
  id: `kc-${id}`,
  email: `${id}@example.com`,
  isEmailVerified: true,
  isEnabled: true,
  name: null,
  ...given,
});
const options = {
  mapping: parseMapping('{admin: ADMIN, operator: MEMBER, guest: NONE, default: VIEWER}'),
  precedence: 'highest',
  protectOwners: true,
  provision: false,
  missing: 'leave',
  disabled: 'none',
} as const;

function planOf(
  members: Member[],
  users: KeycloakUser[],
  roles: Record<string, string[] | Error>,
  given: Partial<Parameters<typeof makePlan>[3]> = {},
): Plan {
  const matches = matchPeople(members, users, { verifiedOnly: true });
  const rolesOf = new Map(Object.entries(roles).map(([id, names]) => [`kc-${id}`, names]));
  return makePlan(matches, members, rolesOf, { ...options, ...given });
}
const asText = ({ changes }: Plan): string[] =>
  changes.map((change) =>
    change.action === 'provision'
      ? `make ${change.email} ${change.to}`
      : change.action === 'remove'
        ? `remove ${change.member.id}`
        : `${change.member.id}: ${change.member.role} → ${change.to}`,
  );
const ids = (members: Member[]): string[] => members.map(({ id }) => id);

test('who has the role already is left, and raises come before cuts', () => {
  const members = [member('a', 'ADMIN'), member('b', 'ADMIN'), member('c', 'VIEWER')];
  const plan = planOf(members, [user('a'), user('b'), user('c')], { a: ['admin'], b: ['operator'], c: ['operator'] });
  expect(asText(plan)).toEqual(['c: VIEWER → MEMBER', 'b: ADMIN → MEMBER']);
  expect(ids(plan.unchanged)).toEqual(['a']);
  expect(plan.lowered).toBe(1);
});

test('the subject of a linked account counts before the address', () => {
  const members = [member('a', 'VIEWER', { externalId: 'kc-z' }), member('z', 'VIEWER')];
  const matches = matchPeople(members, [user('z'), user('a')], { verifiedOnly: true });
  expect(matches.pairs.map(({ member, user }) => [member.id, user.id])).toEqual([['a', 'kc-z']]);
  // The other has the address of somebody who is linked already.
  expect(ids(matches.ambiguous)).toEqual(['z']);
});

test('an address of several people, on either side, is nobody’s', () => {
  const twice = matchPeople([member('a', 'VIEWER')], [user('a'), user('x', { email: 'a@example.com' })], {
    verifiedOnly: true,
  });
  expect(ids(twice.ambiguous)).toEqual(['a']);
  const members = [member('a', 'VIEWER'), member('b', 'VIEWER', { email: 'a@example.com' })];
  expect(ids(matchPeople(members, [user('a')], { verifiedOnly: true }).ambiguous)).toEqual(['a', 'b']);
});

test('an address that is not verified counts only where that is not asked', () => {
  const unverified = user('a', { isEmailVerified: false });
  expect(ids(matchPeople([member('a', 'VIEWER')], [unverified], { verifiedOnly: true }).unverified)).toEqual(['a']);
  expect(matchPeople([member('a', 'VIEWER')], [unverified], { verifiedOnly: false }).pairs).toHaveLength(1);
});

test('who is unknown, ambiguous or unverified keeps the role, even where missing people lose it', () => {
  const members = [
    member('gone', 'ADMIN'),
    member('two', 'ADMIN'),
    member('new', 'ADMIN'),
    member('mail', 'ADMIN', { email: null }),
  ];
  const users = [user('two'), user('2', { email: 'two@example.com' }), user('new', { isEmailVerified: false })];
  expect(asText(planOf(members, users, {}, { missing: 'none' }))).toEqual(['gone: ADMIN → NONE']);
  expect(asText(planOf(members, users, {}, { missing: 'remove' }))).toEqual(['remove gone']);
  expect(asText(planOf(members, users, {}))).toEqual([]);
});

test('who is disabled loses the role, whatever Keycloak lets the account keep', () => {
  const members = [member('a', 'ADMIN')];
  const users = [user('a', { isEnabled: false })];
  expect(asText(planOf(members, users, { a: ['admin'] }))).toEqual(['a: ADMIN → NONE']);
  expect(asText(planOf(members, users, { a: ['admin'] }, { disabled: 'remove' }))).toEqual(['remove a']);
  expect(asText(planOf(members, users, { a: ['admin'] }, { disabled: 'leave' }))).toEqual([]);
});

test('an owner is lowered only by a mapping that makes owners', () => {
  const members = [member('a', 'OWNER'), member('b', 'OWNER')];
  const users = [user('a'), user('b')];
  const usual = planOf(members, users, { a: ['admin'], b: [] });
  expect(asText(usual)).toEqual([]);
  expect(ids(usual.protected)).toEqual(['a', 'b']);
  const mapping = parseMapping('{boss: OWNER, admin: ADMIN}');
  expect(asText(planOf(members, users, { a: ['boss'], b: ['admin'] }, { mapping }))).toEqual(['b: OWNER → ADMIN']);
  expect(asText(planOf(members, users, { a: ['admin'], b: ['admin'] }, { protectOwners: false }))).toEqual([
    'a: OWNER → ADMIN',
  ]);
});

test('the last owner stays unless another one comes first', () => {
  const mapping = parseMapping('{boss: OWNER, admin: ADMIN}');
  const members = [member('a', 'OWNER'), member('b', 'VIEWER')];
  const users = [user('a'), user('b')];
  const alone = planOf(members, users, { a: ['admin'], b: ['admin'] }, { mapping });
  expect(asText(alone)).toEqual(['b: VIEWER → ADMIN']);
  expect(ids(alone.protected)).toEqual(['a']);
  expect(asText(planOf(members, users, { a: ['admin'], b: ['boss'] }, { mapping }))).toEqual([
    'b: VIEWER → OWNER',
    'a: OWNER → ADMIN',
  ]);
});

test('only people with a role of the mapping are made members', () => {
  const users = [
    user('a'),
    user('b'),
    user('guest'),
    user('off', { isEnabled: false }),
    user('unverified', { isEmailVerified: false }),
    user('nomail', { email: null }),
  ];
  const roles = { a: ['operator'], b: [], guest: ['guest'], off: ['admin'], unverified: ['admin'], nomail: ['admin'] };
  expect(asText(planOf([member('m', 'VIEWER')], users, roles, { provision: true }))).toEqual([
    'make a@example.com MEMBER',
  ]);
  expect(asText(planOf([member('m', 'VIEWER')], users, roles))).toEqual([]);
});

test('one whose roles could not be read keeps the role and is told', () => {
  const plan = planOf([member('a', 'ADMIN')], [user('a')], { a: new Error('no answer') });
  expect(asText(plan)).toEqual([]);
  expect(plan.failed).toMatchObject([{ member: { id: 'a' }, error: { message: 'no answer' } }]);
});

test('where the default is to leave alone nobody without a role is touched', () => {
  const mapping = parseMapping('{admin: ADMIN, default: null}');
  expect(asText(planOf([member('a', 'MEMBER')], [user('a')], { a: ['offline_access'] }, { mapping }))).toEqual([]);
});

test('the brake goes by the share of members who would be lowered', () => {
  const half = { maxChangeRatio: 0.5 };
  expect(brake({ lowered: 3 }, { users: 9, members: 6 }, half)).toBeNull();
  expect(brake({ lowered: 4 }, { users: 9, members: 6 }, half)).toContain('4 of 6 members');
  expect(brake({ lowered: 4 }, { users: 9, members: 4 }, half)).toBeNull();
  expect(brake({ lowered: 1 }, { users: 9, members: 6 }, { maxChangeRatio: 0 })).toContain('1 of 6');
  expect(brake({ lowered: 0 }, { users: 0, members: 6 }, half)).toContain('no user at all');
});

const people = fc.array(
  fc.record({
    role: fc.constantFrom(...Role.options),
    held: fc.subarray(['admin', 'operator', 'guest', 'boss']),
    isEnabled: fc.boolean(),
    isKnown: fc.boolean(),
  }),
  { minLength: 1, maxLength: 12 },
);
const anyOptions = fc.record({
  mapping: fc.constantFrom(
    options.mapping,
    parseMapping('{boss: OWNER, admin: ADMIN, guest: NONE}'),
    parseMapping('{admin: ADMIN, default: null}'),
  ),
  protectOwners: fc.boolean(),
  missing: fc.constantFrom('leave', 'none', 'remove'),
  disabled: fc.constantFrom('leave', 'none', 'remove'),
});

test('whatever the roles, an owner is left where there was one, and a second run has nothing to do', () => {
  fc.assert(
    fc.property(people, anyOptions, (people, given) => {
      const users = people.flatMap(({ isKnown, isEnabled }, i) => (isKnown ? [user(`${i}`, { isEnabled })] : []));
      const roles = Object.fromEntries(people.map(({ held }, i) => [`${i}`, held]));
      const members = people.map(({ role }, i) => member(`${i}`, role));
      const plan = planOf(members, users, roles, given);
      const after = new Map(members.map((each) => [each.id, each]));
      for (const change of plan.changes) {
        if (change.action === 'remove') after.delete(change.member.id);
        else if (change.action === 'set') after.set(change.member.id, { ...change.member, role: change.to });
      }
      const owners = (all: Iterable<Member>): number => [...all].filter(({ role }) => role === 'OWNER').length;
      if (owners(members) > 0) expect(owners(after.values())).toBeGreaterThan(0);
      expect(asText(planOf([...after.values()], users, roles, given))).toEqual([]);
    }),
  );
});

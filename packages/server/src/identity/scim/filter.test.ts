import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openScim, ROLE, type Scim, type ScimClient } from './scim-harness.ts';

let scim: Scim;
let acme: ScimClient;
beforeAll(async () => {
  scim = await openScim();
  acme = await scim.client('acme');
  await acme.post('/Users', {
    userName: 'Ada@Acme.dev',
    externalId: 'E-1',
    name: { formatted: 'Ada "Countess" Lovelace', familyName: 'Lovelace' },
    emails: [
      { value: 'ada@acme.dev', type: 'work', primary: true },
      { value: 'ada@home.dev', type: 'home' },
    ],
    roles: ['ADMIN'],
  });
  scim.clock.advance(60_000);
  await acme.post('/Users', { userName: 'bob@acme.dev', roles: ['VIEWER'] });
  await acme.post('/Users', { userName: '100%_\\', active: false });
});
afterAll(() => scim.close());

const [ada, bob, odd] = ['ada@acme.dev', 'bob@acme.dev', '100%_\\'] as const;
// oxfmt-ignore
const cases: [string, string[]][] = [
  ['userName eq "ada@acme.DEV"',                [ada]],
  ['USERNAME EQ "ada@acme.dev"',                [ada]],
  ['urn:ietf:params:scim:schemas:core:2.0:User:userName eq "bob@acme.dev"', [bob]],
  ['userName eq "nobody@acme.dev"',             []],
  ['userName ne "ada@acme.dev"',                [bob, odd]],
  ['userName co "ACME"',                        [ada, bob]],
  ['userName sw "b"',                           [bob]],
  ['userName ew ".dev"',                        [ada, bob]],
  ['userName co "%_"',                          [odd]],
  ['userName sw "1__"',                         []],
  ['name.formatted co "\\"countess\\""',        [ada]],
  ['name.familyName pr',                        [ada]],
  ['not (name.familyName pr)',                  [bob, odd]],
  ['name.familyName ne "Lovelace"',             [bob, odd]],
  ['externalId eq "E-1"',                       [ada]],
  ['externalId eq "e-1"',                       []],
  ['userName ew "_\\\\"',                        [odd]],
  ['userName eq "\\u0062ob@acme.dev"',          [bob]],
  ['externalId eq null',                        [bob, odd]],
  ['active eq true',                            [ada, bob]],
  ['active eq "False"',                         [odd]],
  ['emails eq "ada@home.dev"',                  [ada]],
  ['emails.value co "home"',                    [ada]],
  ['emails.type eq "home"',                     [ada]],
  ['emails[type eq "work" and value co "home"]', []],
  ['emails[type eq "home" and value co "home"]', [ada]],
  ['emails[not (primary eq true)]',             [ada]],
  ['emails pr',                                 [ada, bob]],
  ['roles eq "VIEWER"',                         [bob]],
  ['roles.value eq "admin"',                    [ada]],
  ['roles[primary eq true and value eq "ADMIN"]', [ada]],
  [`${ROLE}:orgRole eq "NONE"`,                 [odd]],
  ['meta.created gt "2026-03-01T12:00:30Z"',    [bob, odd]],
  ['meta.lastModified le "2026-03-01T12:00:30Z"', [ada]],
  ['userName eq "ada@acme.dev" or userName eq "bob@acme.dev" and active eq false', [ada]],
  ['(userName eq "ada@acme.dev" or userName eq "bob@acme.dev") and active eq true', [ada, bob]],
  [`${'('.repeat(200)}active eq true${')'.repeat(200)}`, [ada, bob]],
];
test.each(cases)('%s', async (filter, names) => {
  expect((await acme.named(filter)).toSorted()).toEqual(names.toSorted());
});

describe('refused, as invalidFilter', () => {
  const deep = (levels: number): string => `${'not ('.repeat(levels - 1)}active eq true${')'.repeat(levels - 1)}`;
  test.each([
    'userName',
    'userName eq',
    'userName eq ada',
    'userName is "ada"',
    'password eq "x"',
    'title eq "x"',
    'userName eq "ada" or',
    'userName eq true',
    'active eq "perhaps"',
    'active co true',
    'active gt false',
    'meta.created gt "yesterday"',
    'userName gt null',
    'name eq "x"',
    'userName[type eq "work"]',
    'emails[nothing eq "work"]',
    '__proto__ eq "x"',
    'constructor pr',
    'toString.x eq "x"',
    'emails.__proto__ eq "x"',
    'userName eq "\\x"',
    '; DROP TABLE users',
    `userName eq "${'x'.repeat(1000)}"`,
    deep(11),
    `userName eq "${'\n'.repeat(60)}`,
  ])('%j', async (filter) => {
    const answer = await acme.get(`/Users?filter=${encodeURIComponent(filter)}`);
    expect(answer).toMatchObject({ status: 400, body: { scimType: 'invalidFilter', status: 400 } });
  });

  test('ten levels are let through', async () => {
    expect(await acme.get(`/Users?filter=${encodeURIComponent(deep(10))}`)).toMatchObject({ status: 200 });
  });
});

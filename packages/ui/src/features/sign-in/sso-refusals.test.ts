import { expect, test } from 'vitest';
import { explainSsoRefusal } from './sso-refusals.ts';

const known = { provider: 'Keycloak', email: 'ada@acme.dev' };

test('a refusal says whose account it is and what to do', () => {
  expect(explainSsoRefusal('OAuthAccountNotLinked', known)).toBe(
    'An account with ada@acme.dev exists here. Sign in to it, then link Keycloak in Account › Security, or ask your admin to allow linking.',
  );
});

test('opened by a link it names nobody', () => {
  const words = explainSsoRefusal('OAuthAccountNotLinked', { provider: null, email: null });
  expect(words).toMatch(/^An account with your e-mail address exists here\./);
  expect(words).toContain('the identity provider');
});

test("upstream's codes are explained too", () => {
  expect(explainSsoRefusal('OAuthCreateAccount', known)).toBe(explainSsoRefusal('SignupDisabled', known));
});

test.each(['Nothing', 'constructor', '__proto__', '', '<b>'])(
  'an unknown code %s is a failure at the provider',
  (code) => {
    expect(explainSsoRefusal(code, known)).toMatch(/^What Keycloak answered could not be used\./);
  },
);

interface Known {
  /** Null where the page was opened by a link. */
  provider: string | null;
  email: string | null;
}

type Explain = (provider: string, email: string) => string;

/** By the code of the refusal. Those of Langfuse that are not here any more still come by old links. */
const words: Readonly<Record<string, Explain>> = {
  AccessDenied: (provider) => `${provider} did not let you in, or you stopped there. Try again, or ask who runs it.`,
  AttemptExpired: () =>
    'This sign-in took longer than ten minutes, was used already, or was begun in another browser. Try again.',
  DomainNotAllowed: (provider) =>
    `Only people of certain domains may sign in with ${provider} here. Use your work account, or ask who runs this installation.`,
  EmailMissing: (provider) =>
    `${provider} did not say which e-mail address you have, and without one there is no account. Have it added there, then try again.`,
  IdentityTaken: (provider) =>
    `That sign-in at ${provider} opens another account here. Sign in with it, and unlink it in Account › Security first.`,
  OAuthAccountNotLinked: (provider, email) =>
    `An account with ${email} exists here. Sign in to it, then link ${provider} in Account › Security, or ask your admin to allow linking.`,
  OAuthCallback: (provider) =>
    `What ${provider} answered could not be used. Try again; if it stays so, who runs this installation finds the reason in its log.`,
  ProviderUnavailable: (provider) => `${provider} does not answer. Try again in a minute.`,
  SignedOut: (provider) => `You have been signed out at ${provider} meanwhile. Sign in again.`,
  SignupDisabled: () =>
    'New accounts are switched off here (AUTH_DISABLE_SIGNUP). Ask an owner of your organization for an invitation.',
  UserDisabled: () => 'This account is switched off. Ask an owner of your organization.',
};

/** What upstream calls them. */
const sameAs: Readonly<Record<string, string>> = {
  OAuthCreateAccount: 'SignupDisabled',
  OAuthSignin: 'ProviderUnavailable',
  Callback: 'OAuthCallback',
};

/** In words, with what to do. */
export function explainSsoRefusal(code: string, { provider, email }: Known): string {
  const name = Object.hasOwn(sameAs, code) ? sameAs[code]! : code;
  const explain = Object.hasOwn(words, name) ? words[name]! : words['OAuthCallback']!;
  return explain(provider ?? 'the identity provider', email ?? 'your e-mail address').replace(/^./u, (first) =>
    first.toUpperCase(),
  );
}

import { getRouteApi, Link, useRouter } from '@tanstack/react-router';
import type { SignInOptions } from '@tracehouse/contract/accounts';
import { domainOf } from '@tracehouse/contract/email-address';
import { useState, type FormEvent } from 'react';
import { ownAddress } from '../../app/own-address.ts';
import { SignInForm } from '../../app/SignInForm.tsx';
import { useDocumentTitle } from '../../app/useDocumentTitle.ts';
import { Button } from '../../components/Button.tsx';
import { Field } from '../../components/Field.tsx';
import { EntryFrame, LinkButton, OtherWays, Refusal } from './EntryFrame.tsx';
import { ProviderButtons } from './ProviderButtons.tsx';
import { explainRefusal, useOptionsOfAddress, useSignInOptions } from './useSignIn.ts';

const route = getRouteApi('/sign-in');

export function SignInPage() {
  const options = useSignInOptions();
  useDocumentTitle('Sign in');
  return <EntryFrame title="Sign in">{options && <WaysIn options={options} />}</EntryFrame>;
}

function WaysIn({ options }: { options: SignInOptions }) {
  const { next, left } = route.useSearch();
  const router = useRouter();
  const [person, setPerson] = useState<{ email: string; options: SignInOptions } | null>(null);
  const { password, reset, signUp, providers } = person?.options ?? options;
  const search = next === undefined ? {} : { next };
  const stillAt = providers.find(({ id }) => id === left)?.name;
  return (
    <>
      {stillAt !== undefined && (
        <p role="status" className="mb-4 text-text-2">
          You are signed out here. Your session at {stillAt} goes on until you end it there.
        </p>
      )}
      <ProviderButtons providers={providers} returnTo={next} />
      {providers.length > 0 && password && <p className="my-3 text-center text-small text-text-3">or</p>}
      {options.emailFirst && person === null ? (
        <AddressForm onKnown={setPerson} />
      ) : password ? (
        <SignInForm email={person?.email ?? ''} onDone={() => router.history.push(ownAddress(next))} />
      ) : (
        <p className="mt-3 text-text-2">
          {person ? `People of ${domainOf(person.email)} sign in by single sign-on.` : 'Sign in by single sign-on.'}
        </p>
      )}
      <OtherWays>
        {person !== null && <LinkButton onClick={() => setPerson(null)}>Use another address</LinkButton>}
        {reset && (
          <Link to="/reset-password" search={search}>
            Forgot your password?
          </Link>
        )}
        {signUp && (
          <span>
            New here?{' '}
            <Link to="/sign-up" search={search} className="underline">
              Create an account
            </Link>
          </span>
        )}
      </OtherWays>
    </>
  );
}

/** Where some domains sign in by SSO alone, the address decides what is asked next. */
function AddressForm({ onKnown }: { onKnown: (person: { email: string; options: SignInOptions }) => void }) {
  const ask = useOptionsOfAddress();
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const email = String(new FormData(event.currentTarget).get('email'));
    ask.mutate(email, { onSuccess: (options) => onKnown({ email, options }) });
  };
  return (
    <form onSubmit={submit} className="flex flex-col gap-3">
      <Field label="E-mail" name="email" type="email" autoComplete="username" required />
      <Refusal>{ask.isError && explainRefusal(ask.error)}</Refusal>
      <Button type="submit" look="primary" className="w-full">
        {ask.isPending ? 'One moment …' : 'Continue'}
      </Button>
    </form>
  );
}

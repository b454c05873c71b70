import { getRouteApi, Link, useRouter } from '@tanstack/react-router';
import type { SignInOptions } from '@tracehouse/contract/accounts';
import { useState, type FormEvent } from 'react';
import { ownAddress } from '../../app/own-address.ts';
import { useDocumentTitle } from '../../app/useDocumentTitle.ts';
import { Button } from '../../components/Button.tsx';
import { CodeField } from '../../components/CodeField.tsx';
import { Field } from '../../components/Field.tsx';
import { NewPasswordField } from '../../components/NewPasswordField.tsx';
import { EntryFrame, LinkButton, OtherWays, Refusal } from './EntryFrame.tsx';
import { explainRefusal, useSignInOptions, useSignUp, useSignUpCode } from './useSignIn.ts';
import { CodeRequest, SentTo } from './CodeRequest.tsx';

const route = getRouteApi('/sign-up');

export function SignUpPage() {
  const options = useSignInOptions();
  useDocumentTitle('Create an account');
  return <EntryFrame title="Create an account">{options && <WayToSignUp options={options} />}</EntryFrame>;
}

function WayToSignUp({ options }: { options: SignInOptions }) {
  const { next } = route.useSearch();
  const [sentTo, setSentTo] = useState<string | null>(null);
  const code = useSignUpCode();
  return (
    <>
      {!options.signUp ? (
        <Closed password={options.password} />
      ) : options.emailVerification && sentTo === null ? (
        <CodeRequest
          send={code}
          onSent={setSentTo}
          intro="A code is sent to your address first, so that nobody signs up with the address of another."
        />
      ) : (
        <>
          {sentTo !== null && <SentTo email={sentTo} send={code} />}
          <SignUpForm email={sentTo} next={next} />
        </>
      )}
      <OtherWays>
        {sentTo !== null && <LinkButton onClick={() => setSentTo(null)}>Use another address</LinkButton>}
        <span>
          You have an account?{' '}
          <Link to="/sign-in" search={next === undefined ? {} : { next }} className="underline">
            Sign in
          </Link>
        </span>
      </OtherWays>
    </>
  );
}

const Closed = ({ password }: { password: boolean }) => (
  <p className="text-text-2">
    {password
      ? 'New accounts are switched off here. Ask an owner of your organization for an invitation.'
      : 'Accounts with a password are switched off here. Sign in by single sign-on.'}
    <span className="mt-1 block text-small text-text-3">
      {password ? 'AUTH_DISABLE_SIGNUP' : 'AUTH_DISABLE_USERNAME_PASSWORD'}
    </span>
  </p>
);

/** `email` is the address a code was sent to; null: none is asked for. */
function SignUpForm({ email, next }: { email: string | null; next: string | undefined }) {
  const router = useRouter();
  const signUp = useSignUp(() => router.history.push(ownAddress(next)));
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const text = (name: string) => String(form.get(name));
    signUp.mutate({
      name: text('name'),
      email: email ?? text('email'),
      password: text('password'),
      ...(email !== null && { code: text('code') }),
    });
  };
  return (
    <form onSubmit={submit} className="flex flex-col gap-3">
      {email !== null && <CodeField />}
      <Field label="Name" name="name" autoComplete="name" required maxLength={100} />
      {email === null ? (
        <Field label="E-mail" name="email" type="email" autoComplete="username" required />
      ) : (
        // For what keeps passwords: it stores the pair.
        <input type="hidden" name="email" autoComplete="username" value={email} />
      )}
      <NewPasswordField />
      <Refusal>{signUp.isError && explainRefusal(signUp.error)}</Refusal>
      <Button type="submit" look="primary" className="w-full">
        {signUp.isPending ? 'Creating the account …' : 'Create account'}
      </Button>
    </form>
  );
}

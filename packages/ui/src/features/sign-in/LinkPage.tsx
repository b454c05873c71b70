import { Link } from '@tanstack/react-router';
import type { FormEvent } from 'react';
import { useDocumentTitle } from '../../app/useDocumentTitle.ts';
import { Button } from '../../components/Button.tsx';
import { Field } from '../../components/Field.tsx';
import { Failure } from '../../components/states.tsx';
import { EntryFrame, OtherWays, Refusal } from './EntryFrame.tsx';
import { explainRefusal, useSignInOptions } from './useSignIn.ts';
import { usePendingLink, useProveLink } from './useSso.ts';

/** Somebody came from a provider with the address of an account: its password, typed once, says that both are theirs. */
export function LinkPage() {
  useDocumentTitle('Link your account');
  const pending = usePendingLink();
  return (
    <EntryFrame title="Link your account">
      {pending.isPending ? null : pending.isError ? (
        <Failure what="your account" error={pending.error} retry={() => void pending.refetch()} />
      ) : pending.data.email === null ? (
        <p className="text-text-2">Nothing waits to be linked: it took longer than ten minutes, or is done already.</p>
      ) : (
        <Explained {...pending.data} />
      )}
      <OtherWays>
        <Link to="/sign-in">Back to sign-in</Link>
      </OtherWays>
    </EntryFrame>
  );
}

function Explained({ email, provider, hasPassword }: { email: string; provider: string; hasPassword: boolean }) {
  const options = useSignInOptions();
  const address = (
    <b dir="auto" className="break-words text-text">
      {email}
    </b>
  );
  return (
    <>
      <p className="mb-3 text-text-2">
        {provider} says that you are {address}, but not that it has verified the address. An account with it exists
        here.
      </p>
      {hasPassword ? (
        <PasswordForm email={email} provider={provider} />
      ) : (
        <p className="text-text-2">
          That account has no password to prove that it is yours.{' '}
          {options?.reset === true ? (
            <>
              <Link to="/reset-password" search={{ email, next: '/account/security' }}>
                Set one with a code sent to you
              </Link>
              , then link {provider} in Account › Security.
            </>
          ) : (
            `Have ${provider} verify your address, or ask an owner of your organization.`
          )}
        </p>
      )}
    </>
  );
}

function PasswordForm({ email, provider }: { email: string; provider: string }) {
  const prove = useProveLink();
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    prove.mutate(String(new FormData(event.currentTarget).get('password')));
  };
  return (
    <form onSubmit={submit} className="flex flex-col gap-3">
      <p className="text-text-2">Type the password of that account once; from then on {provider} opens it.</p>
      <input type="hidden" name="email" autoComplete="username" value={email} />
      <Field label="Password" name="password" type="password" autoComplete="current-password" required />
      <Refusal>{prove.isError && explainRefusal(prove.error)}</Refusal>
      <Button type="submit" look="primary" className="w-full">
        {prove.isPending ? 'Linking …' : 'Link and sign in'}
      </Button>
    </form>
  );
}

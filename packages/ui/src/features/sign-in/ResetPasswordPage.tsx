import { getRouteApi, Link, useRouter } from '@tanstack/react-router';
import { useState, type FormEvent } from 'react';
import { ownAddress } from '../../app/own-address.ts';
import { useDocumentTitle } from '../../app/useDocumentTitle.ts';
import { Button } from '../../components/Button.tsx';
import { CodeField } from '../../components/CodeField.tsx';
import { NewPasswordField } from '../../components/NewPasswordField.tsx';
import { CodeRequest, SentTo } from './CodeRequest.tsx';
import { EntryFrame, OtherWays, Refusal } from './EntryFrame.tsx';
import { explainRefusal, usePasswordCode, useResetPassword, useSignInOptions } from './useSignIn.ts';

const route = getRouteApi('/reset-password');

export function ResetPasswordPage() {
  const options = useSignInOptions();
  const { next } = route.useSearch();
  useDocumentTitle('New password');
  return (
    <EntryFrame title="New password">
      {options && (options.reset ? <WayToReset /> : <NoReset password={options.password} />)}
      <OtherWays>
        <Link to="/sign-in" search={next === undefined ? {} : { next }}>
          Back to sign-in
        </Link>
      </OtherWays>
    </EntryFrame>
  );
}

const NoReset = ({ password }: { password: boolean }) => (
  <p className="text-text-2">
    {password
      ? 'This installation sends no mail, so a password cannot be set this way. Ask who runs it.'
      : 'Passwords are switched off here. Sign in by single sign-on.'}
    <span className="mt-1 block text-small text-text-3">
      {password ? 'SMTP_CONNECTION_URL' : 'AUTH_DISABLE_USERNAME_PASSWORD'}
    </span>
  </p>
);

function WayToReset() {
  const { next, email = '' } = route.useSearch();
  const [sentTo, setSentTo] = useState<string | null>(null);
  const code = usePasswordCode();
  return sentTo === null ? (
    <CodeRequest
      send={code}
      onSent={setSentTo}
      intro="If the address has an account, a code is sent to it."
      email={email}
    />
  ) : (
    <>
      <SentTo email={sentTo} send={code} />
      <ResetForm email={sentTo} next={next} />
    </>
  );
}

function ResetForm({ email, next }: { email: string; next: string | undefined }) {
  const router = useRouter();
  const reset = useResetPassword(() => router.history.push(ownAddress(next)));
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    reset.mutate({ email, code: String(form.get('code')), password: String(form.get('password')) });
  };
  return (
    <form onSubmit={submit} className="flex flex-col gap-3">
      <input type="hidden" name="email" autoComplete="username" value={email} />
      <CodeField />
      <NewPasswordField label="New password" />
      <Refusal>{reset.isError && explainRefusal(reset.error)}</Refusal>
      <Button type="submit" look="primary" className="w-full">
        {reset.isPending ? 'Setting the password …' : 'Set password and sign in'}
      </Button>
    </form>
  );
}

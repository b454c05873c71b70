import { Link } from '@tanstack/react-router';
import type { Account } from '@tracehouse/contract/x-account';
import { useRef, type FormEvent } from 'react';
import { useDocumentTitle } from '../../app/useDocumentTitle.ts';
import { Button } from '../../components/Button.tsx';
import { Field } from '../../components/Field.tsx';
import { NewPasswordField } from '../../components/NewPasswordField.tsx';
import { explainRefusal } from '../sign-in/useSignIn.ts';
import { Identities } from './Identities.tsx';
import { Saved } from './ProfilePage.tsx';
import { useChangePassword } from './useAccount.ts';
import { WithAccount } from './WithAccount.tsx';

export function SecurityPage() {
  useDocumentTitle('Security', 'Your account');
  return (
    <WithAccount>
      {(account) => (
        <>
          <h2 className="text-lead">Password</h2>
          <Password account={account} />
          <Identities account={account} />
        </>
      )}
    </WithAccount>
  );
}

function Password({ account }: { account: Account }) {
  if (!account.mayUsePassword)
    return <p className="text-text-2">You sign in by single sign-on; no password is used for your address.</p>;
  if (account.hasPassword) return <PasswordForm email={account.email} />;
  return (
    <p className="text-text-2">
      You have no password, since you sign in by single sign-on.{' '}
      {account.sendsMail && (
        <Link to="/reset-password" search={{ email: account.email, next: '/account/security' }} className="underline">
          Set one with a code sent to you
        </Link>
      )}
    </p>
  );
}

function PasswordForm({ email }: { email: string }) {
  const change = useChangePassword();
  const form = useRef<HTMLFormElement>(null);
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    change.mutate(
      { current: String(fields.get('current')), password: String(fields.get('password')) },
      { onSuccess: () => form.current?.reset() },
    );
  };
  return (
    <>
      <p className="mb-3 text-text-2">A new password signs you out everywhere but here.</p>
      <form ref={form} onSubmit={submit} className="flex max-w-90 flex-col gap-3">
        <input type="hidden" name="email" autoComplete="username" value={email} />
        <Field label="Current password" name="current" type="password" autoComplete="current-password" required />
        <NewPasswordField key={change.submittedAt} label="New password" />
        {change.isError && (
          <p role="alert" className="text-small text-danger">
            {explainRefusal(change.error)}
          </p>
        )}
        <div className="flex items-center gap-2">
          <Button type="submit">{change.isPending ? 'Saving …' : 'Change password'}</Button>
          <Saved shown={change.isSuccess} />
        </div>
      </form>
    </>
  );
}

import type { Account } from '@tracehouse/contract/x-account';
import { CircleCheck } from 'lucide-react';
import type { FormEvent } from 'react';
import { useDocumentTitle } from '../../app/useDocumentTitle.ts';
import { Button } from '../../components/Button.tsx';
import { CodeField } from '../../components/CodeField.tsx';
import { Field } from '../../components/Field.tsx';
import { Icon } from '../../components/Icon.tsx';
import { Time } from '../../components/Time.tsx';
import { useEmailCode, useRename, useVerifyEmail } from './useAccount.ts';
import { WithAccount } from './WithAccount.tsx';

export function ProfilePage() {
  useDocumentTitle('Profile', 'Your account');
  return (
    <WithAccount>
      {(account) => (
        <>
          <h2 className="mb-3 text-lead">Profile</h2>
          <NameForm account={account} />
          <Address account={account} />
        </>
      )}
    </WithAccount>
  );
}

function NameForm({ account }: { account: Account }) {
  const rename = useRename();
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    rename.mutate(String(new FormData(event.currentTarget).get('name')));
  };
  return (
    <form onSubmit={submit} className="flex max-w-90 flex-col gap-3">
      <Field
        label="Name"
        name="name"
        autoComplete="name"
        required
        maxLength={100}
        defaultValue={account.name ?? ''}
        problem={rename.isError ? rename.error.message : undefined}
        onChange={rename.reset}
      />
      <div className="flex items-center gap-2">
        <Button type="submit">{rename.isPending ? 'Saving …' : 'Save name'}</Button>
        <Saved shown={rename.isSuccess} />
      </div>
    </form>
  );
}

/** After a save, until something changes. */
export const Saved = ({ shown }: { shown: boolean }) => (
  <span role="status" className="flex items-center gap-1 text-small text-ok">
    {shown && (
      <>
        <Icon of={CircleCheck} small /> Saved
      </>
    )}
  </span>
);

const Address = ({ account }: { account: Account }) => (
  <section className="mt-6 border-t pt-4">
    <h2 className="mb-1.5 text-lead">E-mail</h2>
    <dl className="grid grid-cols-fact gap-x-3 gap-y-1">
      <dt className="text-text-3">Address</dt>
      <dd className="break-words" dir="auto">
        {account.email}
      </dd>
      <dt className="text-text-3">Verified</dt>
      <dd>{account.isEmailVerified ? 'Yes' : <Verification account={account} />}</dd>
      <dt className="text-text-3">Account since</dt>
      <dd>
        <Time at={account.createdAt} full className="data" />
      </dd>
    </dl>
  </section>
);

/** What an address grants, such as invitations, counts once its mailbox is known to be this person's. */
function Verification({ account }: { account: Account }) {
  const code = useEmailCode();
  const verify = useVerifyEmail();
  if (!account.sendsMail)
    return <>No. This installation sends no mail that could verify it: the link of an invitation does.</>;
  if (!code.isSuccess) {
    return (
      <>
        No.{' '}
        <Button compact onClick={() => code.mutate()}>
          {code.isPending ? 'Sending …' : 'Send a code'}
        </Button>
        {code.isError && (
          <span role="alert" className="mt-1 block text-small text-danger">
            {code.error.message}
          </span>
        )}
      </>
    );
  }
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    verify.mutate(String(new FormData(event.currentTarget).get('code')));
  };
  return (
    <form onSubmit={submit} className="flex max-w-90 flex-col gap-2">
      <p role="status">A code is on its way to you. It is good for 3 minutes.</p>
      <CodeField />
      {verify.isError && (
        <p role="alert" className="text-small text-danger">
          {verify.error.message}
        </p>
      )}
      <div className="flex gap-2">
        <Button type="submit">{verify.isPending ? 'Verifying …' : 'Verify address'}</Button>
        <Button look="quiet" onClick={() => code.mutate()}>
          Send another code
        </Button>
      </div>
    </form>
  );
}

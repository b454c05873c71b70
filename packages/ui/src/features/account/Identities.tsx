import type { LinkedIdentity } from '@tracehouse/contract/sso';
import type { Account } from '@tracehouse/contract/x-account';
import { useState, type FormEvent } from 'react';
import { Button } from '../../components/Button.tsx';
import { Dialog } from '../../components/Dialog.tsx';
import { Field } from '../../components/Field.tsx';
import { Failure, Loading, SkeletonRows } from '../../components/states.tsx';
import { explainRefusal, useSignInOptions } from '../sign-in/useSignIn.ts';
import { useIdentities, useStartLink, useUnlink } from './useIdentities.ts';

interface Provider {
  id: string;
  name: string;
}

/** Which sign-ins at identity providers open the account; nothing where none is set up. */
export function Identities({ account }: { account: Account }) {
  const options = useSignInOptions();
  const identities = useIdentities();
  if (options === null || (options.providers.length === 0 && identities.data?.length === 0)) return null;
  return (
    <section className="mt-6">
      <h2 className="mb-2 text-lead">Single sign-on</h2>
      {identities.isPending ? (
        <Loading label="Loading your sign-ins" skeleton={<SkeletonRows rows={1} widths={['w-24', 'w-50']} />} />
      ) : identities.isError ? (
        <Failure what="your sign-ins" error={identities.error} retry={() => void identities.refetch()} />
      ) : (
        <List account={account} identities={identities.data} providers={options.providers} />
      )}
    </section>
  );
}

function List({
  account,
  identities,
  providers,
}: {
  account: Account;
  identities: LinkedIdentity[];
  providers: Provider[];
}) {
  const [linking, setLinking] = useState<Provider | null>(null);
  const unlink = useUnlink();
  const unlinked = providers.filter(({ id }) => !identities.some((identity) => identity.id === id));
  return (
    <>
      <ul className="flex flex-col gap-2">
        {identities.map(({ id, provider, email, lastUsedAt }) => (
          <li key={id} className="flex flex-wrap items-center gap-2">
            <span className="min-w-0 break-words">
              {provider}
              {email !== null && (
                <>
                  {' '}
                  as <span dir="auto">{email}</span>
                </>
              )}
              <span className="text-text-3">
                , last used <time dateTime={lastUsedAt}>{new Date(lastUsedAt).toLocaleDateString()}</time>
              </span>
            </span>
            <Button compact onClick={() => unlink.mutate(id)}>
              Unlink {provider}
            </Button>
          </li>
        ))}
        {unlinked.map((provider) => (
          <li key={provider.id}>
            <Button onClick={() => setLinking(provider)}>Link {provider.name}</Button>
          </li>
        ))}
      </ul>
      {unlink.isError && (
        <p role="alert" className="mt-2 text-small text-danger">
          {explainRefusal(unlink.error)}
        </p>
      )}
      {linking !== null && <LinkDialog account={account} provider={linking} onClose={() => setLinking(null)} />}
    </>
  );
}

/** A way in is added by who knows the password, not by who found the screen unlocked. */
function LinkDialog({ account, provider, onClose }: { account: Account; provider: Provider; onClose: () => void }) {
  const start = useStartLink();
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const password = new FormData(event.currentTarget).get('password');
    start.mutate({ provider: provider.id, ...(typeof password === 'string' && { password }) });
  };
  return (
    <Dialog title={`Link ${provider.name}`} open onClose={onClose}>
      <form onSubmit={submit} className="flex flex-col gap-3">
        <p className="text-text-2">
          You go to {provider.name}, sign in there, and come back. From then on it opens this account.
        </p>
        <input type="hidden" name="email" autoComplete="username" value={account.email} />
        {account.hasPassword && (
          <Field label="Password" name="password" type="password" autoComplete="current-password" required />
        )}
        {start.isError && (
          <p role="alert" className="text-small text-danger">
            {explainRefusal(start.error)}
          </p>
        )}
        <div className="flex gap-2">
          <Button type="submit" look="primary">
            {start.isPending ? `Going to ${provider.name} …` : 'Continue'}
          </Button>
          <Button onClick={onClose}>Cancel</Button>
        </div>
      </form>
    </Dialog>
  );
}

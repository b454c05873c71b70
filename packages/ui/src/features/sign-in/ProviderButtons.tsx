import type { SignInOptions } from '@tracehouse/contract/accounts';
import { Button } from '../../components/Button.tsx';
import { Refusal } from './EntryFrame.tsx';
import { explainRefusal } from './useSignIn.ts';
import { useStartSignIn } from './useSso.ts';

/** One for each identity provider; they leave this site. */
export function ProviderButtons({
  providers,
  returnTo,
}: {
  providers: SignInOptions['providers'];
  returnTo: string | undefined;
}) {
  const start = useStartSignIn();
  if (providers.length === 0) return null;
  return (
    <div className="flex flex-col gap-2">
      {providers.map(({ id, name }) => (
        <Button key={id} className="w-full" onClick={() => start.mutate({ provider: id, returnTo })}>
          {start.isPending && start.variables.provider === id ? `Going to ${name} …` : `Continue with ${name}`}
        </Button>
      ))}
      <Refusal>{start.isError && explainRefusal(start.error)}</Refusal>
    </div>
  );
}

import type { Account } from '@tracehouse/contract/x-account';
import type { ReactNode } from 'react';
import { Failure, Loading, SkeletonRows } from '../../components/states.tsx';
import { useAccount } from './useAccount.ts';

/** What a page shows of the own account, as soon as it is known. */
export function WithAccount({ children }: { children: (account: Account) => ReactNode }) {
  const account = useAccount();
  if (account.isPending)
    return <Loading label="Loading your account" skeleton={<SkeletonRows rows={3} widths={['w-24', 'w-50']} />} />;
  if (account.isError)
    return <Failure what="your account" error={account.error} retry={() => void account.refetch()} />;
  return children(account.data);
}

import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useDocumentTitle } from '../../app/useDocumentTitle.ts';
import { Button } from '../../components/Button.tsx';
import { Cancel } from '../../components/Cancel.tsx';
import { Dialog } from '../../components/Dialog.tsx';
import { Failure, Loading, SkeletonRows } from '../../components/states.tsx';
import { tell } from '../../components/toasts.tsx';
import { SessionsTable } from './SessionsTable.tsx';
import { useEndSession, useEndSessions, useSessions } from './useAccount.ts';

export function SessionsPage() {
  useDocumentTitle('Sessions', 'Your account');
  const sessions = useSessions();
  const endOne = useEndSession();
  const endAll = useEndSessions();
  const navigate = useNavigate();
  const [asks, setAsks] = useState(false);
  const count = sessions.data?.data.length ?? 0;
  const problem = endOne.error ?? endAll.error;
  const endEverywhere = () => endAll.mutate({ others: false }, { onSuccess: () => void navigate({ to: '/sign-in' }) });
  return (
    <>
      <div className="mb-3 flex flex-wrap items-start gap-2">
        <div className="min-w-70 flex-1">
          <h2 className="text-lead">Sessions</h2>
          <p className="text-text-2">
            Where you are signed in. One that you do not know: end it, then change your password.
          </p>
        </div>
        <Button
          onClick={() => endAll.mutate({ others: true }, { onSuccess: () => tell('Signed out everywhere else') })}
          disabledBecause={count > 1 ? undefined : 'You are signed in nowhere else.'}
        >
          Sign out everywhere else
        </Button>
        <Button look="danger" onClick={() => setAsks(true)}>
          Sign out everywhere
        </Button>
      </div>
      {problem && (
        <p role="alert" className="mb-2 text-small text-danger">
          {problem.message}
        </p>
      )}
      {sessions.isPending ? (
        <Loading label="Loading sessions" skeleton={<SkeletonRows rows={3} widths={['flex-1', 'w-24', 'w-16']} />} />
      ) : sessions.isError ? (
        <Failure what="sessions" error={sessions.error} retry={() => void sessions.refetch()} />
      ) : (
        <SessionsTable
          rows={sessions.data.data.map((session) => ({
            session,
            end: () => endOne.mutate(session.id, { onSuccess: () => tell('Session ended') }),
          }))}
        />
      )}
      <Dialog title="Sign out everywhere?" open={asks} onClose={() => setAsks(false)}>
        <p className="text-text-2">Every session of yours ends, also this one. Keys of clients go on working.</p>
        <div className="mt-4 flex gap-2">
          <Button look="danger" onClick={endEverywhere}>
            {endAll.isPending ? 'Signing out …' : 'Sign out everywhere'}
          </Button>
          <Cancel close={() => setAsks(false)} />
        </div>
      </Dialog>
    </>
  );
}

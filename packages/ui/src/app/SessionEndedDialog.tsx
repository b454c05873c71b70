import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Dialog } from '../components/Dialog.tsx';
import { useSignInOptions } from '../features/sign-in/useSignIn.ts';
import { SignInForm } from './SignInForm.tsx';
import { useSession, useSessionEnded, useSignedInElsewhere } from './session.ts';

/** Over the page when its session is over: nothing on it is lost. */
export function SessionEndedDialog() {
  const ended = useSessionEnded();
  const session = useSession();
  const isOpen = ended && session !== null;
  return (
    <Dialog title="Your session has ended" open={isOpen}>
      <p className="mb-4 text-text-2">Sign in and continue where you were. Nothing typed is lost.</p>
      {isOpen && <WaysBack email={session.user.email} userId={session.user.id} />}
    </Dialog>
  );
}

/** An identity provider has pages of its own, so that way back takes another tab. */
function WaysBack({ email, userId }: { email: string; userId: string }) {
  const options = useSignInOptions();
  const client = useQueryClient();
  const [isElsewhere, setElsewhere] = useState(false);
  useSignedInElsewhere(client, { userId, isExpected: isElsewhere });
  if (options === null) return null;
  const names = options.providers.map(({ name }) => name).join(' or ');
  return (
    <>
      {options.password && <SignInForm email={email} onDone={() => undefined} />}
      {names !== '' && (
        <p className="mt-3 text-small text-text-2">
          <a href="/sign-in" target="_blank" rel="noopener" onClick={() => setElsewhere(true)}>
            Sign in with {names} in another tab
          </a>
          {isElsewhere && <span role="status">. This page goes on once you are in.</span>}
        </p>
      )}
    </>
  );
}

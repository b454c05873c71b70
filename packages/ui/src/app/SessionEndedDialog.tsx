import { Dialog } from '../components/Dialog.tsx';
import { SignInForm } from './SignInForm.tsx';
import { useSession, useSessionEnded } from './session.ts';

/** Over the page when its session is over: nothing on it is lost. */
export function SessionEndedDialog() {
  const ended = useSessionEnded();
  const session = useSession();
  return (
    <Dialog title="Your session has ended" open={ended && session !== null}>
      <p className="mb-4 text-text-2">Sign in and continue where you were. Nothing typed is lost.</p>
      <SignInForm email={session?.user.email ?? ''} onDone={() => undefined} />
    </Dialog>
  );
}

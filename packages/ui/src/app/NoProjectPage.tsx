import { useQueryClient } from '@tanstack/react-query';
import { Link, useRouter } from '@tanstack/react-router';
import { Button, buttonClass } from '../components/Button.tsx';
import { State } from '../components/states.tsx';
import { signOut, useSession } from './session.ts';
import { useDocumentTitle } from './useDocumentTitle.ts';

/** For a person who was not given a project yet. */
export function NoProjectPage() {
  const session = useSession();
  const client = useQueryClient();
  const router = useRouter();
  useDocumentTitle('No project');
  const leave = async () => {
    await signOut(client);
    await router.navigate({ to: '/sign-in' });
  };
  return (
    <main className="h-full bg-panel p-4">
      <h1 className="px-4 pt-2 text-title">No project yet</h1>
      <State
        title={`${session?.user.email ?? 'You'} may not see any project.`}
        actions={
          <>
            <Link to="/organizations" className={buttonClass()}>
              Organizations
            </Link>
            <Button onClick={() => void leave()}>Sign out</Button>
          </>
        }
      >
        Ask an owner of your organization to give you a role in a project, then open this page again.
      </State>
    </main>
  );
}

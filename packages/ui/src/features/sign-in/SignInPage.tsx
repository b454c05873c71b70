import { getRouteApi, useRouter } from '@tanstack/react-router';
import { SignInForm } from '../../app/SignInForm.tsx';
import { useDocumentTitle } from '../../app/useDocumentTitle.ts';

const route = getRouteApi('/sign-in');

export function SignInPage() {
  const { next } = route.useSearch();
  const router = useRouter();
  useDocumentTitle('Sign in');
  return (
    <main className="flex h-full items-start justify-center bg-panel p-4 pt-30">
      <div className="w-full max-w-90">
        <p className="mb-1 text-text-3">Tracehouse</p>
        <h1 className="mb-4 text-title">Sign in</h1>
        <SignInForm onDone={() => router.history.push(ownAddress(next))} />
      </div>
    </main>
  );
}

/** The address asked for, if it is one of ours: a link must not send people elsewhere after they signed in. */
export function ownAddress(next: string | undefined): string {
  if (!next?.startsWith('/')) return '/';
  const address = new URL(next, location.origin);
  return address.origin === location.origin ? address.pathname + address.search + address.hash : '/';
}

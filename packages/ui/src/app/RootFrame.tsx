import { Outlet } from '@tanstack/react-router';
import { lazy, Suspense } from 'react';
import { useSession, useSessionEnded } from './session.ts';

// Pages before the sign-in need neither, and they are a quarter of what one would load.
const SessionEndedDialog = lazy(async () => ({
  default: (await import('./SessionEndedDialog.tsx')).SessionEndedDialog,
}));
const Toasts = lazy(async () => ({ default: (await import('../components/toasts.tsx')).Toasts }));

/** Around every page. */
export function RootFrame() {
  const ended = useSessionEnded();
  const isSignedIn = useSession() !== null;
  return (
    <>
      <Outlet />
      <Suspense>
        {isSignedIn && <Toasts />}
        {isSignedIn && ended && <SessionEndedDialog />}
      </Suspense>
    </>
  );
}

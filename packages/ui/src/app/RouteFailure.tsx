import { useRouter, type ErrorComponentProps } from '@tanstack/react-router';
import { Failure } from '../components/states.tsx';

/** When a page could not be opened at all. */
export function RouteFailure({ error, reset }: ErrorComponentProps) {
  const router = useRouter();
  const retry = () => {
    reset();
    void router.invalidate();
  };
  return (
    <main className="h-full bg-panel p-4">
      <h1 className="px-4 pt-2 text-title">Something failed</h1>
      <Failure what="this page" error={error instanceof Error ? error : new Error(String(error))} retry={retry} />
    </main>
  );
}

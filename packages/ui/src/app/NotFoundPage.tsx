import { Link, useLocation } from '@tanstack/react-router';
import { buttonClass } from '../components/Button.tsx';
import { State } from '../components/states.tsx';
import { useDocumentTitle } from './useDocumentTitle.ts';

export function NotFoundPage() {
  const { pathname } = useLocation();
  useDocumentTitle('Not found');
  return (
    <main className="flex h-full flex-col items-start bg-panel p-4">
      <h1 className="px-4 pt-2 text-title">Not found</h1>
      <State
        title="There is no page, project or trace at this address, or you may not see it."
        actions={
          <>
            <Link to="/" className={buttonClass()}>
              Open your project
            </Link>
            <a href={pathname}>Try again</a>
          </>
        }
      >
        <span className="data break-all">{pathname}</span>
      </State>
    </main>
  );
}

import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { TopBar } from './TopBar.tsx';
import { useProject } from './useProject.ts';

interface SettingsFrameProps {
  /** Something of the page is being loaded. */
  busy: boolean;
  children: ReactNode;
}

/** The settings of a project: what there is at the left, the chosen page beside it. */
export function SettingsFrame({ busy, children }: SettingsFrameProps) {
  const { project } = useProject();
  const params = { projectId: project.id };
  return (
    <main className="flex min-h-0 flex-1 flex-col" aria-busy={busy}>
      <TopBar title="Settings" />
      <div className="flex min-h-0 flex-1 max-drawer:flex-col">
        <nav
          aria-label="Settings"
          className="w-50 shrink-0 border-r py-2 max-drawer:flex max-drawer:w-full max-drawer:border-r-0 max-drawer:border-b max-drawer:py-0"
        >
          <h2 className="px-4 pt-2 pb-1 text-small text-text-3 max-drawer:hidden">Project {project.name}</h2>
          <Link to="/project/$projectId/settings/api-keys" params={params} className={itemClass} activeProps={active}>
            API keys
          </Link>
          <Link to="/project/$projectId/settings/models" params={params} className={itemClass} activeProps={active}>
            Models and prices
          </Link>
          <Link to="/project/$projectId/settings/audit-log" params={params} className={itemClass} activeProps={active}>
            Audit log
          </Link>
        </nav>
        {children}
      </div>
    </main>
  );
}

const itemClass =
  'relative block h-7 px-4 leading-7 text-text-2 no-underline outline-inside hover:bg-hover hover:text-text hover:no-underline aria-[current=page]:bg-selected aria-[current=page]:font-medium aria-[current=page]:text-text';
const active = { className: 'petrol-edge' };

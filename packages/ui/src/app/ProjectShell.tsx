import monoFont from '@fontsource-variable/geist-mono/files/geist-mono-latin-wght-normal.woff2?url';
import { Outlet, useNavigate } from '@tanstack/react-router';
import { preload } from 'react-dom';
import { useKeys } from './keys.ts';
import { Shell } from './Shell.tsx';
import { ProjectSidebar } from './Sidebar.tsx';
import { useProject } from './useProject.ts';

/** Sidebar and page of everything inside a project. */
export function ProjectShell() {
  // Measured values are on every page of a project, and on none before it.
  preload(monoFont, { as: 'font', type: 'font/woff2', crossOrigin: 'anonymous' });
  const { project } = useProject();
  const navigate = useNavigate();
  const params = { projectId: project.id };
  useKeys([
    { key: 'g t', does: 'Go to traces', run: () => void navigate({ to: '/project/$projectId/traces', params }) },
    { key: 'g p', does: 'Go to prompts', run: () => void navigate({ to: '/project/$projectId/prompts', params }) },
    {
      key: 'g ,',
      does: 'Go to settings',
      run: () => void navigate({ to: '/project/$projectId/settings/api-keys', params }),
    },
  ]);
  return (
    <Shell sidebar={(showKeys) => <ProjectSidebar showKeys={showKeys} />}>
      <Outlet />
    </Shell>
  );
}

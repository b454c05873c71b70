import monoFont from '@fontsource-variable/geist-mono/files/geist-mono-latin-wght-normal.woff2?url';
import { Outlet, useNavigate } from '@tanstack/react-router';
import { useState, useSyncExternalStore } from 'react';
import { preload } from 'react-dom';
import { Note } from '../components/states.tsx';
import { useKeys } from './keys.ts';
import { KeyListDialog } from './KeyListDialog.tsx';
import { setPreferences, usePreferences } from './preferences.ts';
import { Sidebar } from './Sidebar.tsx';
import { useProject } from './useProject.ts';

/** Sidebar and page of everything inside a project. */
export function ProjectShell() {
  // Measured values are on every page of a project, and on none before it.
  preload(monoFont, { as: 'font', type: 'font/woff2', crossOrigin: 'anonymous' });
  const { project } = useProject();
  const navigate = useNavigate();
  const { sidebar } = usePreferences();
  const [showsKeys, setShowsKeys] = useState(false);
  const online = useOnline();
  const params = { projectId: project.id };
  useKeys([
    { key: 'g t', does: 'Go to traces', run: () => void navigate({ to: '/project/$projectId/traces', params }) },
    {
      key: 'g ,',
      does: 'Go to settings',
      run: () => void navigate({ to: '/project/$projectId/settings/api-keys', params }),
    },
    {
      key: '[',
      does: 'Fold the sidebar',
      run: () => setPreferences({ sidebar: sidebar === 'open' ? 'closed' : 'open' }),
    },
    { key: '?', does: 'Show the keys of this page', run: () => setShowsKeys(true) },
  ]);
  return (
    <div className="flex h-full">
      <Sidebar showKeys={() => setShowsKeys(true)} />
      <div className="flex min-w-0 flex-1 flex-col bg-panel">
        {!online && <Note tone="warn">Offline. What is shown was loaded before.</Note>}
        <Outlet />
      </div>
      <KeyListDialog open={showsKeys} onClose={() => setShowsKeys(false)} />
    </div>
  );
}

const useOnline = () =>
  useSyncExternalStore(
    (listener) => {
      window.addEventListener('online', listener);
      window.addEventListener('offline', listener);
      return () => {
        window.removeEventListener('online', listener);
        window.removeEventListener('offline', listener);
      };
    },
    () => navigator.onLine,
  );

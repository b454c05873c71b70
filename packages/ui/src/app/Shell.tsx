import { useState, useSyncExternalStore, type ReactNode } from 'react';
import { Note } from '../components/states.tsx';
import { useKeys } from './keys.ts';
import { KeyListDialog } from './KeyListDialog.tsx';
import { setPreferences, usePreferences } from './preferences.ts';

interface ShellProps {
  sidebar: (showKeys: () => void) => ReactNode;
  children: ReactNode;
}

/** Sidebar and page of everything one reaches signed in. */
export function Shell({ sidebar, children }: ShellProps) {
  const preferences = usePreferences();
  const [showsKeys, setShowsKeys] = useState(false);
  const online = useOnline();
  useKeys([
    {
      key: '[',
      does: 'Fold the sidebar',
      run: () => setPreferences({ sidebar: preferences.sidebar === 'open' ? 'closed' : 'open' }),
    },
    { key: '?', does: 'Show the keys of this page', run: () => setShowsKeys(true) },
  ]);
  return (
    <div className="flex h-full">
      {sidebar(() => setShowsKeys(true))}
      <div className="flex min-w-0 flex-1 flex-col bg-panel">
        {!online && <Note tone="warn">Offline. What is shown was loaded before.</Note>}
        {children}
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

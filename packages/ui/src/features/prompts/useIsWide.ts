import { useSyncExternalStore } from 'react';

/** `--breakpoint-wide` of app.css. */
const wide = () => window.matchMedia('(width >= 1200px)');

/** Whether there is room beside the sidebar for what is good to have. */
export const useIsWide = (): boolean =>
  useSyncExternalStore(
    (listener) => {
      const query = wide();
      query.addEventListener('change', listener);
      return () => query.removeEventListener('change', listener);
    },
    () => wide().matches,
  );

import { Outlet } from '@tanstack/react-router';
import { SessionEndedDialog } from './SessionEndedDialog.tsx';

/** Around every page. */
export const RootFrame = () => (
  <>
    <Outlet />
    <SessionEndedDialog />
  </>
);

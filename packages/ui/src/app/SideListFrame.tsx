import type { ReactNode } from 'react';
import { TopBar } from './TopBar.tsx';

interface SideListFrameProps {
  title: string;
  /** What the list is of, for screen readers; the title unless given. */
  label?: string;
  /** Where the object is listed: a link before the title. */
  parent?: ReactNode;
  /** Actions of the page. */
  actions?: ReactNode;
  /** Something of the page is being loaded. */
  busy?: boolean;
  /** Links that look like `sideLink`, and titles. */
  list: ReactNode;
  children: ReactNode;
}

/** What there is at the left, the chosen page beside it. */
export const SideListFrame = ({ title, label = title, parent, actions, busy, list, children }: SideListFrameProps) => (
  <main className="flex min-h-0 flex-1 flex-col" aria-busy={busy}>
    <TopBar title={title} parent={parent}>
      {actions}
    </TopBar>
    <div className="flex min-h-0 flex-1 max-drawer:flex-col">
      <nav
        aria-label={label}
        className="w-50 shrink-0 overflow-y-auto border-r py-2 max-drawer:flex max-drawer:w-full max-drawer:overflow-x-auto max-drawer:overflow-y-hidden max-drawer:border-r-0 max-drawer:border-b max-drawer:py-0"
      >
        {list}
      </nav>
      {children}
    </div>
  </main>
);

/** Properties of a link of the list. */
export const sideLink = {
  className:
    'relative block h-7 shrink-0 truncate px-4 leading-7 text-text-2 no-underline outline-inside hover:bg-hover hover:text-text hover:no-underline aria-[current=page]:bg-selected aria-[current=page]:font-medium aria-[current=page]:text-text',
  activeProps: { className: 'petrol-edge' },
};

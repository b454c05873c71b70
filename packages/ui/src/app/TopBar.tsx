import type { ReactNode } from 'react';

interface TopBarProps {
  title: ReactNode;
  /** Where the object is listed: a link before the title. */
  parent?: ReactNode;
  children?: ReactNode;
}

/** Title and actions of a page, 44 px. */
export const TopBar = ({ title, parent, children }: TopBarProps) => (
  <header className="flex h-11 shrink-0 items-center gap-2 border-b px-4">
    <h1 className="flex min-w-0 items-center gap-1.5 text-title">
      {parent !== undefined && <span className="min-w-0 truncate font-normal text-text-3">{parent} /</span>}
      <span className="truncate" dir="auto">
        {title}
      </span>
    </h1>
    <span className="flex-1" />
    {children}
  </header>
);

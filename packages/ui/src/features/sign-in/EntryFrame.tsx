import type { ReactNode } from 'react';

/** One column for who is not in yet. */
export const EntryFrame = ({ title, children }: { title: string; children: ReactNode }) => (
  <main className="flex h-full items-start justify-center overflow-auto bg-panel p-4 pt-30 max-drawer:pt-10">
    <div className="w-full max-w-90 pb-10">
      <p className="mb-1 text-text-3">Tracehouse</p>
      <h1 className="mb-4 text-title">{title}</h1>
      {children}
    </div>
  </main>
);

/** What was refused, or nothing. */
export const Refusal = ({ children }: { children: ReactNode }) => (
  <p role="alert" className="text-small text-danger empty:hidden">
    {children}
  </p>
);

/** Other ways on, under a form. */
export const OtherWays = ({ children }: { children: ReactNode }) => (
  <div className="mt-4 flex flex-col gap-1 text-small text-text-2 empty:hidden">{children}</div>
);

/** Goes on within the page. */
export const LinkButton = ({ onClick, children }: { onClick: () => void; children: ReactNode }) => (
  <button
    type="button"
    onClick={onClick}
    className="cursor-pointer self-start text-accent hover:text-accent-hover hover:underline"
  >
    {children}
  </button>
);

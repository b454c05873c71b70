import { useEffect, useRef, useState, type ReactNode } from 'react';
import { tabClass } from '../../components/Tabs.tsx';

export interface PanelSection {
  /** Value of `tab` in the address. */
  id: string;
  label: string;
  count?: number;
  content: ReactNode;
}

interface PanelFrameProps {
  title: ReactNode;
  facts: ReactNode;
  /** Above the sections: what went wrong. */
  alert?: ReactNode;
  sections: PanelSection[];
  /** A view of its own at the right end. */
  json: ReactNode;
  tab: string | undefined;
  setTab: (tab: string) => void;
}

/**
 * Details of the selected row. The sections are one scroll; the tabs above jump to them and show where one is, so most
 * questions need no click.
 */
export function PanelFrame({ title, facts, alert, sections, json, tab, setTab }: PanelFrameProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const [here, setHere] = useState<string>();
  const showsJson = tab === 'json';
  const first = sections[0]?.id ?? '';
  const current = showsJson ? 'json' : (here ?? tab ?? first);
  // A link to a section opens there; later jumps are made by the tabs themselves.
  const asked = useRef(tab);
  useEffect(() => {
    if (asked.current !== undefined && asked.current !== 'json') jump(scroller.current, asked.current);
  }, []);
  const onScroll = () => {
    const box = scroller.current;
    if (!box) return;
    const passed = [...box.querySelectorAll<HTMLElement>('[data-section]')].filter(
      ({ offsetTop }) => offsetTop <= box.scrollTop + 8,
    );
    setHere(passed.at(-1)?.dataset['section']);
  };
  const choose = (id: string) => {
    setTab(id);
    setHere(id === 'json' ? undefined : id);
    if (id !== 'json') requestAnimationFrame(() => jump(scroller.current, id));
  };
  const tabProps = (id: string) => ({
    type: 'button' as const,
    role: 'tab',
    'aria-selected': current === id,
    'data-selected': current === id || undefined,
    className: tabClass,
    onClick: () => choose(id),
  });
  return (
    <section
      aria-label="Observation details"
      className="flex min-h-0 w-132 shrink-0 flex-col border-l max-wide:w-110 max-panel:h-1/2 max-panel:w-full max-panel:border-t max-panel:border-l-0"
    >
      <div className="flex items-center gap-2 px-4 pt-2.5">{title}</div>
      <div className="flex flex-wrap gap-x-4 gap-y-0.5 px-4 pt-0.5 pb-2 text-small text-text-3">{facts}</div>
      {alert}
      <div role="tablist" aria-label="Details" className="flex shrink-0 gap-4 overflow-x-auto border-b px-4">
        {sections.map(({ id, label, count }) => (
          <button key={id} {...tabProps(id)}>
            {label}
            {count !== undefined && count > 0 && <span className="font-normal text-text-3">{count}</span>}
          </button>
        ))}
        <span className="flex-1" />
        <button {...tabProps('json')}>JSON</button>
      </div>
      {showsJson ? (
        json
      ) : (
        <div
          ref={scroller}
          role="tabpanel"
          aria-label="Details"
          tabIndex={0}
          onScroll={onScroll}
          className="relative min-h-0 flex-1 overflow-y-auto outline-inside"
        >
          {sections.map(({ id, content }) => (
            <div key={id} data-section={id} className="border-t first:border-t-0">
              {content}
            </div>
          ))}
        </div>
      )}
    </section>
  );
}

function jump(box: HTMLElement | null, id: string): void {
  const section = box?.querySelector<HTMLElement>(`[data-section="${id}"]`);
  if (box && section) box.scrollTop = section.offsetTop;
}

/** One section below a hairline. */
export const Section = ({
  title,
  count,
  action,
  children,
}: {
  title?: string | undefined;
  count?: number;
  action?: ReactNode;
  children: ReactNode;
}) => (
  <section className="border-t px-4 py-3 first:border-t-0">
    {title !== undefined && (
      <h3 className="mb-2 flex items-center gap-2 text-small font-medium text-text-2">
        {title}
        {count !== undefined && count > 0 && <span className="font-normal text-text-3">{count}</span>}
        {action !== undefined && <span className="ml-auto">{action}</span>}
      </h3>
    )}
    {children}
  </section>
);

export const Fact = ({
  label,
  children,
  title,
}: {
  label?: string;
  children: ReactNode;
  title?: string | undefined;
}) => (
  <span title={title}>
    {label !== undefined && `${label} `}
    <b className="data font-medium text-text">{children}</b>
  </span>
);

import type { ReactNode } from 'react';
import { Tab, TabList, TabPanel, Tabs as AriaTabs } from 'react-aria-components/Tabs';

interface TabsProps<Id extends string> {
  label: string;
  tabs: readonly { id: Id; label: string }[];
  chosen: Id;
  onChoose: (id: Id) => void;
  /** Content of the chosen tab. */
  children: ReactNode;
}

/** Tabs with the petrol line below the chosen one. */
export function Tabs<Id extends string>({ label, tabs, chosen, onChoose, children }: TabsProps<Id>) {
  return (
    <AriaTabs selectedKey={chosen} onSelectionChange={(key) => onChoose(key as Id)}>
      <TabList aria-label={label} className="flex gap-4 overflow-x-auto border-b">
        {tabs.map((tab) => (
          <Tab key={tab.id} id={tab.id} className={tabClass}>
            {tab.label}
          </Tab>
        ))}
      </TabList>
      <TabPanel id={chosen} className="outline-none">
        {children}
      </TabPanel>
    </AriaTabs>
  );
}

/** Class names of one tab, for tab strips that are links or jump marks; `data-selected` or `aria-current` marks it. */
export const tabClass =
  'relative inline-flex h-8 cursor-default items-center gap-1.5 whitespace-nowrap text-text-2 no-underline outline-inside hover:text-text hover:no-underline data-[selected]:font-medium data-[selected]:text-text data-[selected]:after:absolute data-[selected]:after:inset-x-0 data-[selected]:after:-bottom-px data-[selected]:after:h-0.5 data-[selected]:after:bg-accent';

import { Check } from 'lucide-react';
import type { ReactNode } from 'react';
import { Header } from 'react-aria-components/Header';
import { Menu as AriaMenu, MenuItem, MenuSection, MenuTrigger } from 'react-aria-components/Menu';
import { Popover } from 'react-aria-components/Popover';
import { Icon } from './Icon.tsx';
import { layerClass } from './layer.ts';

export interface MenuEntry {
  id: string;
  label: string;
  /** Secondary text at the right. */
  hint?: string;
  /** Where it leads; else `onChoose` is told. */
  href?: string;
}

export interface MenuGroup {
  label: string;
  entries: readonly MenuEntry[];
  /** With it the group is a choice of one, or of many when it is a set. */
  chosen?: string | ReadonlySet<string>;
}

interface MenuProps {
  /** The `TriggerButton` that opens it. */
  children: ReactNode;
  label: string;
  groups: readonly MenuGroup[];
  onChoose: (id: string, group: string) => void;
  placement?: 'bottom start' | 'bottom end' | 'top start';
}

export function Menu({ children, label, groups, onChoose, placement = 'bottom start' }: MenuProps) {
  return (
    <MenuTrigger>
      {children}
      <Popover placement={placement} offset={4} className={layerClass}>
        <AriaMenu aria-label={label} className="max-h-110 min-w-48 overflow-auto py-1 outline-none">
          {groups.map((group) => (
            <MenuSection
              key={group.label}
              aria-label={group.label}
              {...(group.chosen !== undefined && {
                selectionMode: typeof group.chosen === 'string' ? ('single' as const) : ('multiple' as const),
                selectedKeys: typeof group.chosen === 'string' ? [group.chosen] : group.chosen,
                shouldCloseOnSelect: typeof group.chosen === 'string',
              })}
            >
              <Header className="px-3 pt-2 pb-1 text-small text-text-3">{group.label}</Header>
              {group.entries.map((entry) => (
                <MenuItem
                  key={entry.id}
                  id={entry.id}
                  textValue={entry.label}
                  {...(entry.href !== undefined && { href: entry.href })}
                  onAction={() => onChoose(entry.id, group.label)}
                  className="flex h-7 cursor-default items-center gap-2 px-3 text-text no-underline outline-none data-[focused]:bg-hover-raised"
                >
                  {({ isSelected }) => (
                    <>
                      {group.chosen !== undefined && (
                        <span className="flex w-3.5">{isSelected && <Icon of={Check} small />}</span>
                      )}
                      <span className="flex-1 truncate" dir="auto">
                        {entry.label}
                      </span>
                      {entry.hint !== undefined && <span className="text-small text-text-3">{entry.hint}</span>}
                    </>
                  )}
                </MenuItem>
              ))}
            </MenuSection>
          ))}
        </AriaMenu>
      </Popover>
    </MenuTrigger>
  );
}

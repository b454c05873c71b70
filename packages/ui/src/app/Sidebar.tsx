import { useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import {
  ChevronsUpDown,
  CircleHelp,
  CircleUserRound,
  DoorOpen,
  Settings,
  Waypoints,
  type LucideIcon,
} from 'lucide-react';
import type { ReactNode } from 'react';
import { TriggerButton } from '../components/TriggerButton.tsx';
import { classes } from '../components/class-names.ts';
import { Icon } from '../components/Icon.tsx';
import { Menu } from '../components/Menu.tsx';
import { setPreferences, usePreferences, type Preferences } from './preferences.ts';
import { projectsOf, signOut, useSession } from './session.ts';
import { useProject } from './useProject.ts';

/** 192 px, 52 when folded; folded by itself below 1200 px. */
export function Sidebar({ showKeys }: { showKeys: () => void }) {
  const { project } = useProject();
  const folded = usePreferences().sidebar === 'closed';
  const label = folded ? 'sr-only' : 'truncate max-wide:sr-only';
  const params = { projectId: project.id };
  return (
    <nav
      aria-label="Main"
      data-folded={folded || undefined}
      className={classes('flex shrink-0 flex-col border-r pb-2', folded ? 'w-13' : 'w-48 max-wide:w-13')}
    >
      <ProjectMenu labelClass={label} />
      <Group label="Observe" labelClass={label}>
        <Link to="/project/$projectId/traces" params={params} className={itemClass} activeProps={activeProps}>
          <Item icon={Waypoints} label="Traces" labelClass={label} />
        </Link>
      </Group>
      <div className="mt-auto border-t pt-2">
        <Link to="/project/$projectId/setup" params={params} className={itemClass} activeProps={activeProps}>
          <Item icon={DoorOpen} label="Set up tracing" labelClass={label} />
        </Link>
        <Link to="/project/$projectId/settings" params={params} className={itemClass} activeProps={activeProps}>
          <Item icon={Settings} label="Settings" labelClass={label} />
        </Link>
        <button type="button" onClick={showKeys} className={classes(itemClass, 'w-full cursor-default')}>
          <Item icon={CircleHelp} label="Keys and help" labelClass={label} />
          <kbd className={classes('ml-auto font-mono text-micro text-text-3', label)}>?</kbd>
        </button>
        <PersonMenu labelClass={label} />
      </div>
    </nav>
  );
}

const itemClass =
  'group/item relative flex h-7 items-center gap-2 pr-3 pl-4 text-text-2 no-underline outline-inside hover:bg-hover hover:text-text hover:no-underline aria-[current=page]:bg-selected aria-[current=page]:font-medium aria-[current=page]:text-text';
const activeProps = { className: 'petrol-edge' };

const Item = ({ icon, label, labelClass }: { icon: LucideIcon; label: string; labelClass: string }) => (
  <>
    <Icon of={icon} className="text-text-3 group-aria-[current=page]/item:text-accent" />
    <span className={labelClass}>{label}</span>
  </>
);

function Group({ label, labelClass, children }: { label: string; labelClass: string; children: ReactNode }) {
  return (
    <>
      <h2 className={classes('mt-3 mb-1 px-4 text-small text-text-3', labelClass)}>{label}</h2>
      <div>{children}</div>
    </>
  );
}

function ProjectMenu({ labelClass }: { labelClass: string }) {
  const here = useProject();
  const session = useSession();
  const navigate = useNavigate();
  const places = session ? projectsOf(session) : [];
  const organizations = [...new Map(places.map(({ organization }) => [organization.id, organization])).values()];
  return (
    <Menu
      label="Switch project"
      groups={organizations.map((organization) => ({
        label: organization.name,
        chosen: here.project.id,
        entries: places
          .filter((place) => place.organization.id === organization.id)
          .map(({ project }) => ({ id: project.id, label: project.name })),
      }))}
      onChoose={(projectId) => void navigate({ to: '/project/$projectId', params: { projectId } })}
    >
      <TriggerButton
        look="quiet"
        aria-label={`Project: ${here.organization.name} / ${here.project.name}`}
        className="h-11 w-full justify-start gap-2 rounded-none border-0 border-b border-line pr-3 pl-4 outline-inside"
      >
        {/* Names that do not fit on one line take two. */}
        <span
          className={classes('flex min-w-0 flex-1 flex-wrap gap-x-2 leading-4', labelClass)}
          title={`${here.organization.name} / ${here.project.name}`}
        >
          <span className="max-w-full truncate font-semibold text-text">{here.organization.name}</span>
          <span className="text-text-3">/</span>
          <span className="max-w-full truncate text-text">{here.project.name}</span>
        </span>
        <Icon of={ChevronsUpDown} small className="ml-auto text-text-3" />
      </TriggerButton>
    </Menu>
  );
}

const themes = { system: 'As the system', light: 'Light', dark: 'Dark' };
const densities = { compact: 'Compact', standard: 'Standard', roomy: 'Roomy' };
const zones = { browser: 'Of this browser', UTC: 'UTC' };
const entries = (words: Record<string, string>) => Object.entries(words).map(([id, label]) => ({ id, label }));

function PersonMenu({ labelClass }: { labelClass: string }) {
  const session = useSession();
  const preferences = usePreferences();
  const client = useQueryClient();
  const navigate = useNavigate();
  const leave = async () => {
    await signOut(client);
    await navigate({ to: '/sign-in' });
  };
  const choose = (id: string, group: string) => {
    if (group === 'Theme') setPreferences({ theme: id as Preferences['theme'] });
    else if (group === 'Density') setPreferences({ density: id as Preferences['density'] });
    else if (group === 'Time zone') setPreferences({ zone: id as Preferences['zone'] });
    else if (id === 'account') void navigate({ to: '/account/profile' });
    else void leave();
  };
  const name = session?.user.name ?? session?.user.email ?? '';
  return (
    <Menu
      label="You and your preferences"
      placement="top start"
      groups={[
        { label: 'Theme', chosen: preferences.theme, entries: entries(themes) },
        { label: 'Density', chosen: preferences.density, entries: entries(densities) },
        { label: 'Time zone', chosen: preferences.zone, entries: entries(zones) },
        {
          label: session?.user.email ?? 'Account',
          entries: [
            { id: 'account', label: 'Your account' },
            { id: 'sign-out', label: 'Sign out' },
          ],
        },
      ]}
      onChoose={choose}
    >
      <TriggerButton
        look="quiet"
        aria-label={`You: ${name}`}
        className="w-full justify-start gap-2 rounded-none border-0 pr-3 pl-4 outline-inside"
      >
        <Icon of={CircleUserRound} className="text-text-3" />
        <span className={labelClass} dir="auto">
          {name}
        </span>
      </TriggerButton>
    </Menu>
  );
}

import { useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import {
  ChevronsUpDown,
  CircleHelp,
  CircleUserRound,
  DoorOpen,
  FolderKanban,
  Settings,
  SquarePen,
  Waypoints,
  type LucideIcon,
} from 'lucide-react';
import type { ReactNode } from 'react';
import { TriggerButton } from '../components/TriggerButton.tsx';
import { classes } from '../components/class-names.ts';
import { Icon } from '../components/Icon.tsx';
import { Menu } from '../components/Menu.tsx';
import { setPreferences, usePreferences, type Preferences } from './preferences.ts';
import { signOut, useSession } from './session.ts';
import { useOrganization } from './useOrganization.ts';
import { useProject } from './useProject.ts';

/** Of the pages of a project. */
export function ProjectSidebar({ showKeys }: { showKeys: () => void }) {
  const { project, organization } = useProject();
  const label = useLabelClass();
  const params = { projectId: project.id };
  return (
    <Sidebar
      place={<PlaceMenu organization={organization} project={project} labelClass={label} />}
      showKeys={showKeys}
      bottom={
        <>
          <Link to="/project/$projectId/setup" params={params} className={itemClass} activeProps={activeProps}>
            <Item icon={DoorOpen} label="Set up tracing" labelClass={label} />
          </Link>
          <Link to="/project/$projectId/settings" params={params} className={itemClass} activeProps={activeProps}>
            <Item icon={Settings} label="Settings" labelClass={label} />
          </Link>
        </>
      }
    >
      <Group label="Observe" labelClass={label}>
        <Link to="/project/$projectId/traces" params={params} className={itemClass} activeProps={activeProps}>
          <Item icon={Waypoints} label="Traces" labelClass={label} />
        </Link>
      </Group>
      <Group label="Improve" labelClass={label}>
        <Link to="/project/$projectId/prompts" params={params} className={itemClass} activeProps={activeProps}>
          <Item icon={SquarePen} label="Prompts" labelClass={label} />
        </Link>
      </Group>
    </Sidebar>
  );
}

/** Of the pages of an organization. */
export function OrganizationSidebar({ showKeys }: { showKeys: () => void }) {
  const organization = useOrganization();
  const label = useLabelClass();
  const params = { organizationId: organization.id };
  return (
    <Sidebar
      place={<PlaceMenu organization={organization} labelClass={label} />}
      showKeys={showKeys}
      bottom={
        <Link
          to="/organization/$organizationId/settings"
          params={params}
          className={itemClass}
          activeProps={activeProps}
        >
          <Item icon={Settings} label="Settings" labelClass={label} />
        </Link>
      }
    >
      <Group label="Organization" labelClass={label}>
        <Link
          to="/organization/$organizationId"
          params={params}
          activeOptions={{ exact: true }}
          className={itemClass}
          activeProps={activeProps}
        >
          <Item icon={FolderKanban} label="Projects" labelClass={label} />
        </Link>
      </Group>
    </Sidebar>
  );
}

const useLabelClass = () => (usePreferences().sidebar === 'closed' ? 'sr-only' : 'truncate max-wide:sr-only');

interface SidebarProps {
  /** Where one is, and how to get elsewhere. */
  place: ReactNode;
  showKeys: () => void;
  children: ReactNode;
  /** Above help and the person. */
  bottom: ReactNode;
}

/** 192 px, 52 when folded; folded by itself below 1200 px. */
function Sidebar({ place, showKeys, children, bottom }: SidebarProps) {
  const folded = usePreferences().sidebar === 'closed';
  const label = useLabelClass();
  return (
    <nav
      aria-label="Main"
      data-folded={folded || undefined}
      className={classes('flex shrink-0 flex-col border-r pb-2', folded ? 'w-13' : 'w-48 max-wide:w-13')}
    >
      {place}
      {children}
      <div className="mt-auto border-t pt-2">
        {bottom}
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

interface PlaceMenuProps {
  organization: { id: string; name: string };
  /** Of pages inside a project. */
  project?: { id: string; name: string };
  labelClass: string;
}

/** Where one is: opens the projects of every organization, and the organizations themselves. */
function PlaceMenu({ organization: here, project, labelClass }: PlaceMenuProps) {
  const session = useSession();
  const navigate = useNavigate();
  const organizations = session?.organizations ?? [];
  const path = project === undefined ? here.name : `${here.name} / ${project.name}`;
  return (
    <Menu
      label="Switch project"
      groups={[
        ...organizations
          .filter(({ projects }) => projects.length > 0)
          .map((organization) => ({
            label: organization.name,
            chosen: project?.id ?? '',
            entries: organization.projects.map(({ id, name }) => ({ id, label: name })),
          })),
        {
          label: 'Organizations',
          entries: [
            ...organizations.map(({ id, name }) => ({ id: `${ORGANIZATION}${id}`, label: name })),
            { id: ALL, label: 'All organizations' },
          ],
        },
      ]}
      onChoose={(id) => {
        if (id === ALL) void navigate({ to: '/organizations' });
        else if (id.startsWith(ORGANIZATION)) {
          const organizationId = id.slice(ORGANIZATION.length);
          void navigate({ to: '/organization/$organizationId', params: { organizationId } });
        } else void navigate({ to: '/project/$projectId', params: { projectId: id } });
      }}
    >
      <TriggerButton
        look="quiet"
        aria-label={project === undefined ? `Organization: ${path}` : `Project: ${path}`}
        className="h-11 w-full justify-start gap-2 rounded-none border-0 border-b border-line pr-3 pl-4 outline-inside"
      >
        {/* Names that do not fit on one line take two. */}
        <span className={classes('flex min-w-0 flex-1 flex-wrap gap-x-2 leading-4', labelClass)} title={path}>
          <span className="max-w-full truncate font-semibold text-text">{here.name}</span>
          {project !== undefined && (
            <>
              <span className="text-text-3">/</span>
              <span className="max-w-full truncate text-text">{project.name}</span>
            </>
          )}
        </span>
        <Icon of={ChevronsUpDown} small className="ml-auto text-text-3" />
      </TriggerButton>
    </Menu>
  );
}

/** Keys of entries that are no project; a colon first, which no id of ours has. */
const ORGANIZATION = ':organization ';
const ALL = ':all';

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

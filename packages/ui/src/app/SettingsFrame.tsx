import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { SideListFrame, sideLink } from './SideListFrame.tsx';
import { useOrganization } from './useOrganization.ts';
import { useProject } from './useProject.ts';

interface SettingsFrameProps {
  /** Something of the page is being loaded. */
  busy: boolean;
  children: ReactNode;
}

/** The settings of a project: what there is at the left, the chosen page beside it. */
export function SettingsFrame({ busy, children }: SettingsFrameProps) {
  const { project, organization } = useProject();
  const params = { projectId: project.id };
  const item = { params, ...sideLink };
  return (
    <SideListFrame
      title="Settings"
      busy={busy}
      list={
        <>
          <ListTitle>Project {project.name}</ListTitle>
          <Link to="/project/$projectId/settings/general" {...item}>
            General
          </Link>
          <Link to="/project/$projectId/settings/members" {...item}>
            Members
          </Link>
          <Link to="/project/$projectId/settings/api-keys" {...item}>
            API keys
          </Link>
          <Link to="/project/$projectId/settings/models" {...item}>
            Models and prices
          </Link>
          <Link to="/project/$projectId/settings/prompts" {...item}>
            Prompts
          </Link>
          <Link to="/project/$projectId/settings/audit-log" {...item}>
            Audit log
          </Link>
          <ListTitle>Organization {organization.name}</ListTitle>
          <Link
            to="/organization/$organizationId/settings"
            params={{ organizationId: organization.id }}
            className={sideLink.className}
          >
            Organization settings
          </Link>
        </>
      }
    >
      {children}
    </SideListFrame>
  );
}

/** The same of an organization. */
export function OrganizationSettingsFrame({ busy, children }: SettingsFrameProps) {
  const organization = useOrganization();
  const item = { params: { organizationId: organization.id }, ...sideLink };
  return (
    <SideListFrame
      title="Settings"
      busy={busy}
      list={
        <>
          <ListTitle>Organization {organization.name}</ListTitle>
          <Link to="/organization/$organizationId/settings/general" {...item}>
            General
          </Link>
          <Link to="/organization/$organizationId/settings/members" {...item}>
            Members
          </Link>
          <Link to="/organization/$organizationId/settings/api-keys" {...item}>
            API keys
          </Link>
          <Link to="/organization/$organizationId/settings/sso" {...item}>
            SSO and SCIM
          </Link>
          <Link to="/organization/$organizationId/settings/audit-log" {...item}>
            Audit log
          </Link>
        </>
      }
    >
      {children}
    </SideListFrame>
  );
}

const ListTitle = ({ children }: { children: ReactNode }) => (
  <h2 className="truncate px-4 pt-2 pb-1 text-small text-text-3 max-drawer:hidden">{children}</h2>
);

/** Title, what the page is for, its action, and its content, as wide as a form or a short table wants. */
export function SettingsPage({
  title,
  about,
  action,
  children,
}: {
  title: string;
  about: ReactNode;
  action?: ReactNode;
  children: ReactNode;
}) {
  return (
    <div className="min-w-0 flex-1 overflow-auto">
      <div className="max-w-210 px-6 py-4">
        <div className="mb-3 flex items-start gap-4">
          <div className="flex-1">
            <h2 className="text-lead">{title}</h2>
            <p className="text-text-2">{about}</p>
          </div>
          {action}
        </div>
        {children}
      </div>
    </div>
  );
}

import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { missingRole } from '../../app/session.ts';
import { SettingsFrame } from '../../app/SettingsFrame.tsx';
import { useDocumentTitle } from '../../app/useDocumentTitle.ts';
import { useProject } from '../../app/useProject.ts';
import { AuditLog } from './AuditLog.tsx';
import { useAuditLines } from './useAuditLog.ts';

/** The audit log of a project, among its settings. */
export function ProjectAuditLogPage() {
  const { project } = useProject();
  useDocumentTitle('Audit log', project.name);
  const search = useSearch({ from: '/project/$projectId/settings/audit-log' });
  const navigate = useNavigate({ from: '/project/$projectId/settings/audit-log' });
  const place = { project: project.id };
  const blocked = missingRole(project, 'ADMIN');
  const lines = useAuditLines(place, search, blocked === undefined);
  return (
    <SettingsFrame busy={lines.isFetching}>
      <AuditLog
        place={place}
        lines={lines}
        of={`project ${project.name}`}
        blocked={blocked}
        search={search}
        setSearch={(next, replace = false) => void navigate({ search: next, replace })}
        link={(next, { className, tabIndex, 'aria-label': label }) => (
          <Link
            to="/project/$projectId/settings/audit-log"
            params={{ projectId: project.id }}
            search={next}
            data-row-link
            className={className}
            tabIndex={tabIndex}
            aria-label={label}
          />
        )}
      />
    </SettingsFrame>
  );
}

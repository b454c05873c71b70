import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { missingRole } from '../../app/session.ts';
import { OrganizationSettingsFrame } from '../../app/SettingsFrame.tsx';
import { useDocumentTitle } from '../../app/useDocumentTitle.ts';
import { useOrganization } from '../../app/useOrganization.ts';
import { AuditLog } from './AuditLog.tsx';
import { useAuditLines } from './useAuditLog.ts';

/** The audit log of an organization and its projects, among its settings. */
export function OrganizationAuditLogPage() {
  const organization = useOrganization();
  useDocumentTitle('Audit log', organization.name);
  const search = useSearch({ from: '/organization/$organizationId/settings/audit-log' });
  const navigate = useNavigate({ from: '/organization/$organizationId/settings/audit-log' });
  const place = { organization: organization.id };
  const blocked = missingRole(organization, 'ADMIN', 'organization');
  const lines = useAuditLines(place, search, blocked === undefined);
  return (
    <OrganizationSettingsFrame busy={lines.isFetching}>
      <AuditLog
        place={place}
        lines={lines}
        of={`organization ${organization.name}`}
        blocked={blocked}
        search={search}
        setSearch={(next, replace = false) => void navigate({ search: next, replace })}
        link={(next, { className, tabIndex, 'aria-label': label }) => (
          <Link
            to="/organization/$organizationId/settings/audit-log"
            params={{ organizationId: organization.id }}
            search={next}
            data-row-link
            className={className}
            tabIndex={tabIndex}
            aria-label={label}
          />
        )}
      />
    </OrganizationSettingsFrame>
  );
}

import { useNavigate } from '@tanstack/react-router';
import { missingRole } from '../../app/session.ts';
import { OrganizationSettingsFrame, SettingsPage } from '../../app/SettingsFrame.tsx';
import { useDocumentTitle } from '../../app/useDocumentTitle.ts';
import { useOrganization } from '../../app/useOrganization.ts';
import { tell } from '../../components/toasts.tsx';
import {
  useDeleteOrganization,
  useOrganizationDetails,
  useRenameOrganization,
} from '../organization/useOrganizations.ts';
import { DeleteSection } from './DeleteSection.tsx';
import { IdFact } from './IdFact.tsx';
import { NameForm } from './NameForm.tsx';

export function OrganizationGeneralPage() {
  const organization = useOrganization();
  useDocumentTitle('General', organization.name);
  const details = useOrganizationDetails(organization.id);
  const rename = useRenameOrganization(organization.id);
  const remove = useDeleteOrganization(organization.id);
  const navigate = useNavigate();
  const projects = organization.projects.length;
  return (
    <OrganizationSettingsFrame busy={details.isFetching}>
      <SettingsPage title="General" about="Name and identity of the organization.">
        <NameForm
          key={organization.name}
          name={organization.name}
          rename={rename}
          blocked={missingRole(organization, 'ADMIN', 'organization')}
        />
        <dl className="mt-4 grid grid-cols-fact items-center gap-x-3 text-small">
          <IdFact what="Organization" id={organization.id} />
          <dt className="text-text-3">Owners</dt>
          <dd dir="auto">{details.data?.owners.join(', ') ?? ''}</dd>
        </dl>
        <DeleteSection
          what="organization"
          name={organization.name}
          remove={remove}
          onDeleted={() => {
            tell(`Deleted ${organization.name}`);
            void navigate({ to: '/organizations' });
          }}
          blocked={
            missingRole(organization, 'OWNER', 'organization') ??
            (projects > 0 ? `Delete its ${projects === 1 ? 'project' : `${projects} projects`} first.` : undefined)
          }
          about="Its members lose access and its keys stop. This cannot be undone."
        >
          Its members lose access, its keys, invitations and audit log go. This cannot be undone.
        </DeleteSection>
      </SettingsPage>
    </OrganizationSettingsFrame>
  );
}

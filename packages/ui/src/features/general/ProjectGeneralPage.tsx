import { useQueryClient } from '@tanstack/react-query';
import { useRouter } from '@tanstack/react-router';
import { isAtLeast } from '@tracehouse/contract/roles';
import { useState } from 'react';
import { missingRole, refreshPlaces, useSession } from '../../app/session.ts';
import { SettingsFrame, SettingsPage } from '../../app/SettingsFrame.tsx';
import { useDocumentTitle } from '../../app/useDocumentTitle.ts';
import { useProject } from '../../app/useProject.ts';
import { Button } from '../../components/Button.tsx';
import { fieldClass } from '../../components/Field.tsx';
import { tell } from '../../components/toasts.tsx';
import { DeleteSection } from './DeleteSection.tsx';
import { IdFact } from './IdFact.tsx';
import { NameForm } from './NameForm.tsx';
import { useDeleteProject, useRenameProject, useTransferProject } from './useProjectSettings.ts';

export function ProjectGeneralPage() {
  const { project, organization } = useProject();
  useDocumentTitle('General', project.name);
  const rename = useRenameProject(project.id);
  const remove = useDeleteProject(project.id);
  const client = useQueryClient();
  const router = useRouter();
  const leave = async () => {
    tell(`Deleting ${project.name}`);
    await router.navigate({ to: '/organization/$organizationId', params: { organizationId: organization.id } });
    await refreshPlaces(client, router);
  };
  return (
    <SettingsFrame busy={false}>
      <SettingsPage title="General" about="Name and identity of the project.">
        <NameForm key={project.name} name={project.name} rename={rename} blocked={missingRole(project, 'ADMIN')} />
        <dl className="mt-4 grid grid-cols-fact items-center gap-x-3 text-small">
          <IdFact what="Project" id={project.id} />
        </dl>
        <TransferSection />
        <DeleteSection
          what="project"
          name={project.name}
          remove={remove}
          onDeleted={() => void leave()}
          blocked={missingRole(project, 'OWNER')}
          about="All its traces, scores, files, models and keys go. This cannot be undone."
        >
          All its traces, observations, scores, files, models and API keys go; clients that send to it are refused at
          once. The data is removed in the background, which the page of {organization.name} shows. This cannot be
          undone.
        </DeleteSection>
      </SettingsPage>
    </SettingsFrame>
  );
}

/** Only for who may make projects in another organization too. */
function TransferSection() {
  const { project, organization } = useProject();
  const session = useSession();
  const transfer = useTransferProject(project.id, organization.id);
  const client = useQueryClient();
  const router = useRouter();
  const here = session?.organizations.find(({ id }) => id === organization.id);
  const others = session?.organizations.filter(({ id, role }) => id !== organization.id && isAtLeast(role, 'ADMIN'));
  const [to, setTo] = useState('');
  if (!here || !others?.length) return null;
  const target = others.find(({ id }) => id === to);
  const blocked =
    missingRole(here, 'ADMIN', 'organization') ?? (target === undefined ? 'Choose an organization first' : undefined);
  return (
    <section className="mt-8 border-t pt-4">
      <h3 className="text-lead">Move to another organization</h3>
      <p className="mb-2 text-text-2">
        Data, keys and addresses stay as they are. Members of {organization.name} lose access, roles given in the
        project end.
      </p>
      <div className="flex items-center gap-2">
        <select
          aria-label="Organization to move to"
          value={to}
          onChange={(event) => setTo(event.target.value)}
          className={fieldClass}
        >
          <option value="">Choose …</option>
          {others.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </select>
        <Button
          disabledBecause={blocked}
          onClick={() =>
            transfer.mutate(to, {
              onSuccess: () => {
                tell(`Moved ${project.name} to ${target?.name ?? ''}`);
                void refreshPlaces(client, router);
              },
            })
          }
        >
          {transfer.isPending ? 'Moving …' : 'Move project'}
        </Button>
      </div>
      {transfer.isError && (
        <p role="alert" className="mt-2 text-small text-danger">
          {transfer.error.message}
        </p>
      )}
    </section>
  );
}

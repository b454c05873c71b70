import { useNavigate } from '@tanstack/react-router';
import { useState, type FormEvent } from 'react';
import { missingRole } from '../../app/session.ts';
import { OrganizationSettingsFrame, SettingsPage } from '../../app/SettingsFrame.tsx';
import { useDocumentTitle } from '../../app/useDocumentTitle.ts';
import { useOrganization } from '../../app/useOrganization.ts';
import { Button } from '../../components/Button.tsx';
import { CopyButton } from '../../components/CopyButton.tsx';
import { Field } from '../../components/Field.tsx';
import { tell } from '../../components/toasts.tsx';
import { TypedConfirmation } from '../../components/TypedConfirmation.tsx';
import { useDeleteOrganization, useOrganizationDetails, useRenameOrganization } from './useOrganizations.ts';

export function OrganizationGeneralPage() {
  const organization = useOrganization();
  const details = useOrganizationDetails(organization.id);
  useDocumentTitle('General', organization.name);
  return (
    <OrganizationSettingsFrame busy={details.isFetching}>
      <SettingsPage title="General" about="Name and identity of the organization.">
        <NameForm key={organization.name} />
        <dl className="mt-4 grid grid-cols-fact items-center gap-x-3 text-small">
          <dt className="text-text-3">Organization id</dt>
          <dd className="flex items-center gap-1">
            <span className="code truncate">{organization.id}</span>
            <CopyButton text={organization.id} label="Copy organization id" />
          </dd>
          <dt className="text-text-3">Owners</dt>
          <dd dir="auto">{details.data?.owners.join(', ') ?? ''}</dd>
        </dl>
        <DeleteSection />
      </SettingsPage>
    </OrganizationSettingsFrame>
  );
}

function NameForm() {
  const organization = useOrganization();
  const rename = useRenameOrganization(organization.id);
  const [name, setName] = useState(organization.name);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    rename.mutate(name.trim(), { onSuccess: () => tell('Saved') });
  };
  return (
    <form onSubmit={submit} className="flex max-w-100 flex-col gap-3">
      <Field
        label="Name"
        value={name}
        required
        maxLength={60}
        problem={rename.error?.message}
        onChange={(event) => setName(event.target.value)}
      />
      <div>
        <Button type="submit" look="primary" disabledBecause={missingRole(organization, 'ADMIN', 'organization')}>
          {rename.isPending ? 'Saving …' : 'Save'}
        </Button>
      </div>
    </form>
  );
}

function DeleteSection() {
  const organization = useOrganization();
  const remove = useDeleteOrganization(organization.id);
  const navigate = useNavigate();
  const [isAsking, setIsAsking] = useState(false);
  const projects = organization.projects.length;
  const blocked =
    missingRole(organization, 'OWNER', 'organization') ??
    (projects > 0 ? `Delete its ${projects === 1 ? 'project' : `${projects} projects`} first.` : undefined);
  return (
    <section className="mt-8 border-t pt-4">
      <h3 className="text-lead">Delete this organization</h3>
      <p className="mb-2 text-text-2">
        {blocked ?? 'Its members lose access and its keys stop. This cannot be undone.'}
      </p>
      <Button look="danger" onClick={() => setIsAsking(true)} disabledBecause={blocked}>
        Delete organization
      </Button>
      <TypedConfirmation
        key={String(isAsking)}
        title={`Delete ${organization.name}?`}
        open={isAsking}
        close={() => setIsAsking(false)}
        name={organization.name}
        action="Delete organization"
        isPending={remove.isPending}
        error={remove.error}
        onConfirm={() =>
          remove.mutate(undefined, {
            onSuccess: () => {
              tell(`Deleted ${organization.name}`);
              void navigate({ to: '/organizations' });
            },
          })
        }
      >
        Its members lose access, its keys, invitations and audit log go. This cannot be undone.
      </TypedConfirmation>
    </section>
  );
}

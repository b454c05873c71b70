import type { ApiKey, CreatedApiKey } from '@tracehouse/contract/x-api-keys';
import { useState, type FormEvent, type ReactNode } from 'react';
import { missingRole } from '../../app/session.ts';
import { OrganizationSettingsFrame, SettingsFrame, SettingsPage } from '../../app/SettingsFrame.tsx';
import { useDocumentTitle } from '../../app/useDocumentTitle.ts';
import { useOrganization } from '../../app/useOrganization.ts';
import { useProject } from '../../app/useProject.ts';
import { Button } from '../../components/Button.tsx';
import { Cancel } from '../../components/Cancel.tsx';
import { CopyButton } from '../../components/CopyButton.tsx';
import { Dialog } from '../../components/Dialog.tsx';
import { formatKey } from '../../components/formats.ts';
import { Failure, Loading, SkeletonRows, State } from '../../components/states.tsx';
import { tell } from '../../components/toasts.tsx';
import { ApiKeysTable } from './ApiKeysTable.tsx';
import { type KeyOwner, useApiKeys, useCreateApiKey, useRevokeApiKey } from './useApiKeys.ts';

interface ApiKeysProps {
  owner: KeyOwner;
  /** Why this person may not make or revoke keys. */
  blocked: string | undefined;
  about: string;
  /** Below the list. */
  children: ReactNode;
}

/** The keys of a project or an organization: makes, shows and revokes them. */
function ApiKeys({ owner, blocked, about, children }: ApiKeysProps) {
  const keys = useApiKeys(owner);
  const [isCreating, setIsCreating] = useState(false);
  const [revoking, setRevoking] = useState<ApiKey | null>(null);
  return (
    <>
      <SettingsPage
        title="API keys"
        about={about}
        action={
          <Button onClick={() => setIsCreating(true)} disabledBecause={blocked}>
            Create key
          </Button>
        }
      >
        {keys.isPending ? (
          <Loading label="Loading API keys" skeleton={<SkeletonRows rows={3} widths={['flex-1', 'w-24', 'w-16']} />} />
        ) : keys.isError ? (
          <Failure what="API keys" error={keys.error} retry={() => void keys.refetch()} />
        ) : keys.data.data.length === 0 ? (
          <State title="No API keys yet.">Create one for each client, so that you can revoke it alone.</State>
        ) : (
          <ApiKeysTable rows={keys.data.data.map((key) => ({ key, blocked, revoke: () => setRevoking(key) }))} />
        )}
        {children}
      </SettingsPage>
      <CreateDialog key={String(isCreating)} owner={owner} open={isCreating} close={() => setIsCreating(false)} />
      <RevokeDialog owner={owner} apiKey={revoking} close={() => setRevoking(null)} />
    </>
  );
}

export function ApiKeysPage() {
  const { project } = useProject();
  useDocumentTitle('API keys', project.name);
  return (
    <SettingsFrame busy={false}>
      <ApiKeys
        owner={{ project: project.id }}
        blocked={missingRole(project, 'ADMIN')}
        about="A key pair lets a client write traces and read this project. The secret is shown once."
      >
        <Addresses />
      </ApiKeys>
    </SettingsFrame>
  );
}

export function OrganizationApiKeysPage() {
  const organization = useOrganization();
  useDocumentTitle('API keys', organization.name);
  const blocked = missingRole(organization, 'OWNER', 'organization');
  return (
    <OrganizationSettingsFrame busy={false}>
      {blocked === undefined ? (
        <ApiKeys
          owner={{ organization: organization.id }}
          blocked={undefined}
          about="A key of the organization manages its projects, members and people by the REST API and SCIM. It sends and reads no traces."
        >
          <section className="pt-5">
            <h2 className="mb-1.5 text-lead">Where it is used</h2>
            <dl className="grid grid-cols-fact items-center gap-x-3 text-small">
              <dt className="text-text-3">REST API</dt>
              <Value text={`${location.origin}/api/public/organizations/memberships`} label="Copy address" />
              <dt className="text-text-3">SCIM 2.0</dt>
              <Value text={`${location.origin}/api/public/scim`} label="Copy SCIM address" />
            </dl>
          </section>
        </ApiKeys>
      ) : (
        <State title="Keys of the organization are for its owners.">{blocked}</State>
      )}
    </OrganizationSettingsFrame>
  );
}

const Addresses = () => (
  <section className="pt-5">
    <h2 className="mb-1.5 text-lead">Where clients send to</h2>
    <dl className="grid grid-cols-fact items-center gap-x-3 text-small">
      <dt className="text-text-3">Address</dt>
      <Value text={location.origin} label="Copy address" />
      <dt className="text-text-3">OpenTelemetry, HTTP</dt>
      <Value text={`${location.origin}/api/public/otel/v1/traces`} label="Copy OpenTelemetry address" />
    </dl>
  </section>
);

const Value = ({ text, label }: { text: string; label: string }) => (
  <dd className="flex items-center gap-1">
    <span className="code truncate">{text}</span>
    <CopyButton text={text} label={label} />
  </dd>
);

function CreateDialog({ owner, open, close }: { owner: KeyOwner; open: boolean; close: () => void }) {
  const create = useCreateApiKey(owner);
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    create.mutate(String(new FormData(event.currentTarget).get('note')).trim());
  };
  if (create.data) {
    return (
      <Dialog title="Key created" open={open} wide>
        <CreatedKey created={create.data} isOfProject={'project' in owner} close={close} />
      </Dialog>
    );
  }
  return (
    <Dialog title="Create a key" open={open} onClose={close}>
      <form onSubmit={submit} className="mt-2 flex flex-col gap-3">
        <label className="flex flex-col gap-1 text-small text-text-2">
          Name
          <input
            name="note"
            maxLength={200}
            autoComplete="off"
            placeholder="Shop backend"
            className="h-7 rounded-control border border-line-strong bg-raised px-2 text-body text-text"
          />
        </label>
        {create.isError && (
          <p role="alert" className="text-small text-danger">
            The key was not created. {create.error.message}
          </p>
        )}
        <div className="flex gap-2">
          <Button type="submit" look="primary">
            {create.isPending ? 'Creating …' : 'Create key'}
          </Button>
          <Cancel close={close} />
        </div>
      </form>
    </Dialog>
  );
}

interface CreatedKeyProps {
  created: CreatedApiKey;
  /** Its clients read these variables. */
  isOfProject: boolean;
  close: () => void;
}

/** The one time the secret is shown. The dialog stays until it is closed on purpose. */
function CreatedKey({ created, isOfProject, close }: CreatedKeyProps) {
  const environment = [
    `LANGFUSE_PUBLIC_KEY="${created.publicKey}"`,
    `LANGFUSE_SECRET_KEY="${created.secretKey}"`,
    `LANGFUSE_BASE_URL="${location.origin}"`,
  ].join('\n');
  return (
    <>
      <p className="mb-3 text-text-2">Copy the secret now: it is not shown again.</p>
      <dl className="grid grid-cols-fact items-center gap-x-3">
        <dt className="text-small text-text-3">Public key</dt>
        <Value text={created.publicKey} label="Copy public key" />
        <dt className="text-small text-text-3">Secret key</dt>
        <Value text={created.secretKey} label="Copy secret key" />
      </dl>
      {isOfProject ? (
        <div className="relative mt-3 mb-4 bg-sunken px-3 py-2.5">
          <pre className="code overflow-x-auto">{environment}</pre>
          <CopyButton text={environment} label="Copy as .env" className="absolute top-1.5 right-1.5" />
        </div>
      ) : (
        <div className="h-4" />
      )}
      <Button look="primary" onClick={close}>
        I have copied the secret
      </Button>
    </>
  );
}

function RevokeDialog({ owner, apiKey, close }: { owner: KeyOwner; apiKey: ApiKey | null; close: () => void }) {
  const revoke = useRevokeApiKey(owner);
  const confirm = () => {
    if (!apiKey) return;
    revoke.mutate(apiKey, {
      onSuccess: () => {
        tell(`Revoked ${apiKey.note ?? formatKey(apiKey.publicKey)}`);
        close();
      },
    });
  };
  return (
    <Dialog
      title={`Revoke ${apiKey?.note ?? formatKey(apiKey?.publicKey ?? '')}?`}
      open={apiKey !== null}
      onClose={close}
    >
      <p className="text-text-2">
        Clients that use <span className="data">{formatKey(apiKey?.publicKey ?? '')}</span> are refused from their next
        request on. What they sent stays. This cannot be undone.
      </p>
      {revoke.isError && (
        <p role="alert" className="mt-2 text-small text-danger">
          The key was not revoked. {revoke.error.message}
        </p>
      )}
      <div className="mt-4 flex gap-2">
        <Button look="danger" onClick={confirm}>
          {revoke.isPending ? 'Revoking …' : 'Revoke key'}
        </Button>
        <Cancel close={close} />
      </div>
    </Dialog>
  );
}

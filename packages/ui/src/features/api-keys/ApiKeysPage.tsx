import type { ApiKey, CreatedApiKey } from '@tracehouse/contract/x-api-keys';
import { useState, type FormEvent } from 'react';
import { missingRole } from '../../app/session.ts';
import { SettingsFrame } from '../../app/SettingsFrame.tsx';
import { useDocumentTitle } from '../../app/useDocumentTitle.ts';
import { useProject } from '../../app/useProject.ts';
import { Button } from '../../components/Button.tsx';
import { CopyButton } from '../../components/CopyButton.tsx';
import { Dialog } from '../../components/Dialog.tsx';
import { formatKey } from '../../components/formats.ts';
import { Failure, Loading, SkeletonRows, State } from '../../components/states.tsx';
import { tell } from '../../components/toasts.tsx';
import { ApiKeysTable } from './ApiKeysTable.tsx';
import { useApiKeys, useCreateApiKey, useRevokeApiKey } from './useApiKeys.ts';

export function ApiKeysPage() {
  const { project } = useProject();
  useDocumentTitle('API keys', project.name);
  const keys = useApiKeys(project.id);
  const [isCreating, setIsCreating] = useState(false);
  const [revoking, setRevoking] = useState<ApiKey | null>(null);
  const blocked = missingRole(project, 'ADMIN');
  return (
    <SettingsFrame busy={keys.isFetching}>
      <div className="min-w-0 flex-1 overflow-auto">
        <div className="max-w-210 px-6 py-4">
          <div className="mb-3 flex items-start gap-4">
            <div className="flex-1">
              <h2 className="text-lead">API keys</h2>
              <p className="text-text-2">
                A key pair lets a client write traces and read this project. The secret is shown once.
              </p>
            </div>
            <Button onClick={() => setIsCreating(true)} disabledBecause={blocked}>
              Create key
            </Button>
          </div>
          {keys.isPending ? (
            <Loading
              label="Loading API keys"
              skeleton={<SkeletonRows rows={3} widths={['flex-1', 'w-24', 'w-16']} />}
            />
          ) : keys.isError ? (
            <Failure what="API keys" error={keys.error} retry={() => void keys.refetch()} />
          ) : keys.data.data.length === 0 ? (
            <State title="No API keys yet.">Create one for each client, so that you can revoke it alone.</State>
          ) : (
            <ApiKeysTable rows={keys.data.data.map((key) => ({ key, blocked, revoke: () => setRevoking(key) }))} />
          )}
          <Addresses />
        </div>
      </div>
      <CreateDialog key={String(isCreating)} open={isCreating} close={() => setIsCreating(false)} />
      <RevokeDialog apiKey={revoking} close={() => setRevoking(null)} />
    </SettingsFrame>
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

function CreateDialog({ open, close }: { open: boolean; close: () => void }) {
  const { project } = useProject();
  const create = useCreateApiKey(project.id);
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    create.mutate(String(new FormData(event.currentTarget).get('note')).trim());
  };
  if (create.data) {
    return (
      <Dialog title="Key created" open={open} wide>
        <CreatedKey created={create.data} close={close} />
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
          <Button look="quiet" onClick={close}>
            Cancel
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

/** The one time the secret is shown. The dialog stays until it is closed on purpose. */
function CreatedKey({ created, close }: { created: CreatedApiKey; close: () => void }) {
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
      <div className="relative mt-3 mb-4 bg-sunken px-3 py-2.5">
        <pre className="code overflow-x-auto">{environment}</pre>
        <CopyButton text={environment} label="Copy as .env" className="absolute top-1.5 right-1.5" />
      </div>
      <Button look="primary" onClick={close}>
        I have copied the secret
      </Button>
    </>
  );
}

function RevokeDialog({ apiKey, close }: { apiKey: ApiKey | null; close: () => void }) {
  const { project } = useProject();
  const revoke = useRevokeApiKey(project.id);
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
        <Button look="quiet" onClick={close}>
          Cancel
        </Button>
      </div>
    </Dialog>
  );
}

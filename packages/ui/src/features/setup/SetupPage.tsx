import { Link, useNavigate } from '@tanstack/react-router';
import { useEffect, useState, type ReactNode } from 'react';
import { knownSecret } from '../../app/known-secrets.ts';
import { missingRole } from '../../app/session.ts';
import { TopBar } from '../../app/TopBar.tsx';
import { useDocumentTitle } from '../../app/useDocumentTitle.ts';
import { useProject } from '../../app/useProject.ts';
import { Button, buttonClass } from '../../components/Button.tsx';
import { CopyButton } from '../../components/CopyButton.tsx';
import { formatCount } from '../../components/formats.ts';
import { Failure } from '../../components/states.tsx';
import { Tabs } from '../../components/Tabs.tsx';
import { useApiKeys, useCreateApiKey } from '../api-keys/useApiKeys.ts';
import { CodeBlock } from './CodeBlock.tsx';
import { LiveDoor } from './LiveDoor.tsx';
import { snippetsFor, type Connection } from './snippets.ts';
import { useArrival, useDoor, useSendSample, type Arrival } from './useSetup.ts';

export function SetupPage() {
  const { project } = useProject();
  useDocumentTitle('Get your first trace in', project.name);
  const door = useDoor(project.id);
  const arrival = useArrival(project.id, door.data?.data);
  return (
    <main className="flex min-h-0 flex-1 flex-col">
      <TopBar title="Get your first trace in" />
      <div className="flex min-h-0 flex-1 max-panel:flex-col max-panel:overflow-auto">
        <div className="min-w-0 flex-1 overflow-auto px-4 py-4 max-panel:overflow-visible">
          <p className="mb-4 max-w-prose text-text-2">
            Three steps, about two minutes. Everything below is complete and runs as it is. Clients made for Langfuse
            work unchanged: only address and keys differ.
          </p>
          <Steps arrival={arrival} />
        </div>
        <LiveDoor project={project.id} requests={door.data?.data} error={door.error?.message ?? null} />
      </div>
    </main>
  );
}

function Steps({ arrival }: { arrival: Arrival | null }) {
  const { project } = useProject();
  const keys = useApiKeys({ project: project.id });
  const create = useCreateApiKey({ project: project.id });
  const [chosen, setChosen] = useState('js-v5');
  const list = keys.data?.data ?? [];
  // A key whose secret this tab knows makes complete snippets; else the newest one.
  const key = list.find(({ publicKey }) => knownSecret(publicKey) !== null) ?? list[0];
  const connection: Connection = {
    baseUrl: location.origin,
    publicKey: key?.publicKey ?? 'YOUR-PUBLIC-KEY',
    secretKey: key ? knownSecret(key.publicKey) : null,
  };
  const snippets = snippetsFor(connection);
  const snippet = snippets.find(({ id }) => id === chosen) ?? snippets[0];
  const blocked = missingRole(project, 'ADMIN');
  if (keys.isError)
    return <Failure what="the keys of this project" error={keys.error} retry={() => void keys.refetch()} />;
  return (
    <>
      <Step number={1} title="Key">
        <dl className="code grid grid-cols-fact items-center gap-x-3">
          <Fact term="Public key" value={key?.publicKey ?? null} copy="Copy public key" />
          <dt className="text-text-3">Secret key</dt>
          <dd className="flex min-h-6 flex-wrap items-center gap-x-2">
            {connection.secretKey === null ? (
              <>
                <span className="font-sans text-small tracking-normal text-text-3">
                  {key
                    ? `${key.displaySecretKey} was shown when it was made. A new key completes the snippets below.`
                    : 'Not made yet.'}
                </span>
                <Button compact onClick={() => create.mutate('Setup')} disabledBecause={blocked}>
                  {create.isPending ? 'Creating …' : 'Create key'}
                </Button>
              </>
            ) : (
              <>
                <span title={connection.secretKey}>{shortSecret(connection.secretKey)}</span>
                <CopyButton text={connection.secretKey} label="Copy secret key" />
                <span className="font-sans text-small tracking-normal text-text-3">
                  stays in this tab until you close it, never shown again
                </span>
              </>
            )}
          </dd>
          <Fact term="Address" value={connection.baseUrl} copy="Copy address" />
        </dl>
        {create.isError && (
          <p role="alert" className="text-small text-danger">
            The key was not created. {create.error.message}
          </p>
        )}
      </Step>
      <Step number={2} title="Client">
        <Tabs label="Client" tabs={snippets} chosen={chosen} onChoose={setChosen}>
          <div className="mt-3 flex flex-col gap-px">
            {snippet?.blocks.map((block) => (
              <CodeBlock key={block.code} block={block} />
            ))}
            {snippet?.blocks.length === 0 && <p className="text-text-2">Nothing to install.</p>}
          </div>
          {snippet?.note !== undefined && (
            <p className="mt-2 max-w-prose text-small break-words text-text-3">{snippet.note}</p>
          )}
        </Tabs>
      </Step>
      <Step number={3} title="Run it">
        {snippet && <CodeBlock block={snippet.run} secret={connection.secretKey} />}
        <Waiting arrival={arrival} />
      </Step>
    </>
  );
}

const OPEN_AFTER_MS = 1500;

/** Says that a trace has come, and opens it. */
function Waiting({ arrival }: { arrival: Arrival | null }) {
  const { project } = useProject();
  const navigate = useNavigate();
  const sample = useSendSample(project.id);
  const traceId = arrival?.traceId;
  useEffect(() => {
    if (traceId === undefined) return undefined;
    const open = () =>
      void navigate({ to: '/project/$projectId/traces/$traceId', params: { projectId: project.id, traceId } });
    const timer = setTimeout(open, OPEN_AFTER_MS);
    return () => clearTimeout(timer);
  }, [traceId, project.id, navigate]);
  const blocked = missingRole(project, 'MEMBER');
  return (
    <>
      <p role="status" className="mt-2 mb-4 text-text-2">
        {arrival ? (
          <>
            {arrival.isFirst ? 'First trace received' : 'Trace received'}: {arrival.name ?? 'unnamed'},{' '}
            {formatCount(arrival.observations)} {arrival.observations === 1 ? 'observation' : 'observations'}.{' '}
            <Link to="/project/$projectId/traces/$traceId" params={{ projectId: project.id, traceId: arrival.traceId }}>
              Open now
            </Link>
          </>
        ) : (
          'This page turns into your trace as soon as the first one is stored.'
        )}
      </p>
      <div className="flex items-center gap-2">
        <Button look="primary" onClick={() => sample.mutate()} disabledBecause={blocked}>
          {sample.isPending ? 'Sending …' : 'Send a sample trace'}
        </Button>
        <Link
          to="/project/$projectId/traces"
          params={{ projectId: project.id }}
          className={buttonClass({ look: 'quiet' })}
        >
          Skip
        </Link>
      </div>
      {sample.isError && (
        <p role="alert" className="mt-2 text-small text-danger">
          The sample trace was not stored. {sample.error.message}
        </p>
      )}
    </>
  );
}

const Step = ({ number, title, children }: { number: number; title: string; children: ReactNode }) => (
  <section className="flex gap-0 pb-5">
    <span aria-hidden="true" className="w-8 shrink-0 font-mono text-lead text-text-3">
      {number}
    </span>
    <div className="max-w-180 min-w-0 flex-1">
      <h2 className="mb-1.5 text-lead">{title}</h2>
      {children}
    </div>
  </section>
);

const Fact = ({ term, value, copy }: { term: string; value: string | null; copy: string }) => (
  <>
    <dt className="text-text-3">{term}</dt>
    <dd className="flex min-h-6 items-center gap-1">
      <span className="truncate">{value ?? 'none yet'}</span>
      {value !== null && <CopyButton text={value} label={copy} />}
    </dd>
  </>
);

const shortSecret = (secret: string) => `${secret.slice(0, 10)}…${secret.slice(-4)}`;

import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { readSignInOptions } from '@tracehouse/contract/accounts';
import { listRoleSyncRuns, type RoleSyncRun } from '@tracehouse/contract/x-role-sync-runs';
import type { ReactNode } from 'react';
import { call } from '../../api/call.ts';
import { missingRole } from '../../app/session.ts';
import { OrganizationSettingsFrame, SettingsPage } from '../../app/SettingsFrame.tsx';
import { useDocumentTitle } from '../../app/useDocumentTitle.ts';
import { useOrganization } from '../../app/useOrganization.ts';
import { CopyButton } from '../../components/CopyButton.tsx';
import { formatCount, formatDuration } from '../../components/formats.ts';
import { Failure, Loading, SkeletonRows, State } from '../../components/states.tsx';
import { Time } from '../../components/Time.tsx';

/** How people come in from outside: providers, SCIM, role sync, and how each last went. */
export function SsoStatusPage() {
  const organization = useOrganization();
  useDocumentTitle('SSO and SCIM', organization.name);
  const blocked = missingRole(organization, 'MEMBER', 'organization');
  const options = useQuery({
    queryKey: ['sign-in options'],
    queryFn: ({ signal }) => call(readSignInOptions, { signal }),
  });
  return (
    <OrganizationSettingsFrame busy={options.isFetching}>
      <SettingsPage title="SSO and SCIM" about="How people come in from your identity provider, and with which roles.">
        <Section title="Single sign-on">
          {options.isPending ? (
            <Loading label="Loading providers" skeleton={<SkeletonRows rows={1} widths={['w-24']} />} />
          ) : options.isError ? (
            <Failure what="providers" error={options.error} retry={() => void options.refetch()} />
          ) : options.data.providers.length === 0 ? (
            <p className="text-text-2">
              No provider is set up on this server. An operator sets one by the variables{' '}
              <span className="code">AUTH_KEYCLOAK_*</span>, <span className="code">AUTH_CUSTOM_*</span> and others.
            </p>
          ) : (
            <dl className="grid grid-cols-fact items-center gap-x-3">
              {options.data.providers.map(({ id, name }) => (
                <Fact key={id} name={name} text={`${location.origin}/api/auth/callback/${id}`} />
              ))}
            </dl>
          )}
          {options.data && !options.data.password && (
            <p className="mt-1 text-text-2">Signing in with a password is switched off.</p>
          )}
        </Section>
        <Section title="SCIM 2.0">
          <dl className="grid grid-cols-fact items-center gap-x-3">
            <Fact name="Base address" text={`${location.origin}/api/public/scim`} />
          </dl>
          <p className="mt-1 text-text-2">
            The provider signs in with a{' '}
            <Link
              to="/organization/$organizationId/settings/api-keys"
              params={{ organizationId: organization.id }}
              className="underline"
            >
              key of the organization
            </Link>
            : the public key as user, the secret as password. What it changes is in the{' '}
            <Link
              to="/organization/$organizationId/settings/audit-log"
              params={{ organizationId: organization.id }}
              className="underline"
            >
              audit log
            </Link>
            .
          </p>
        </Section>
        <Section title="Role sync">
          {blocked === undefined ? <RoleSyncRuns organizationId={organization.id} /> : <State title={blocked} />}
        </Section>
      </SettingsPage>
    </OrganizationSettingsFrame>
  );
}

const Section = ({ title, children }: { title: string; children: ReactNode }) => (
  <section className="border-t py-4">
    <h3 className="mb-1.5 text-lead">{title}</h3>
    {children}
  </section>
);

const Fact = ({ name, text }: { name: string; text: string }) => (
  <>
    <dt className="text-small text-text-3">{name}</dt>
    <dd className="flex items-center gap-1">
      <span className="code truncate">{text}</span>
      <CopyButton text={text} label={`Copy: ${name}`} />
    </dd>
  </>
);

function RoleSyncRuns({ organizationId }: { organizationId: string }) {
  const runs = useQuery({
    queryKey: ['role-sync runs', organizationId],
    queryFn: ({ signal }) => call(listRoleSyncRuns, { organization: organizationId, query: { limit: 10 }, signal }),
  });
  if (runs.isPending) {
    return <Loading label="Loading runs" skeleton={<SkeletonRows rows={3} widths={['w-24', 'flex-1']} />} />;
  }
  if (runs.isError) return <Failure what="runs" error={runs.error} retry={() => void runs.refetch()} />;
  if (runs.data.data.length === 0) {
    return (
      <p className="text-text-2">
        Never run for this organization. <span className="code">tracehouse role-sync</span> gives realm roles of
        Keycloak as roles here, as a scheduled job.
      </p>
    );
  }
  return (
    <table className="w-full border-collapse text-left">
      <thead>
        <tr className="h-7 border-b text-small text-text-3">
          {['Started', 'Result', 'Members', 'Changed', 'Took'].map((name) => (
            <th key={name} scope="col" className="pr-3 font-normal">
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {runs.data.data.map((run) => (
          <tr key={run.id} className="h-8 border-b align-top leading-8">
            <td className="data pr-3 text-text-2">
              <Time at={run.startedAt} />
            </td>
            <td className="pr-3">
              <Outcome run={run} />
            </td>
            <td className="data pr-3">{formatCount(run.counts.members)}</td>
            <td className="data pr-3">
              {run.dryRun
                ? `${formatCount(run.counts.planned)} planned`
                : formatCount(run.counts.updated + run.counts.provisioned + run.counts.removed)}
            </td>
            <td className="data">{formatDuration(run.durationMs)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

const words = {
  success: 'done',
  partial: 'some people failed',
  stopped: 'stopped by the safety brake',
  failed: 'failed',
};

const Outcome = ({ run: { result, dryRun, message, problems } }: { run: RoleSyncRun }) => (
  <>
    <span className={result === 'success' ? 'text-ok' : result === 'partial' ? 'text-warn' : 'text-danger'}>
      {words[result]}
    </span>
    {dryRun && <span className="text-text-3"> (dry run)</span>}
    {[...(message === null ? [] : [message]), ...problems].map((problem) => (
      <span key={problem} className="block pb-1 text-small leading-4 text-text-2" dir="auto">
        {problem}
      </span>
    ))}
  </>
);

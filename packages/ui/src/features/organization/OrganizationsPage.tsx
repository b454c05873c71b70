import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { roleWords, useSession } from '../../app/session.ts';
import { useDocumentTitle } from '../../app/useDocumentTitle.ts';
import { Button } from '../../components/Button.tsx';
import { State } from '../../components/states.tsx';
import { NameDialog } from './NameDialog.tsx';
import { useCreateOrganization } from './useOrganizations.ts';

/** Every organization of a person, and a way to a new one. */
export function OrganizationsPage() {
  const session = useSession();
  const navigate = useNavigate();
  const create = useCreateOrganization();
  const [isCreating, setIsCreating] = useState(false);
  useDocumentTitle('Organizations');
  if (!session) return null;
  const open = (organizationId: string) =>
    void navigate({ to: '/organization/$organizationId', params: { organizationId } });
  return (
    <main className="h-full overflow-auto bg-panel">
      <div className="mx-auto max-w-160 px-6 py-8">
        <div className="mb-4 flex items-center gap-4">
          <h1 className="flex-1 text-title">Organizations</h1>
          <Button
            onClick={() => setIsCreating(true)}
            disabledBecause={
              session.canCreateOrganizations
                ? undefined
                : 'On this server only some people may make organizations (LANGFUSE_ALLOWED_ORGANIZATION_CREATORS).'
            }
          >
            New organization
          </Button>
        </div>
        {session.organizations.length === 0 ? (
          <State title={`${session.user.email} is in no organization yet.`}>
            Ask an owner for an invitation, or make an organization of your own.
          </State>
        ) : (
          <ul className="border-t">
            {session.organizations.map(({ id, name, role, projects }) => (
              <li key={id} className="relative flex h-13 items-center gap-3 border-b px-2 hover:bg-hover">
                <span className="min-w-0 flex-1">
                  <Link
                    to="/organization/$organizationId"
                    params={{ organizationId: id }}
                    className="font-medium text-text before:absolute before:inset-0"
                  >
                    {name}
                  </Link>
                  <span className="block text-small text-text-3">
                    {projects.length === 1 ? '1 project' : `${projects.length} projects`}
                  </span>
                </span>
                <span className="text-text-2">{roleWords[role]}</span>
              </li>
            ))}
          </ul>
        )}
      </div>
      <NameDialog
        key={String(isCreating)}
        title="New organization"
        open={isCreating}
        close={() => {
          setIsCreating(false);
          create.reset();
        }}
        placeholder="Acme"
        action="Create organization"
        isPending={create.isPending}
        error={create.error}
        onName={(name) => create.mutate(name, { onSuccess: ({ id }) => open(id) })}
      />
    </main>
  );
}

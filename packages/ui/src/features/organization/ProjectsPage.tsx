import type { ProjectDeletion } from '@tracehouse/contract/x-projects';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { missingRole, roleWords } from '../../app/session.ts';
import { TopBar } from '../../app/TopBar.tsx';
import { useDocumentTitle } from '../../app/useDocumentTitle.ts';
import { useOrganization } from '../../app/useOrganization.ts';
import { Button } from '../../components/Button.tsx';
import { formatCount } from '../../components/formats.ts';
import { State } from '../../components/states.tsx';
import { NameDialog } from './NameDialog.tsx';
import { useCreateProject, useDeletions } from './useOrganizations.ts';

/** The projects of an organization that the person may open, and those that are being deleted. */
export function ProjectsPage() {
  const organization = useOrganization();
  const navigate = useNavigate();
  const create = useCreateProject(organization.id);
  const deletions = useDeletions(organization.id);
  const [isCreating, setIsCreating] = useState(false);
  useDocumentTitle('Projects', organization.name);
  const blocked = missingRole(organization, 'ADMIN', 'organization');
  return (
    <main className="flex min-h-0 flex-1 flex-col" aria-busy={deletions.isFetching}>
      <TopBar title="Projects">
        <Button look="primary" onClick={() => setIsCreating(true)} disabledBecause={blocked}>
          New project
        </Button>
      </TopBar>
      <div className="min-h-0 flex-1 overflow-auto">
        {organization.projects.length === 0 ? (
          <State title="No projects yet.">
            A project holds the traces of one application or environment, with keys and members of its own.
          </State>
        ) : (
          <ul>
            {organization.projects.map(({ id, name, role }) => (
              <li key={id} className="relative flex h-8 items-center gap-3 border-b px-4 hover:bg-hover">
                <Link
                  to="/project/$projectId"
                  params={{ projectId: id }}
                  className="min-w-0 flex-1 truncate font-medium text-text before:absolute before:inset-0"
                >
                  {name}
                </Link>
                <span className="data text-text-3">{id}</span>
                <span className="w-16 text-right text-text-2">{roleWords[role]}</span>
              </li>
            ))}
          </ul>
        )}
        {deletions.data?.data.map((deletion) => (
          <DeletionRow key={deletion.projectId} deletion={deletion} />
        ))}
      </div>
      <NameDialog
        key={String(isCreating)}
        title="New project"
        open={isCreating}
        close={() => {
          setIsCreating(false);
          create.reset();
        }}
        placeholder="Production"
        action="Create project"
        isPending={create.isPending}
        error={create.error}
        onName={(name) =>
          create.mutate(name, {
            onSuccess: ({ id }) => void navigate({ to: '/project/$projectId/setup', params: { projectId: id } }),
          })
        }
      />
    </main>
  );
}

function DeletionRow({ deletion: { projectName, state, progress, error } }: { deletion: ProjectDeletion }) {
  const done =
    progress.total === null
      ? 'counting what it holds'
      : `${formatCount(progress.done)} of ${formatCount(progress.total)} rows and files removed`;
  return (
    <div role="status" className="flex min-h-8 items-center gap-3 border-b bg-sunken px-4 text-text-2">
      <span className="truncate font-medium line-through" dir="auto">
        {projectName}
      </span>
      <span className="flex-1">
        {state === 'failed' ? `Its data is not all removed. ${error ?? ''}` : `Being deleted: ${done}`}
      </span>
      {progress.total !== null && progress.total > 0 && (
        <progress
          aria-label={`Deletion of ${projectName}`}
          max={progress.total}
          value={progress.done}
          className="h-1.5 w-30 accent-accent"
        />
      )}
    </div>
  );
}

import { getRouteApi } from '@tanstack/react-router';
import { missingRole, useSession } from '../../../app/session.ts';
import { TopBar } from '../../../app/TopBar.tsx';
import { useProject } from '../../../app/useProject.ts';
import { State } from '../../../components/states.tsx';
import { emptyDraft } from './draft.ts';
import { PromptEditor } from './PromptEditor.tsx';

const route = getRouteApi('/project/$projectId/prompts/new');

/** Writes the first version of a prompt; `folder` of the address begins its name. */
export function NewPromptPage() {
  const { folder } = route.useSearch();
  const { project } = useProject();
  const session = useSession();
  const blocked = missingRole(project, 'MEMBER');
  if (blocked !== undefined) {
    return (
      <main className="flex min-h-0 flex-1 flex-col">
        <TopBar title="New prompt" />
        <State role="status" title={blocked} />
      </main>
    );
  }
  return (
    <PromptEditor
      place={{ userId: session?.user.id ?? '', project: project.id, name: null }}
      initial={emptyDraft(folder === undefined || folder === '' ? '' : `${folder.replace(/\/+$/u, '')}/`, 'text')}
      source={null}
      startFrom={() => undefined}
    />
  );
}

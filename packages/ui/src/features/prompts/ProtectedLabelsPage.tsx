import { NEWEST_LABEL, PromptLabel } from '@tracehouse/contract/prompts';
import { useState, type FormEvent } from 'react';
import { missingRole } from '../../app/session.ts';
import { SettingsFrame, SettingsPage } from '../../app/SettingsFrame.tsx';
import { useDocumentTitle } from '../../app/useDocumentTitle.ts';
import { useProject } from '../../app/useProject.ts';
import { Button } from '../../components/Button.tsx';
import { Field } from '../../components/Field.tsx';
import { Failure, Loading, SkeletonRows } from '../../components/states.tsx';

import { WordList } from './TagsDialog.tsx';
import { useProtectedLabels, useSetProtectedLabels } from './usePrompts.ts';

/** Labels that only an admin may move. */
export function ProtectedLabelsPage() {
  const { project } = useProject();
  useDocumentTitle('Prompts', project.name);
  const labels = useProtectedLabels(project.id);
  return (
    <SettingsFrame busy={labels.isFetching}>
      <SettingsPage
        title="Protected labels of prompts"
        about="Only admins may move a protected label, or delete what it points at, on the screens and by the API. Keys of the project may not."
      >
        {labels.isPending ? (
          <Loading label="Loading protected labels" skeleton={<SkeletonRows rows={2} widths={['w-24', 'w-24']} />} />
        ) : labels.isError ? (
          <Failure what="protected labels" error={labels.error} retry={() => void labels.refetch()} />
        ) : (
          <LabelsForm labels={labels.data.labels} />
        )}
      </SettingsPage>
    </SettingsFrame>
  );
}

function LabelsForm({ labels }: { labels: string[] }) {
  const { project } = useProject();
  const save = useSetProtectedLabels(project.id);
  const [typed, setTyped] = useState('');
  const blocked = missingRole(project, 'ADMIN');
  const label = typed.trim();
  const problem = label === '' ? undefined : problemOf(label, labels);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (label === '' || problem !== undefined || save.isPending) return;
    save.mutate([...labels, label], { onSuccess: () => setTyped('') });
  };
  return (
    <form onSubmit={submit} className="flex max-w-100 flex-col gap-3">
      <WordList
        words={labels}
        what="protected label"
        remove={blocked === undefined ? (one) => save.mutate(labels.filter((other) => other !== one)) : undefined}
      />
      <div className="flex items-start gap-2">
        <div className="flex-1">
          <Field
            label="Label to protect"
            value={typed}
            maxLength={36}
            spellCheck={false}
            problem={problem}
            readOnly={blocked !== undefined}
            onChange={(event) => setTyped(event.target.value)}
          />
        </div>
        <Button
          type="submit"
          className="mt-5"
          disabledBecause={blocked ?? (label === '' ? 'Type a label first' : undefined)}
        >
          {save.isPending ? 'Saving …' : 'Protect'}
        </Button>
      </div>
      {blocked !== undefined && <p className="text-small text-text-3">{blocked}</p>}
      {save.isError && (
        <p role="alert" className="text-small text-danger">
          The protected labels were not saved. {save.error.message}
        </p>
      )}
    </form>
  );
}

function problemOf(label: string, labels: readonly string[]): string | undefined {
  if (label === NEWEST_LABEL) return 'latest moves to each new version by itself.';
  if (labels.includes(label)) return `${label} is protected already.`;
  return PromptLabel.safeParse(label).error?.issues[0]?.message;
}

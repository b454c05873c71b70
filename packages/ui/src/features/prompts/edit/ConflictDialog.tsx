import type { PromptVersionSummary } from '@tracehouse/contract/x-prompts';
import { useMemo } from 'react';
import { useProject } from '../../../app/useProject.ts';
import { Button } from '../../../components/Button.tsx';
import { Dialog } from '../../../components/Dialog.tsx';
import { Failure, Loading, SkeletonRows } from '../../../components/states.tsx';
import { Time } from '../../../components/Time.tsx';
import { DiffView } from '../compare/DiffView.tsx';
import { diffPrompts } from '../compare/prompt-diff.ts';
import { usePromptVersion } from '../usePrompts.ts';
import { contentOf, readConfig, type Draft } from './draft.ts';

interface ConflictDialogProps {
  name: string;
  /** The version that came meanwhile; undefined: closed. */
  newest: PromptVersionSummary | undefined;
  draft: Draft;
  isSaving: boolean;
  saveAnyway: () => void;
  startOver: () => void;
  close: () => void;
}

/** Somebody saved a version while this one was written: shows what this one would change in theirs, and asks. */
export function ConflictDialog({ name, newest, draft, isSaving, saveAnyway, startOver, close }: ConflictDialogProps) {
  const { project } = useProject();
  const theirs = usePromptVersion(project.id, name, newest?.version);
  const found = theirs.data?.version === newest?.version ? theirs.data : undefined;
  const diff = useMemo(() => {
    if (!found) return undefined;
    const config = readConfig(draft.config);
    return diffPrompts(found, { prompt: contentOf(draft), config: 'value' in config ? config.value : {} });
  }, [found, draft]);
  return (
    <Dialog title={`Version ${newest?.version ?? ''} came meanwhile`} open={newest !== undefined} onClose={close} wide>
      {newest && (
        <div className="mt-1 flex flex-col gap-3">
          <p className="text-text-2">
            <bdi className="text-text">{newest.createdBy}</bdi> saved it at{' '}
            <Time at={newest.createdAt} className="data" />
            {newest.commitMessage !== null && (
              <>
                : “<bdi>{newest.commitMessage}</bdi>”
              </>
            )}
            . This is what yours would change in it.
          </p>
          {diff ? (
            diff.isSame ? (
              <p className="text-text-2">Nothing: text and config are the same.</p>
            ) : (
              <DiffView diff={diff} mode="lines" onlyChanged />
            )
          ) : theirs.isError ? (
            <Failure what="that version" error={theirs.error} retry={() => void theirs.refetch()} />
          ) : (
            <Loading label="Loading that version" skeleton={<SkeletonRows rows={5} widths={['flex-1']} />} />
          )}
          <div className="flex flex-wrap gap-2">
            <Button onClick={saveAnyway}>{isSaving ? 'Saving …' : `Save mine as version ${newest.version + 1}`}</Button>
            <Button onClick={close}>Go on editing</Button>
            <Button look="danger" onClick={startOver}>
              Discard mine, start from version {newest.version}
            </Button>
          </div>
        </div>
      )}
    </Dialog>
  );
}

import { useState, type FormEvent } from 'react';
import { useNavigate } from '@tanstack/react-router';
import { missingRole } from '../../app/session.ts';
import { useProject } from '../../app/useProject.ts';
import { Button } from '../../components/Button.tsx';
import { Cancel } from '../../components/Cancel.tsx';
import { Dialog } from '../../components/Dialog.tsx';
import { Field } from '../../components/Field.tsx';
import { formatCount } from '../../components/formats.ts';
import { tell, tellError } from '../../components/toasts.tsx';
import type { PromptTarget } from './prompt-target.ts';
import { useCopyPrompts, useDeletePrompts } from './usePrompts.ts';

interface CopyDialogProps {
  target: PromptTarget;
  close: () => void;
}

/** Copies a prompt, or a folder; with the old one deleted after, that is a new name. */
export function CopyDialog({ target, close }: CopyDialogProps) {
  const { project } = useProject();
  const navigate = useNavigate();
  const copy = useCopyPrompts(project.id);
  const remove = useDeletePrompts(project.id);
  const isOne = 'prompt' in target;
  const from = isOne ? target.prompt.name : target.folder;
  const [to, setTo] = useState(`${from}-copy`);
  const [takesAll, setTakesAll] = useState(true);
  const [isRename, setIsRename] = useState(false);
  const names = isOne ? [from] : target.names;
  const open = async (copies: readonly string[]) => {
    const [only] = copies;
    if (isOne && only !== undefined) {
      await navigate({
        to: '/project/$projectId/prompts/$promptName',
        params: { projectId: project.id, promptName: only },
      });
    } else {
      await navigate({ to: '/project/$projectId/prompts', params: { projectId: project.id }, search: { folder: to } });
    }
  };
  const finish = async () => {
    const { names: copies } = await copy.mutateAsync({
      from: isOne ? { name: from } : { folder: from },
      to: to.trim(),
      versions: takesAll || isRename ? 'all' : 'newest',
    });
    // What was copied, whatever was known of the folder here.
    const old = isOne ? [from] : copies.map((name) => from + name.slice(to.trim().length));
    const left = isRename ? await remove.mutateAsync(old) : [];
    close();
    await open(copies);
    if (left.length > 0) {
      tellError(`Copied. ${formatCount(left.length)} of the old ones stay: ${left[0]?.error.message ?? ''}`);
    } else tell(isRename ? `Renamed ${from} to ${to.trim()}` : `Copied ${from} to ${to.trim()}`);
  };
  const isPending = copy.isPending || remove.isPending;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    // What fails is shown in the dialog.
    if (!isPending) void finish().catch(() => undefined);
  };
  const blocked =
    missingRole(project, 'MEMBER') ??
    (to.trim() === '' ? 'Type a name first' : to.trim() === from ? 'This is its name already' : undefined);
  return (
    <Dialog title={isOne ? `Copy ${from}` : `Copy folder ${from}`} open onClose={close}>
      <form onSubmit={submit} className="mt-1 flex flex-col gap-3">
        <Field
          label={isOne ? 'New name' : 'New folder'}
          value={to}
          required
          maxLength={255}
          spellCheck={false}
          dir="auto"
          onChange={(event) => {
            setTo(event.target.value);
            copy.reset();
          }}
        />
        <fieldset className="flex flex-col gap-1">
          <legend className="sr-only">What is copied</legend>
          <label className="flex items-center gap-2">
            <input type="radio" name="versions" checked={takesAll || isRename} onChange={() => setTakesAll(true)} />
            All versions with their labels
          </label>
          <label className="flex items-center gap-2">
            <input
              type="radio"
              name="versions"
              checked={!takesAll && !isRename}
              disabled={isRename}
              onChange={() => setTakesAll(false)}
            />
            Only the newest version, as version 1
          </label>
        </fieldset>
        {!isOne && (
          <p className="text-small text-text-3">
            {formatCount(names.length)} {names.length === 1 ? 'prompt' : 'prompts'}. What includes one another in the
            folder includes the copies.
          </p>
        )}
        <label className="flex items-start gap-2">
          <input
            type="checkbox"
            className="mt-1"
            checked={isRename}
            onChange={(event) => setIsRename(event.target.checked)}
          />
          <span>
            Then delete the old {isOne ? 'one' : 'ones'}, so that this is a rename
            <span className="block text-small text-text-3">
              Applications that fetch by the old name get an error, or their fallback.
            </span>
          </span>
        </label>
        {(copy.error ?? remove.error) && (
          <p role="alert" className="text-small break-words text-danger">
            {isOne ? 'The prompt' : 'The folder'} was not copied. {(copy.error ?? remove.error)?.message}
          </p>
        )}
        <div className="flex gap-2">
          <Button type="submit" look="primary" disabledBecause={blocked}>
            {isPending ? 'Copying …' : isRename ? 'Rename' : 'Copy'}
          </Button>
          <Cancel close={close} />
        </div>
      </form>
    </Dialog>
  );
}

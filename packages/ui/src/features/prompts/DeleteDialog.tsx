import { useState, type ReactNode } from 'react';
import { useProject } from '../../app/useProject.ts';
import { Button } from '../../components/Button.tsx';
import { Cancel } from '../../components/Cancel.tsx';
import { Dialog } from '../../components/Dialog.tsx';
import { formatCount } from '../../components/formats.ts';
import { tell } from '../../components/toasts.tsx';
import { missingRole } from '../../app/session.ts';
import type { PromptTarget } from './prompt-target.ts';
import { useDeletePrompt, useDeletePrompts } from './usePrompts.ts';

interface DeleteDialogProps {
  target: PromptTarget;
  close: () => void;
  onDeleted?: () => void;
}

/** Asks before a prompt, or all of a folder, goes. */
export function DeleteDialog({ target, close, onDeleted }: DeleteDialogProps) {
  const { project } = useProject();
  const remove = useDeletePrompts(project.id);
  const [refused, setRefused] = useState<{ name: string; error: Error }[]>([]);
  // Once some are gone, those that were refused are what is asked about.
  const all = 'prompt' in target ? [target.prompt.name] : target.names;
  const names = refused.length > 0 ? refused.map(({ name }) => name) : all;
  const what = 'prompt' in target ? target.prompt.name : `${countPrompts(names.length)} in ${target.folder}`;
  const confirm = () =>
    remove.mutate(names, {
      onSuccess: (left) => {
        setRefused(left);
        const gone = names.length - left.length;
        if (gone > 0) tell(names.length === 1 ? `Deleted ${names[0]}` : `Deleted ${countPrompts(gone)}`);
        if (left.length > 0) return;
        close();
        onDeleted?.();
      },
    });
  return (
    <Dialog title={`Delete ${what}?`} open onClose={close}>
      <div className="flex flex-col gap-3">
        <p className="text-text-2">
          All versions and labels go. Applications that fetch {names.length === 1 ? 'it' : 'them'} get an error, or
          their fallback. Traces stay. This cannot be undone.
        </p>
        {refused.length > 0 && <Refusals refused={refused} />}
        <DialogButtons
          action={names.length === 1 ? 'Delete prompt' : `Delete ${countPrompts(names.length)}`}
          blocked={missingRole(project, 'MEMBER')}
          isPending={remove.isPending}
          onConfirm={confirm}
          close={close}
        />
      </div>
    </Dialog>
  );
}

const Refusals = ({ refused }: { refused: { name: string; error: Error }[] }) => (
  <ul role="alert" className="max-h-60 overflow-auto text-small text-danger">
    {refused.map(({ name, error }) => (
      <li key={name} className="py-0.5 break-words whitespace-pre-wrap">
        <bdi className="font-medium">{name}</bdi> was not deleted. {error.message}
      </li>
    ))}
  </ul>
);

interface DeleteVersionDialogProps {
  name: string;
  version: number;
  /** What else happens, and what stands against it. */
  children: ReactNode;
  blocked: string | undefined;
  close: () => void;
  onDeleted: () => void;
}

/** Asks before one version goes. */
export function DeleteVersionDialog({ name, version, children, blocked, close, onDeleted }: DeleteVersionDialogProps) {
  const { project } = useProject();
  const remove = useDeletePrompt(project.id);
  return (
    <Dialog title={`Delete version ${version} of ${name}?`} open onClose={close}>
      <div className="flex flex-col gap-3">
        <div className="flex flex-col gap-1 text-text-2">{children}</div>
        {remove.isError && (
          <p role="alert" className="text-small break-words whitespace-pre-wrap text-danger">
            Version {version} was not deleted. {remove.error.message}
          </p>
        )}
        <DialogButtons
          action={`Delete version ${version}`}
          blocked={missingRole(project, 'MEMBER') ?? blocked}
          isPending={remove.isPending}
          onConfirm={() =>
            remove.mutate(
              { name, version },
              {
                onSuccess: () => {
                  tell(`Deleted version ${version} of ${name}`);
                  close();
                  onDeleted();
                },
              },
            )
          }
          close={close}
        />
      </div>
    </Dialog>
  );
}

interface DialogButtonsProps {
  action: string;
  blocked: string | undefined;
  isPending: boolean;
  onConfirm: () => void;
  close: () => void;
}

const DialogButtons = ({ action, blocked, isPending, onConfirm, close }: DialogButtonsProps) => (
  <div className="flex gap-2">
    <Button look="danger" disabledBecause={blocked} onClick={isPending ? undefined : onConfirm}>
      {isPending ? 'Deleting …' : action}
    </Button>
    <Cancel close={close} />
  </div>
);

const countPrompts = (count: number): string => (count === 1 ? '1 prompt' : `${formatCount(count)} prompts`);

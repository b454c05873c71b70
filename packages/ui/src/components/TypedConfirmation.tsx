import { useState, type FormEvent, type ReactNode } from 'react';
import { Button } from './Button.tsx';
import { Cancel } from './Cancel.tsx';
import { Dialog } from './Dialog.tsx';
import { Field } from './Field.tsx';

interface TypedConfirmationProps {
  title: string;
  open: boolean;
  close: () => void;
  /** What has to be typed. */
  name: string;
  /** "Delete project". */
  action: string;
  isPending: boolean;
  error: Error | null;
  onConfirm: () => void;
  /** What goes and what stays. */
  children: ReactNode;
}

/** The question before what cannot be undone: the name has to be typed. */
export function TypedConfirmation({
  title,
  open,
  close,
  name,
  action,
  isPending,
  error,
  onConfirm,
  children,
}: TypedConfirmationProps) {
  const [typed, setTyped] = useState('');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (typed === name && !isPending) onConfirm();
  };
  return (
    <Dialog title={title} open={open} onClose={close}>
      <form onSubmit={submit} className="flex flex-col gap-3">
        <div className="text-text-2">{children}</div>
        <Field
          label={
            <span>
              Type <strong className="font-medium text-text">{name}</strong> to confirm
            </span>
          }
          value={typed}
          spellCheck={false}
          onChange={(event) => setTyped(event.target.value)}
        />
        {error && (
          <p role="alert" className="text-small text-danger">
            {error.message}
          </p>
        )}
        <div className="flex gap-2">
          <Button
            type="submit"
            look="danger"
            disabledBecause={typed === name ? undefined : 'The name is not typed yet'}
          >
            {isPending ? 'Deleting …' : action}
          </Button>
          <Cancel close={close} />
        </div>
      </form>
    </Dialog>
  );
}

import { useState, type FormEvent } from 'react';
import { Button } from '../../components/Button.tsx';
import { Cancel } from '../../components/Cancel.tsx';
import { Dialog } from '../../components/Dialog.tsx';
import { Field } from '../../components/Field.tsx';

interface NameDialogProps {
  title: string;
  open: boolean;
  close: () => void;
  placeholder: string;
  action: string;
  isPending: boolean;
  error: Error | null;
  onName: (name: string) => void;
}

/** Asks for the name of something new. */
export function NameDialog({ title, open, close, placeholder, action, isPending, error, onName }: NameDialogProps) {
  const [name, setName] = useState('');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!isPending) onName(name.trim());
  };
  return (
    <Dialog title={title} open={open} onClose={close}>
      <form onSubmit={submit} className="mt-2 flex flex-col gap-3">
        <Field
          label="Name"
          value={name}
          required
          minLength={3}
          maxLength={60}
          placeholder={placeholder}
          problem={error?.message}
          onChange={(event) => setName(event.target.value)}
        />
        <div className="flex gap-2">
          <Button type="submit" look="primary">
            {isPending ? 'Creating …' : action}
          </Button>
          <Cancel close={close} />
        </div>
      </form>
    </Dialog>
  );
}

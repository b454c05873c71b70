import type { UseMutationResult } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { Button } from '../../components/Button.tsx';
import { Field } from '../../components/Field.tsx';
import { tell } from '../../components/toasts.tsx';

interface NameFormProps {
  /** As it is now. */
  name: string;
  rename: UseMutationResult<unknown, Error, string>;
  /** Why this person may not. */
  blocked: string | undefined;
}

/** The name of a project or an organization, to be changed. */
export function NameForm({ name: saved, rename, blocked }: NameFormProps) {
  const [name, setName] = useState(saved);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    rename.mutate(name.trim(), { onSuccess: () => tell('Saved') });
  };
  return (
    <form onSubmit={submit} className="flex max-w-100 flex-col gap-3">
      <Field
        label="Name"
        value={name}
        required
        maxLength={60}
        problem={rename.error?.message}
        onChange={(event) => setName(event.target.value)}
      />
      <div>
        <Button type="submit" look="primary" disabledBecause={blocked}>
          {rename.isPending ? 'Saving …' : 'Save'}
        </Button>
      </div>
    </form>
  );
}

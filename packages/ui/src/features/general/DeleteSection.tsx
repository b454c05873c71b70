import type { UseMutationResult } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { Button } from '../../components/Button.tsx';
import { TypedConfirmation } from '../../components/TypedConfirmation.tsx';

interface DeleteSectionProps {
  /** "project". */
  what: string;
  name: string;
  remove: UseMutationResult<unknown, Error, void>;
  onDeleted: () => void;
  /** Why this person may not, or not yet. */
  blocked: string | undefined;
  /** What goes, in short. */
  about: string;
  /** What goes and what stays, before it is confirmed. */
  children: ReactNode;
}

/** The last part of the general settings: deletes the project or organization after its name was typed. */
export function DeleteSection({ what, name, remove, onDeleted, blocked, about, children }: DeleteSectionProps) {
  const [isAsking, setIsAsking] = useState(false);
  return (
    <section className="mt-8 border-t pt-4">
      <h3 className="text-lead">Delete this {what}</h3>
      <p className="mb-2 text-text-2">{blocked ?? about}</p>
      <Button look="danger" onClick={() => setIsAsking(true)} disabledBecause={blocked}>
        Delete {what}
      </Button>
      <TypedConfirmation
        key={String(isAsking)}
        title={`Delete ${name}?`}
        open={isAsking}
        close={() => setIsAsking(false)}
        name={name}
        action={`Delete ${what}`}
        isPending={remove.isPending}
        error={remove.error}
        onConfirm={() => remove.mutate(undefined, { onSuccess: onDeleted })}
      >
        {children}
      </TypedConfirmation>
    </section>
  );
}

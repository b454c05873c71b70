import type { AbTest } from '@tracehouse/contract/x-ab-tests';
import { useState, type FormEvent } from 'react';
import { missingRole } from '../../../app/session.ts';
import { useProject } from '../../../app/useProject.ts';
import { Button } from '../../../components/Button.tsx';
import { Cancel } from '../../../components/Cancel.tsx';
import { Dialog } from '../../../components/Dialog.tsx';
import { Field } from '../../../components/Field.tsx';
import { tell } from '../../../components/toasts.tsx';
import { ExpectationField, KeyChoices } from './fields.tsx';
import { formOf, fromLocal } from './form.ts';
import { useUpdateAbTest } from './useAbTests.ts';

/** What may be changed at any time: it says how the test is read, and decides nothing. */
export function DetailsDialog({ test, close }: { test: AbTest; close: () => void }) {
  const { project } = useProject();
  const update = useUpdateAbTest(project.id, test.id);
  const [form, setForm] = useState(() => formOf(test));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const { unit, keyAs } = form;
    update.mutate(
      {
        name: form.name.trim() || null,
        hypothesis: form.hypothesis.trim() || null,
        // The field has minutes; a time that was not touched stays as it is to the second.
        ...(form.endAt !== formOf(test).endAt && { endAt: fromLocal(form.endAt) }),
        ...((unit !== test.unit || keyAs !== test.keyAs) && { unit, keyAs }),
      },
      {
        onSuccess: () => {
          tell('Changed.');
          close();
        },
      },
    );
  };
  return (
    <Dialog title="Edit details" open onClose={close}>
      <form onSubmit={submit} className="mt-1 flex flex-col gap-3">
        <Field
          label="Name"
          value={form.name}
          maxLength={200}
          dir="auto"
          onChange={(event) => setForm({ ...form, name: event.target.value })}
          className="w-full"
        />
        <ExpectationField text={form.hypothesis} onChange={(hypothesis) => setForm({ ...form, hypothesis })} />
        {test.state !== 'ended' && (
          <Field
            label="Ends"
            type="datetime-local"
            value={form.endAt}
            onChange={(event) => setForm({ ...form, endAt: event.target.value })}
          />
        )}
        <div className="flex flex-wrap gap-3">
          <KeyChoices unit={form.unit} keyAs={form.keyAs} onChange={(part) => setForm({ ...form, ...part })} />
        </div>
        <p className="text-small text-text-3">
          Unit and key only say what your program sends: only the truth passes the key check.
        </p>
        {update.isError && (
          <p role="alert" className="text-small text-danger">
            Nothing was changed. {update.error.message}
          </p>
        )}
        <div className="flex gap-2">
          <Button type="submit" disabledBecause={missingRole(project, 'MEMBER')}>
            {update.isPending ? 'Saving …' : 'Save'}
          </Button>
          <Cancel close={close} />
        </div>
      </form>
    </Dialog>
  );
}

import type { AbTest } from '@tracehouse/contract/x-ab-tests';
import { useState, type FormEvent } from 'react';
import { useProject } from '../../../app/useProject.ts';
import { Button } from '../../../components/Button.tsx';
import { Cancel } from '../../../components/Cancel.tsx';
import { Dialog } from '../../../components/Dialog.tsx';
import { tell } from '../../../components/toasts.tsx';
import { evenShares, readShares } from './shares.ts';
import { ShareFields } from './ShareFields.tsx';
import { useUpdateAbTest } from './useAbTests.ts';

/** Gives the arms other shares; results are counted anew from then. */
export function SharesDialog({ test, close }: { test: AbTest; close: () => void }) {
  const { project } = useProject();
  const update = useUpdateAbTest(project.id, test.id);
  const [typed, setTyped] = useState(test.arms.map(({ share }) => String(share)));
  const read = readShares(typed);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!('shares' in read)) return;
    update.mutate(
      { arms: test.arms.map(({ version }, at) => ({ version, share: read.shares[at] ?? 0 })) },
      {
        onSuccess: () => {
          tell('Shares changed: counted from now.');
          close();
        },
      },
    );
  };
  return (
    <Dialog title="Change shares" open onClose={close}>
      <form onSubmit={submit} className="mt-1 flex flex-col gap-3">
        <p className="text-text-2">
          As few as possible change their version; whose arm grows keeps it. Results are counted from now on: what was
          measured before stays as a phase of its own.
        </p>
        <ShareFields versions={test.arms.map(({ version }) => version)} typed={typed} onChange={setTyped} />
        <p role="status" className="min-h-4 text-small text-danger">
          {'problem' in read ? read.problem : update.isError ? `Nothing was changed. ${update.error.message}` : ''}
        </p>
        <div className="flex gap-2">
          <Button type="submit" disabledBecause={'problem' in read ? read.problem : undefined}>
            {update.isPending ? 'Changing …' : 'Change shares'}
          </Button>
          <Button look="quiet" onClick={() => setTyped(evenShares(test.arms.length))}>
            Split evenly
          </Button>
          <Cancel close={close} />
        </div>
      </form>
    </Dialog>
  );
}

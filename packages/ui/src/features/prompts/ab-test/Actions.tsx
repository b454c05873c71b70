import type { AbTest, AbVerdict } from '@tracehouse/contract/x-ab-tests';
import { Ellipsis, Pause, Play } from 'lucide-react';
import { useState } from 'react';
import { missingRole } from '../../../app/session.ts';
import { useProject } from '../../../app/useProject.ts';
import { Button } from '../../../components/Button.tsx';
import { Cancel } from '../../../components/Cancel.tsx';
import { Dialog } from '../../../components/Dialog.tsx';
import { Icon } from '../../../components/Icon.tsx';
import { Menu } from '../../../components/Menu.tsx';
import { tell, tellError } from '../../../components/toasts.tsx';
import { TriggerButton } from '../../../components/TriggerButton.tsx';
import { DetailsDialog } from './DetailsDialog.tsx';
import { SharesDialog } from './SharesDialog.tsx';
import { useAbResult, useAbStep, useDeleteAbTest, useEndAbTest, type AbStep } from './useAbTests.ts';

interface ActionsProps {
  test: AbTest;
  /** Its label is one that only an admin may move. */
  isProtected: boolean;
  /** After a draft was deleted. */
  onDeleted: () => void;
}

const done: Record<AbStep, string> = {
  start: 'Started.',
  pause: 'Paused: everybody gets control.',
  resume: 'Resumed.',
};

/** What can be done with a test in its state. Pausing and ending lead back to control, so they need no more than changing prompts. */
export function Actions({ test, isProtected, onDeleted }: ActionsProps) {
  const { project } = useProject();
  const step = useAbStep(project.id, test.id);
  const remove = useDeleteAbTest(project.id);
  const [isSharing, setIsSharing] = useState(false);
  const [isEditing, setIsEditing] = useState(false);
  const [ending, setEnding] = useState<{ version: number } | null>(null);
  const back = missingRole(project, 'MEMBER');
  const on = back ?? (isProtected ? missingRole(project, 'ADMIN') : undefined);
  const [control, ...others] = test.arms;
  const run = (name: AbStep) =>
    step.mutate(name, { onSuccess: () => tell(done[name]), onError: (error) => tellError(error.message) });
  const isOpen = test.state === 'running' || test.state === 'paused' || test.state === 'scheduled';
  return (
    <>
      {test.state === 'draft' && (
        <>
          <Button
            look="danger"
            disabledBecause={back}
            onClick={() =>
              remove.mutate(test.id, { onSuccess: onDeleted, onError: (error) => tellError(error.message) })
            }
          >
            Delete draft
          </Button>
          <Button disabledBecause={on} onClick={() => run('start')}>
            <Icon of={Play} small /> {test.startAt === null ? 'Start test' : 'Schedule test'}
          </Button>
        </>
      )}
      {test.state === 'running' && (
        <Button disabledBecause={back} onClick={() => run('pause')}>
          <Icon of={Pause} small /> Pause
        </Button>
      )}
      {test.state === 'paused' && (
        <Button disabledBecause={on} onClick={() => run('resume')}>
          <Icon of={Play} small /> Resume
        </Button>
      )}
      {isOpen && (
        <>
          <Button disabledBecause={on} onClick={() => setIsSharing(true)}>
            Change shares
          </Button>
          {control && (
            <Button disabledBecause={back} onClick={() => setEnding(control)}>
              End test, keep v{control.version}
            </Button>
          )}
          {others.map((arm) => (
            <Button key={arm.version} disabledBecause={on} onClick={() => setEnding(arm)}>
              <span className="max-w-60 truncate">
                End test, make v{arm.version} {test.label}
              </span>
            </Button>
          ))}
        </>
      )}
      {test.state !== 'draft' && (
        <Menu
          label="More"
          placement="bottom end"
          groups={[{ label: 'More', entries: [{ id: 'details', label: 'Edit details …' }] }]}
          onChoose={() => setIsEditing(true)}
        >
          <TriggerButton square look="quiet" aria-label="More">
            <Icon of={Ellipsis} />
          </TriggerButton>
        </Menu>
      )}
      {isEditing && <DetailsDialog test={test} close={() => setIsEditing(false)} />}
      {isSharing && <SharesDialog test={test} close={() => setIsSharing(false)} />}
      {ending && <EndDialog test={test} version={ending.version} close={() => setEnding(null)} />}
    </>
  );
}

/** Why a version should not be made the label's by this test. */
const doubts: Partial<Record<AbVerdict, string>> = {
  collecting: 'Too little has arrived to compare: this test does not say that it is better.',
  'no-difference-yet': 'No difference is shown yet: this test does not say that it is better.',
  mismatch: 'The split that arrived is not the one configured: this test says nothing about which is better.',
  'key-mismatch': 'The key does not fit: this test says nothing about which is better.',
};

interface EndDialogProps {
  test: AbTest;
  version: number;
  close: () => void;
}

function EndDialog({ test, version, close }: EndDialogProps) {
  const { project } = useProject();
  const end = useEndAbTest(project.id, test.id);
  const isKeeping = version === test.arms[0]?.version;
  const verdict = useAbResult(project.id, test, undefined).data?.verdict;
  const doubt = verdict == null ? undefined : doubts[verdict];
  return (
    <Dialog
      title={isKeeping ? `End the test, keep v${version}?` : `End the test, make v${version} ${test.label}?`}
      open
      onClose={close}
    >
      <div className="mt-1 flex flex-col gap-3">
        <p className="text-text-2">
          Everybody gets v{version} from now on; clients that keep prompts notice within their cache time. The result is
          kept as it is now. This cannot be undone: going on is another test.
        </p>
        {doubt !== undefined && !isKeeping && <p className="text-warn">{doubt}</p>}
        {end.isError && (
          <p role="alert" className="text-small text-danger">
            The test was not ended. {end.error.message}
          </p>
        )}
        <div className="flex gap-2">
          <Button
            onClick={() =>
              end.mutate(isKeeping ? undefined : version, {
                onSuccess: () => {
                  tell(isKeeping ? `Ended, v${version} kept.` : `Ended, v${version} is ${test.label}.`);
                  close();
                },
              })
            }
          >
            {end.isPending ? 'Ending …' : 'End test'}
          </Button>
          <Cancel close={close} />
        </div>
      </div>
    </Dialog>
  );
}

import { useBlocker } from '@tanstack/react-router';
import { Button } from '../../../components/Button.tsx';
import { Dialog } from '../../../components/Dialog.tsx';

interface LeaveDialogProps {
  /** Whether something would be left unsaved, asked when somebody leaves. */
  isUnsaved: () => boolean;
  discard: () => void;
  /** False: the browser refuses to keep the draft. */
  isKept: boolean;
}

/** Leaving with unsaved changes asks: within the product by this dialog, else by the browser's own. */
export function LeaveDialog({ isUnsaved, discard, isKept }: LeaveDialogProps) {
  const blocker = useBlocker({
    shouldBlockFn: ({ current, next }) => current.pathname !== next.pathname && isUnsaved(),
    enableBeforeUnload: isUnsaved,
    withResolver: true,
  });
  const isAsking = blocker.status === 'blocked';
  return (
    <Dialog title="Leave with unsaved changes?" open={isAsking} onClose={() => blocker.reset?.()}>
      <p className="text-text-2">
        {isKept
          ? 'They are kept in this browser as a draft, until you save or discard them.'
          : 'This browser does not store drafts: they will be gone.'}
      </p>
      <div className="mt-3 flex flex-wrap gap-2">
        <Button onClick={() => blocker.reset?.()}>Stay</Button>
        <Button onClick={() => blocker.proceed?.()}>{isKept ? 'Leave, keep the draft' : 'Leave'}</Button>
        {isKept && (
          <Button
            look="danger"
            onClick={() => {
              discard();
              blocker.proceed?.();
            }}
          >
            Leave, discard the changes
          </Button>
        )}
      </div>
    </Dialog>
  );
}

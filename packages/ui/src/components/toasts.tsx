import { OctagonAlert, X } from 'lucide-react';
import {
  UNSTABLE_Toast as AriaToast,
  UNSTABLE_ToastContent as ToastContent,
  UNSTABLE_ToastQueue as ToastQueue,
  UNSTABLE_ToastRegion as ToastRegion,
} from 'react-aria-components/Toast';
import { Button } from './Button.tsx';
import { Icon } from './Icon.tsx';
import { layerClass } from './layer.ts';

interface Toast {
  text: string;
  isError: boolean;
}

const SHOWN_MS = 6000;
const queue = new ToastQueue<Toast>({ maxVisibleToasts: 3 });

/** Says in one line that something was done; goes after six seconds, not while the pointer is on it. */
export function tell(text: string): void {
  queue.add({ text, isError: false }, { timeout: SHOWN_MS });
}

/** Says that something failed; stays until it is closed. */
export function tellError(text: string): void {
  queue.add({ text, isError: true });
}

/** Where toasts appear; once, in the app. */
export const Toasts = () => (
  <ToastRegion queue={queue} className="fixed bottom-4 left-4 z-20 flex flex-col items-start gap-2 outline-none">
    {({ toast }) => (
      <AriaToast toast={toast} className={`${layerClass} flex h-9 items-center gap-3 pr-2 pl-3 whitespace-nowrap`}>
        {toast.content.isError && <Icon of={OctagonAlert} small className="text-danger" />}
        <ToastContent>{toast.content.text}</ToastContent>
        <Button compact square look="quiet" aria-label="Close" onClick={() => queue.close(toast.key)}>
          <Icon of={X} small />
        </Button>
      </AriaToast>
    )}
  </ToastRegion>
);

import type { ReactNode } from 'react';
import { Button } from 'react-aria-components/Button';
import { Dialog, DialogTrigger } from 'react-aria-components/Dialog';
import { Popover } from 'react-aria-components/Popover';
import { layerClass } from '../../../components/layer.ts';

/** "why?" after a line, and what it opens. */
export const Why = ({ about, children }: { about: string; children: ReactNode }) => (
  <DialogTrigger>
    <Button
      aria-label={`Why? ${about}`}
      className="inline-flex min-h-6 cursor-default items-center rounded-control px-1 text-accent hover:text-accent-hover hover:underline"
    >
      why?
    </Button>
    <Popover placement="bottom start" offset={4} className={`${layerClass} max-w-80`}>
      <Dialog aria-label={about} className="flex flex-col gap-2 p-3 text-text-2 outline-none">
        {children}
      </Dialog>
    </Popover>
  </DialogTrigger>
);

import type { ReactNode } from 'react';
import { Dialog as AriaDialog } from 'react-aria-components/Dialog';
import { Heading } from 'react-aria-components/Heading';
import { Modal, ModalOverlay } from 'react-aria-components/Modal';
import { classes } from './class-names.ts';
import { layerClass } from './layer.ts';

interface DialogProps {
  title: string;
  open: boolean;
  /** Without it the dialog stays until it is answered. */
  onClose?: () => void;
  children: ReactNode;
  wide?: boolean;
}

/** A question or an answer over the page; its title is a heading. */
export function Dialog({ title, open, onClose, children, wide = false }: DialogProps) {
  return (
    <ModalOverlay
      isOpen={open}
      isDismissable={onClose !== undefined}
      isKeyboardDismissDisabled={onClose === undefined}
      onOpenChange={(isOpen) => {
        if (!isOpen) onClose?.();
      }}
      className="fixed inset-0 z-10 flex items-start justify-center bg-canvas/70 p-4 pt-30"
    >
      <Modal className={classes('w-full', wide ? 'max-w-160' : 'max-w-100')}>
        <AriaDialog className={classes(layerClass, 'max-h-160 overflow-auto p-4')}>
          <Heading slot="title" className="mb-1 text-lead">
            {title}
          </Heading>
          {children}
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  );
}

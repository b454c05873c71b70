import { lazy, Suspense } from 'react';

/** The form comes when it is opened: most who look at a trace never do. */
const ModelDialog = lazy(async () => ({ default: (await import('./ModelDialog.tsx')).ModelDialog }));

interface AddPriceDialogProps {
  /** Name of the calls to price; undefined: closed. */
  model: string | undefined;
  close: () => void;
}

/** Adds a price from where it is missing. */
export const AddPriceDialog = ({ model, close }: AddPriceDialogProps) =>
  model === undefined ? null : (
    <Suspense fallback={null}>
      <ModelDialog target={{ name: model }} close={close} />
    </Suspense>
  );

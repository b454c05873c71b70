import { Button } from './Button.tsx';

/** Leaves a dialog or a form as it was. */
export const Cancel = ({ close }: { close: () => void }) => (
  <Button look="quiet" onClick={close}>
    Cancel
  </Button>
);

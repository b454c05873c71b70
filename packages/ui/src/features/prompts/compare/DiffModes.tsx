import { Button } from '../../../components/Button.tsx';
import { diffModes, type DiffMode } from './DiffView.tsx';

/** Lines or words. */
export const DiffModes = ({ mode, onChoose }: { mode: DiffMode; onChoose: (mode: DiffMode) => void }) => (
  <div role="group" aria-label="Compare by" className="flex gap-1">
    {diffModes.map(({ id, label }) => (
      <Button key={id} compact aria-pressed={mode === id} onClick={() => onChoose(id)}>
        {label}
      </Button>
    ))}
  </div>
);

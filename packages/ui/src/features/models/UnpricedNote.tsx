import { missingRole } from '../../app/session.ts';
import { useProject } from '../../app/useProject.ts';
import { Button } from '../../components/Button.tsx';
import { formatCount } from '../../components/formats.ts';
import { Note } from '../../components/states.tsx';
import { useCalledModels } from './useModels.ts';

interface UnpricedNoteProps {
  /** Whether to look at all; costs one question to the engine. */
  enabled?: boolean;
  onAdd: (name: string) => void;
}

/** Names the models of the last 30 days whose calls have usage and no price, and leads to adding one. */
export function UnpricedNote({ enabled = true, onAdd }: UnpricedNoteProps) {
  const { project } = useProject();
  const called = useCalledModels(project.id, enabled);
  const unpriced = (called.data?.data ?? []).filter(({ unpricedCalls }) => unpricedCalls > 0);
  const [first] = unpriced;
  if (!enabled || first === undefined) return null;
  const calls = unpriced.reduce((sum, { unpricedCalls }) => sum + unpricedCalls, 0);
  return (
    <Note tone="warn">
      <span className="min-w-0 flex-1">
        No price for {unpriced.length === 1 ? 'model' : 'models'}{' '}
        {unpriced.slice(0, 3).map(({ model }, i) => (
          <span key={model}>
            {i > 0 && ', '}
            <bdi className="font-medium break-words">{model.length > 80 ? `${model.slice(0, 80)}…` : model}</bdi>
          </span>
        ))}
        {unpriced.length > 3 && ` and ${formatCount(unpriced.length - 3)} more`}: {formatCount(calls)}{' '}
        {calls === 1 ? 'call' : 'calls'} in the past 30 days, not counted in any cost.
      </span>
      <Button compact onClick={() => onAdd(first.model)} disabledBecause={missingRole(project, 'ADMIN')}>
        Add price
      </Button>
    </Note>
  );
}

import type { LevelName } from '@tracehouse/contract/x-traces';
import { CircleDashed, OctagonAlert, TriangleAlert } from 'lucide-react';
import { Icon } from './Icon.tsx';

/** ERROR and WARNING have a sign; DEBUG and DEFAULT have none. */
export function LevelIcon({ level, label }: { level: LevelName; label?: string }) {
  if (level === 'ERROR') return <Icon of={OctagonAlert} small className="text-danger" label={label ?? 'Error'} />;
  if (level === 'WARNING') return <Icon of={TriangleAlert} small className="text-warn" label={label ?? 'Warning'} />;
  return null;
}

export const RunningIcon = () => <Icon of={CircleDashed} small className="animate-turn text-accent" label="Running" />;

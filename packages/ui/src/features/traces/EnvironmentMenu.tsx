import { ChevronDown } from 'lucide-react';
import { TriggerButton } from '../../components/TriggerButton.tsx';
import { Icon } from '../../components/Icon.tsx';
import { Menu } from '../../components/Menu.tsx';

interface EnvironmentMenuProps {
  /** As in the address: undefined is all but internal ones, `*` all, else names with commas. */
  env: string | undefined;
  /** Environments seen in this project so far. */
  seen: readonly string[];
  onChoose: (env: string | undefined) => void;
}

const GENERAL = 'Show';
const NAMES = 'Only';

export function EnvironmentMenu({ env, seen, onChoose }: EnvironmentMenuProps) {
  const chosen = env === undefined || env === '*' ? [] : env.split(',');
  const names = [...new Set([...seen, ...chosen])].toSorted();
  const toggle = (name: string) => {
    const next = chosen.includes(name) ? chosen.filter((one) => one !== name) : [...chosen, name];
    onChoose(next.length === 0 ? undefined : next.join(','));
  };
  const words =
    env === '*' ? 'All environments, internal too' : chosen.length === 0 ? 'All environments' : chosen.join(', ');
  return (
    <Menu
      label="Environment"
      placement="bottom end"
      groups={[
        {
          label: GENERAL,
          chosen: new Set(env === '*' ? ['*'] : chosen.length === 0 ? [''] : []),
          entries: [
            { id: '', label: 'All environments' },
            { id: '*', label: 'All, internal ones too' },
          ],
        },
        ...(names.length > 0
          ? [{ label: NAMES, chosen: new Set(chosen), entries: names.map((name) => ({ id: name, label: name })) }]
          : []),
      ]}
      onChoose={(id, group) => (group === NAMES ? toggle(id) : onChoose(id === '' ? undefined : id))}
    >
      <TriggerButton aria-label={`Environment: ${words}`}>
        <span className="max-w-50 truncate" dir="auto">
          {words}
        </span>
        <Icon of={ChevronDown} small className="text-text-3" />
      </TriggerButton>
    </Menu>
  );
}

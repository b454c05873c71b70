import { Dialog } from '../components/Dialog.tsx';
import { useKeyList } from './keys.ts';
import { setPreferences, usePreferences } from './preferences.ts';

export function KeyListDialog({ open, onClose }: { open: boolean; onClose: () => void }) {
  const bindings = useKeyList();
  const { keys } = usePreferences();
  return (
    <Dialog title="Keys of this page" open={open} onClose={onClose}>
      <dl className="mt-2 grid grid-cols-2 gap-x-4 gap-y-1">
        {bindings.map(({ key, does }) => (
          <div key={key} className="col-span-2 grid grid-cols-subgrid">
            <dt className="data leading-5">{keyWord(key)}</dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
      <label className="mt-4 flex items-center gap-2 text-text-2">
        <input
          type="checkbox"
          checked={keys}
          onChange={(event) => setPreferences({ keys: event.target.checked })}
          className="accent-accent"
        />
        Single keys work
      </label>
    </Dialog>
  );
}

const words: Record<string, string> = { ArrowLeft: '←', ArrowRight: '→', ArrowUp: '↑', ArrowDown: '↓', ' ': 'Space' };
const keyWord = (key: string) => words[key] ?? key.replace(' ', ' then ');

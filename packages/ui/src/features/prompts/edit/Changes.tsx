import { useMemo, useState } from 'react';
import { useSettled } from '../../../components/useSettled.ts';
import { DiffView, type DiffMode } from '../compare/DiffView.tsx';
import { DiffModes } from '../compare/DiffModes.tsx';
import { diffPrompts, type Compared } from '../compare/prompt-diff.ts';
import { contentOf, readConfig, type Draft } from './draft.ts';

interface ChangesProps {
  /** What the draft is compared with. */
  base: Compared;
  /** "version 3". */
  baseName: string;
  draft: Draft;
}

/** What saving would change. */
export function Changes({ base, baseName, draft }: ChangesProps) {
  const [mode, setMode] = useState<DiffMode>('lines');
  const config = readConfig(draft.config);
  const settled = useSettled(
    JSON.stringify({ prompt: contentOf(draft), config: 'value' in config ? config.value : base.config }),
  );
  const diff = useMemo(() => diffPrompts(base, JSON.parse(settled) as Compared), [base, settled]);
  return (
    <div className="flex flex-col gap-2">
      <div className="flex items-center gap-2">
        <p className="min-w-0 flex-1 text-small text-text-2" role="status">
          {diff.isSame
            ? `Text and config are those of ${baseName}.`
            : `${diff.changedLines === 1 ? '1 line differs' : `${diff.changedLines} lines differ`} from ${baseName}.`}
        </p>
        <DiffModes mode={mode} onChoose={setMode} />
      </div>
      {'problem' in config && (
        <p className="text-small text-warn">The config is not JSON yet: its changes are not shown.</p>
      )}
      {!diff.isSame && <DiffView diff={diff} mode={mode} onlyChanged />}
    </div>
  );
}

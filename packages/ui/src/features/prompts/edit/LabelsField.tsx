import { DEFAULT_LABEL, NEWEST_LABEL, PromptLabel } from '@tracehouse/contract/prompts';
import type { LabelPlace } from '@tracehouse/contract/x-prompts';
import { Lock, Plus } from 'lucide-react';
import { useState } from 'react';
import { missingRole } from '../../../app/session.ts';
import { useProject } from '../../../app/useProject.ts';
import { Button } from '../../../components/Button.tsx';
import { fieldClass } from '../../../components/Field.tsx';
import { Icon } from '../../../components/Icon.tsx';
import { shareWords } from '../label-words.ts';
import { useProtectedLabels } from '../usePrompts.ts';

interface LabelsFieldProps {
  /** Where the labels of the prompt point now. */
  places: readonly LabelPlace[];
  chosen: readonly string[];
  onChange: (labels: string[]) => void;
}

/** Which labels the new version gets: those there are, with where they point and what moving them does, and new ones. */
export function LabelsField({ places, chosen, onChange }: LabelsFieldProps) {
  const { project } = useProject();
  const protectedLabels = useProtectedLabels(project.id).data?.labels ?? [];
  const [typed, setTyped] = useState('');
  const [problem, setProblem] = useState<string>();
  const known = new Map(places.map((place) => [place.label, place]));
  const labels = [...new Set([DEFAULT_LABEL, ...known.keys(), ...chosen])].filter((label) => label !== NEWEST_LABEL);
  const isProtected = (label: string) => known.get(label)?.isProtected ?? protectedLabels.includes(label);
  const lockOf = (label: string) => (isProtected(label) ? missingRole(project, 'ADMIN') : undefined);
  const toggle = (label: string) =>
    onChange(chosen.includes(label) ? chosen.filter((one) => one !== label) : [...chosen, label]);
  const add = () => {
    const label = typed.trim();
    const checked = PromptLabel.safeParse(label);
    const wrong =
      label === NEWEST_LABEL
        ? 'latest goes to the newest version by itself.'
        : checked.success
          ? lockOf(label)
          : 'A label has up to 36 lowercase letters, digits, underscores, hyphens or periods.';
    setProblem(wrong);
    if (wrong !== undefined) return;
    if (!chosen.includes(label)) onChange([...chosen, label]);
    setTyped('');
  };
  return (
    <fieldset className="min-w-0">
      <legend className="mb-1 text-small text-text-2">Labels of the new version</legend>
      <div className="flex flex-col gap-0.5">
        {labels.map((label) => {
          const place = known.get(label);
          const lock = lockOf(label);
          return (
            <div key={label}>
              <label className="flex min-h-6 min-w-0 items-center gap-2" title={lock}>
                <input
                  type="checkbox"
                  checked={chosen.includes(label)}
                  disabled={lock !== undefined && !chosen.includes(label)}
                  onChange={() => toggle(label)}
                  className="size-3.5 accent-accent"
                />
                <span className="truncate">{label}</span>
                {isProtected(label) && <Icon of={Lock} small className="text-text-3" label="Protected" />}
                {place && <span className="data whitespace-nowrap text-text-3">now v{place.version}</span>}
              </label>
              {lock !== undefined && <p className="pl-5.5 text-small text-text-3">Protected. {lock}</p>}
              {lock === undefined && place?.test && (
                <p className={chosen.includes(label) ? 'pl-5.5 text-small text-warn' : 'pl-5.5 text-small text-text-3'}>
                  Under an A/B test (
                  {place.test.arms.map(({ version, share }) => `v${version} ${shareWords(share)}`).join(', ')}
                  ). {chosen.includes(label) ? 'Saving moves it here and ends the test.' : 'Moving it ends the test.'}
                </p>
              )}
            </div>
          );
        })}
      </div>
      <div className="mt-1 flex items-center gap-2">
        <input
          aria-label="New label"
          placeholder="new label"
          value={typed}
          maxLength={36}
          spellCheck={false}
          autoComplete="off"
          aria-invalid={problem !== undefined || undefined}
          onChange={(event) => {
            setTyped(event.target.value);
            setProblem(undefined);
          }}
          onKeyDown={(event) => {
            if (event.key !== 'Enter') return;
            event.preventDefault();
            add();
          }}
          className={`${fieldClass} w-40`}
        />
        <Button compact disabledBecause={typed.trim() === '' ? 'Type a label first.' : undefined} onClick={add}>
          <Icon of={Plus} small /> Add
        </Button>
      </div>
      {problem !== undefined && (
        <p role="alert" className="mt-1 text-small text-danger">
          {problem}
        </p>
      )}
    </fieldset>
  );
}

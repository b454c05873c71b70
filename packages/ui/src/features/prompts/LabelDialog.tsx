import { NEWEST_LABEL, PromptLabel } from '@tracehouse/contract/prompts';
import type { WholePrompt } from '@tracehouse/contract/x-prompts';
import { TriangleAlert } from 'lucide-react';
import { useState, type FormEvent } from 'react';
import { missingRole } from '../../app/session.ts';
import { useProject } from '../../app/useProject.ts';
import { Button } from '../../components/Button.tsx';
import { Cancel } from '../../components/Cancel.tsx';
import { Dialog } from '../../components/Dialog.tsx';
import { Field, fieldClass } from '../../components/Field.tsx';
import { formatCount } from '../../components/formats.ts';
import { Icon } from '../../components/Icon.tsx';
import { tell } from '../../components/toasts.tsx';
import { placeWords, testWords } from './label-words.ts';
import { useProtectedLabels, useSetLabel, useVersionUsage } from './usePrompts.ts';

interface LabelDialogProps {
  prompt: WholePrompt;
  /** The label to move; null: any, a new one too. */
  label: string | null;
  /** Where it goes, unless another is chosen. */
  version: number;
  close: () => void;
}

const NOWHERE = 'none';

/** Moves a label, after saying what that changes for whom. */
export function LabelDialog({ prompt, label: given, version, close }: LabelDialogProps) {
  const { project } = useProject();
  const { name, versions, labels, dependents } = prompt;
  const [typed, setTyped] = useState('');
  const [to, setTo] = useState(String(version));
  const label = given ?? typed.trim();
  const place = labels.find((one) => one.label === label);
  const set = useSetLabel(project.id);
  const usage = useVersionUsage(project.id, name, 1, place !== undefined);
  const protectedLabels = useProtectedLabels(project.id);
  const isProtected = place?.isProtected ?? protectedLabels.data?.labels.includes(label) ?? false;
  const target = to === NOWHERE ? null : Number(to);
  const problem = given === null && typed !== '' ? problemOf(label) : undefined;
  const includes = dependents.filter((one) => one.label === label).length;
  const blocked =
    missingRole(project, 'MEMBER') ??
    (isProtected ? protectedWords(label, missingRole(project, 'ADMIN')) : undefined) ??
    (label === '' ? 'Type a label first' : problem) ??
    (target === null && includes > 0 ? 'Other prompts include it' : undefined) ??
    (place === undefined && target === null ? 'No version has this label' : undefined) ??
    (place?.version === target && place?.test == null ? `${label} points at version ${target} already` : undefined);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (set.isPending || problem !== undefined) return;
    set.mutate(
      { name, label, version: target },
      {
        onSuccess: () => {
          tell(target === null ? `Took ${label} away` : `${label} points at version ${target}`);
          close();
        },
      },
    );
  };
  return (
    <Dialog title={given === null ? `Label a version of ${name}` : `Move ${given}`} open onClose={close}>
      <form onSubmit={submit} className="mt-1 flex flex-col gap-3">
        {given === null && (
          <Field
            label="Label"
            value={typed}
            required
            maxLength={36}
            spellCheck={false}
            list="labels-of-prompt"
            problem={problem}
            onChange={(event) => {
              setTyped(event.target.value);
              set.reset();
            }}
          />
        )}
        <datalist id="labels-of-prompt">
          {labels
            .filter((one) => one.label !== NEWEST_LABEL)
            .map((one) => (
              <option key={one.label} value={one.label}>
                {placeWords(one)}
              </option>
            ))}
        </datalist>
        <label className="flex flex-col gap-1 text-small text-text-2">
          To version
          <select value={to} onChange={(event) => setTo(event.target.value)} className={fieldClass}>
            {versions.map((one) => (
              <option key={one.id} value={one.version}>
                {`${one.version}${one.commitMessage === null ? '' : `  ${one.commitMessage.slice(0, 80)}`}`}
              </option>
            ))}
            {place !== undefined && <option value={NOWHERE}>none: take the label away</option>}
          </select>
        </label>
        {label !== '' && problem === undefined && (
          <p>
            <bdi className="font-medium">{label}</bdi>:{' '}
            <span className="data">
              {place === undefined ? 'none' : place.version} → {target ?? 'none'}
            </span>
            {place !== undefined && usage.data && `, ${usedWords(callsOf(usage.data, place.version))}`}
          </p>
        )}
        {place?.test && (
          <Warning>
            {label}: {testWords(place.test)}, {place.test.arms.map((arm) => `v${arm.version}`).join(' and ')}. Moving it
            ends the A/B test.
          </Warning>
        )}
        {includes > 0 && place !== undefined && (
          <Warning>
            {includes === 1 ? '1 prompt includes' : `${formatCount(includes)} prompts include`} this one by {label}
            {target === null
              ? ': point it at another version, or change them first.'
              : ', and will get the other version.'}
          </Warning>
        )}
        {target === null && <Warning>Applications that fetch {label} get an error, or their fallback.</Warning>}
        {set.isError && (
          <p role="alert" className="text-small break-words text-danger">
            The label was not moved. {set.error.message}
          </p>
        )}
        <div className="flex gap-2">
          <Button type="submit" look={target === null ? 'danger' : 'primary'} disabledBecause={blocked}>
            {set.isPending
              ? 'Moving …'
              : target === null
                ? `Take ${label} away`
                : `Move ${label === '' ? 'label' : label} to v${target}`}
          </Button>
          <Cancel close={close} />
        </div>
      </form>
    </Dialog>
  );
}

const Warning = ({ children }: { children: React.ReactNode }) => (
  <p className="flex items-start gap-2 rounded-control bg-warn-bg px-2 py-1.5 text-small text-warn">
    <Icon of={TriangleAlert} small className="mt-px" />
    <span className="min-w-0 break-words">{children}</span>
  </p>
);

function problemOf(label: string): string | undefined {
  if (label === NEWEST_LABEL) return 'latest moves to each new version by itself.';
  return PromptLabel.safeParse(label).error?.issues[0]?.message;
}

/** Why a protected label may not be moved; undefined for who may. */
export const protectedWords = (label: string, missing: string | undefined): string | undefined =>
  missing && `${label} is protected. ${missing}`;

const callsOf = ({ data }: { data: { version: number; calls: number }[] }, version: number): number =>
  data.find((one) => one.version === version)?.calls ?? 0;

const usedWords = (calls: number): string =>
  calls === 0
    ? 'not used in the past day.'
    : `used ${calls === 1 ? 'once' : `${formatCount(calls)} times`} in the past day.`;

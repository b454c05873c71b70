import type { Model, ModelUnit } from '@tracehouse/contract/models';
import { Plus } from 'lucide-react';
import { useState, type FormEvent, type ReactNode } from 'react';
import { missingRole } from '../../app/session.ts';
import { useProject } from '../../app/useProject.ts';
import { Button } from '../../components/Button.tsx';
import { fieldClass } from '../../components/Field.tsx';
import { Icon } from '../../components/Icon.tsx';
import { type Draft, newTier, patternOf, rescaled, toNewModel } from './draft.ts';
import { PatternTest } from './PatternTest.tsx';
import { TierFields } from './TierFields.tsx';
import { useSaveModel } from './useModels.ts';

const units: Record<ModelUnit, string> = {
  TOKENS: 'tokens',
  CHARACTERS: 'characters',
  MILLISECONDS: 'milliseconds',
  SECONDS: 'seconds',
  REQUESTS: 'requests',
  IMAGES: 'images',
};

interface ModelFormProps {
  initial: Draft;
  /** Of the model to change; undefined adds one. */
  id: string | undefined;
  /** The name of a call that the pattern is meant for. */
  calledAs: string | undefined;
  onSaved: (model: Model) => void;
  /** Beside the button that saves. */
  children: ReactNode;
}

/** Name, pattern, prices and tokenizer of a model. What is typed stays here until it is saved. */
export function ModelForm({ initial, id, calledAs, onSaved, children }: ModelFormProps) {
  const { project } = useProject();
  const save = useSaveModel(project.id);
  const [draft, setDraft] = useState(initial);
  const [problem, setProblem] = useState<string>();
  const blocked = missingRole(project, 'ADMIN');
  const change = (part: Partial<Draft>) => {
    setDraft({ ...draft, ...part });
    setProblem(undefined);
  };
  const perUnits = draft.scale === 6 ? `USD for a million ${units[draft.unit]}` : `USD for one of ${units[draft.unit]}`;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const result = toNewModel(draft);
    if ('problem' in result) setProblem(result.problem);
    else save.mutate({ id, model: result.model }, { onSuccess: onSaved });
  };
  const failure = problem ?? (save.isError ? `The model was not saved. ${save.error.message}` : undefined);
  return (
    <form onSubmit={submit} className="mt-2 flex flex-col gap-4">
      <div className="flex flex-col gap-2">
        <label className={labelClass}>
          Model name
          <input
            value={draft.modelName}
            required
            maxLength={200}
            autoComplete="off"
            spellCheck={false}
            onChange={(event) => change({ modelName: event.target.value })}
            className={fieldClass}
          />
        </label>
        <label className={labelClass}>
          Match pattern
          <input
            value={patternOf(draft)}
            maxLength={1000}
            autoComplete="off"
            spellCheck={false}
            onChange={(event) => change({ matchPattern: event.target.value })}
            className={`${fieldClass} code`}
          />
        </label>
        <PatternTest pattern={patternOf(draft)} name={calledAs ?? draft.modelName.trim()} />
      </div>
      <div className="flex flex-wrap gap-3">
        <label className={labelClass}>
          Unit
          <select
            value={draft.unit}
            onChange={(event) => change({ unit: event.target.value as ModelUnit })}
            className={fieldClass}
          >
            {Object.entries(units).map(([unit, word]) => (
              <option key={unit} value={unit}>
                {word}
              </option>
            ))}
          </select>
        </label>
        <label className={labelClass}>
          Prices for
          <select
            value={draft.scale}
            onChange={(event) => setDraft(rescaled(draft, event.target.value === '6' ? 6 : 0))}
            className={fieldClass}
          >
            <option value={6}>a million</option>
            <option value={0}>one</option>
          </select>
        </label>
        <label className={labelClass}>
          Holds from
          <input
            type="date"
            value={draft.startDate}
            onChange={(event) => change({ startDate: event.target.value })}
            className={fieldClass}
          />
        </label>
        <label className={labelClass}>
          Tokens nobody reports
          <select
            value={draft.tokenizer}
            onChange={(event) => change({ tokenizer: event.target.value as Draft['tokenizer'] })}
            className={fieldClass}
          >
            <option value="none">are not counted</option>
            <option value="openai">are counted as by OpenAI</option>
            {initial.tokenizer === 'claude' && <option value="claude">Claude (not counted here)</option>}
          </select>
        </label>
        {draft.tokenizer === 'openai' && (
          <label className={labelClass}>
            Tokenizer of
            <input
              value={draft.tokenizerModel}
              maxLength={200}
              spellCheck={false}
              onChange={(event) => change({ tokenizerModel: event.target.value })}
              className={`${fieldClass} code w-30`}
            />
          </label>
        )}
      </div>
      {draft.tiers.map((tier, at) => (
        <TierFields
          key={tier.key}
          tier={tier}
          isDefault={at === 0}
          perUnits={perUnits}
          onChange={(next) => change({ tiers: draft.tiers.map((one) => (one.key === next.key ? next : one)) })}
          onRemove={() => change({ tiers: draft.tiers.filter(({ key }) => key !== tier.key) })}
        />
      ))}
      <div className="flex items-center gap-2">
        <Button compact onClick={() => change({ tiers: [...draft.tiers, newTier(`Tier ${draft.tiers.length + 1}`)] })}>
          <Icon of={Plus} small /> Tier
        </Button>
        <span className="text-small text-text-3">
          A tier has prices of its own for calls that meet conditions, such as a long context.
        </span>
      </div>
      {failure !== undefined && (
        <p role="alert" className="text-small text-danger">
          {failure}
        </p>
      )}
      <div className="flex flex-wrap gap-2">
        <Button type="submit" look="primary" disabledBecause={blocked}>
          {save.isPending ? 'Saving …' : id === undefined ? 'Add model' : 'Save'}
        </Button>
        {children}
      </div>
    </form>
  );
}

const labelClass = 'flex min-w-0 flex-col gap-1 text-small text-text-2';

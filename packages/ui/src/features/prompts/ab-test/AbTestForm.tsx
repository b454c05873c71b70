import { DEFAULT_LABEL, NEWEST_LABEL } from '@tracehouse/contract/prompts';
import type { WholePrompt } from '@tracehouse/contract/x-prompts';
import { abMeasures, type AbMeasure, type AbTest } from '@tracehouse/contract/x-ab-tests';
import { useState, type FormEvent, type ReactNode } from 'react';
import { missingRole } from '../../../app/session.ts';
import { useProject } from '../../../app/useProject.ts';
import { Button } from '../../../components/Button.tsx';
import { Field } from '../../../components/Field.tsx';
import { useVersionUsage } from '../usePrompts.ts';
import { Choice, ExpectationField, KeyChoices } from './fields.tsx';
import { emptyForm, formOf, MAX_ARMS, toNewTest, type TestForm } from './form.ts';
import { KeyAdvice } from './KeyAdvice.tsx';
import { KeySnippets } from './KeySnippets.tsx';
import { evenShares } from './shares.ts';
import { ShareFields } from './ShareFields.tsx';
import { useCreateAbTest, useUpdateAbTest } from './useAbTests.ts';
import { measureWords } from './words.ts';

interface AbTestFormProps {
  whole: WholePrompt;
  /** A draft to change; undefined: a new test. */
  draft?: AbTest;
  /** Labels under another open test. */
  taken: ReadonlySet<string>;
  onSaved: (testId: string) => void;
  /** Beside the button that saves. */
  children?: ReactNode;
}

const SCORE_DAYS = 30;

/** Sets up a test. Saving changes nothing for anybody: it is a draft until it is started. */
export function AbTestForm({ whole, draft, taken, onSaved, children }: AbTestFormProps) {
  const { project } = useProject();
  const create = useCreateAbTest(project.id);
  const update = useUpdateAbTest(project.id, draft?.id ?? '');
  const usage = useVersionUsage(project.id, whole.name, SCORE_DAYS);
  const labels = whole.labels.filter(({ label }) => label !== NEWEST_LABEL);
  const free = labels.filter(({ label }) => !taken.has(label));
  const [form, setForm] = useState<TestForm>(() => (draft ? formOf(draft) : firstForm(whole, free[0]?.label)));
  const [problem, setProblem] = useState<string>();
  const place = whole.labels.find(({ label }) => label === form.label);
  const blocked =
    missingRole(project, 'MEMBER') ?? (place?.isProtected === true ? missingRole(project, 'ADMIN') : undefined);
  const change = (part: Partial<TestForm>) => {
    setForm({ ...form, ...part });
    setProblem(undefined);
  };
  const setVersions = (versions: number[]) => change({ versions, shares: evenShares(versions.length) });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const made = toNewTest(whole.name, form);
    if ('problem' in made) return setProblem(made.problem);
    if (!draft) return create.mutate(made.test, { onSuccess: ({ id }) => onSaved(id) });
    const { prompt: _prompt, label: _label, ...settings } = made.test;
    return update.mutate(settings, { onSuccess: ({ id }) => onSaved(id) });
  };
  const failed = draft ? update : create;
  const scores = [...new Set((usage.data?.data ?? []).flatMap((version) => version.scores.map(({ name }) => name)))];
  const measures: AbMeasure[] = [...abMeasures, ...scores.map((name) => `score:${name}` as const)];
  if (!measures.includes(form.primary)) measures.push(form.primary);
  const others = whole.versions.filter(({ version }) => version !== form.versions[0]);
  const includers = whole.dependents.filter(({ label }) => label === form.label);
  return (
    <form onSubmit={submit} className="flex flex-col gap-5">
      <Part title="What is split" note="The label's version now is control; who asks for the label gets one of these.">
        <div className="flex flex-wrap items-end gap-3">
          <Choice
            label="Label"
            value={form.label}
            isFixed={draft !== undefined}
            onChange={(label) => {
              const control = whole.labels.find((one) => one.label === label)?.version ?? form.versions[0] ?? 1;
              const rest = form.versions.slice(1).filter((version) => version !== control);
              change({ label, versions: [control, ...rest], shares: evenShares(rest.length + 1) });
            }}
            options={(draft ? labels : free).map(({ label, version }) => [label, `${label} → v${version}`])}
          />
          <Choice
            label="Add a version"
            value=""
            isFixed={form.versions.length >= MAX_ARMS}
            onChange={(text) => setVersions([...form.versions, Number(text)])}
            options={[
              ['', form.versions.length >= MAX_ARMS ? 'five are the most' : 'choose …'],
              ...others
                .filter(({ version }) => !form.versions.includes(version))
                .map(({ version, commitMessage }): [string, string] => [
                  String(version),
                  [`v${version}`, (commitMessage ?? '').slice(0, 50)].filter(Boolean).join(' · '),
                ]),
            ]}
          />
        </div>
        <div className="flex flex-wrap items-center gap-3">
          <ShareFields versions={form.versions} typed={form.shares} onChange={(shares) => change({ shares })} />
          <Button compact look="quiet" onClick={() => change({ shares: evenShares(form.versions.length) })}>
            Split evenly
          </Button>
          {form.versions.slice(1).map((version) => (
            <Button
              key={version}
              compact
              look="quiet"
              onClick={() => setVersions(form.versions.filter((one) => one !== version))}
            >
              Remove v{version}
            </Button>
          ))}
        </div>
        {includers.length > 0 && (
          <p className="text-small text-warn">
            Included by this label in{' '}
            {includers
              .slice(0, 5)
              .map(({ name }) => name)
              .join(', ')}
            {includers.length > 5 && ` and ${includers.length - 5} more`}: there everybody gets control.
          </p>
        )}
      </Part>
      <Part
        title="Who is one"
        note="The key that your program sends: it says who gets which version, and what is counted as one."
      >
        <div className="flex flex-wrap gap-3">
          <KeyChoices unit={form.unit} keyAs={form.keyAs} onChange={change} />
        </div>
        <KeyAdvice unit={form.unit} keyAs={form.keyAs} />
        <KeySnippets test={{ prompt: whole.name, label: form.label, unit: form.unit, keyAs: form.keyAs }} />
      </Part>
      <Part title="What decides" note="Chosen before the start, and kept: everything else is shown beside it.">
        <div className="flex flex-wrap gap-3">
          <Choice
            label="Primary measure"
            value={form.primary}
            onChange={(primary) => change({ primary: primary as AbMeasure })}
            options={measures.map((measure) => [measure, measureWords(measure, form.unit).name])}
          />
          <Field
            label={
              form.primary.startsWith('score:') ? 'Smallest effect that matters' : 'Smallest effect that matters, %'
            }
            value={form.smallestEffect}
            inputMode="decimal"
            maxLength={8}
            onChange={(event) => change({ smallestEffect: event.target.value })}
            className="w-40"
          />
          <Field
            label="Environments, comma between; empty: all"
            value={form.environments}
            maxLength={2000}
            onChange={(event) => change({ environments: event.target.value })}
            className="w-60"
          />
          <Field
            label="Cache time of the SDK, s"
            value={form.cacheSeconds}
            inputMode="numeric"
            maxLength={5}
            onChange={(event) => change({ cacheSeconds: event.target.value })}
            className="w-36"
          />
        </div>
      </Part>
      <Part title="When, and why" note="Without a time it starts by hand, and ends by hand.">
        <div className="flex flex-wrap gap-3">
          <Field
            label="Starts"
            type="datetime-local"
            value={form.startAt}
            onChange={(event) => change({ startAt: event.target.value })}
          />
          <Field
            label="Ends"
            type="datetime-local"
            value={form.endAt}
            onChange={(event) => change({ endAt: event.target.value })}
          />
          <Field
            label="Name"
            value={form.name}
            maxLength={200}
            dir="auto"
            onChange={(event) => change({ name: event.target.value })}
            className="w-60"
          />
        </div>
        <ExpectationField text={form.hypothesis} onChange={(hypothesis) => change({ hypothesis })} />
      </Part>
      {(problem !== undefined || failed.isError) && (
        <p role="alert" className="text-danger">
          {problem ?? `The test was not saved. ${failed.error?.message ?? ''}`}
        </p>
      )}
      <div className="flex flex-wrap gap-2">
        <Button type="submit" look={draft ? 'default' : 'primary'} disabledBecause={blocked}>
          {failed.isPending ? 'Saving …' : draft ? 'Save draft' : 'Create draft'}
        </Button>
        {children}
      </div>
    </form>
  );
}

function firstForm({ labels, versions }: WholePrompt, label: string | undefined): TestForm {
  const chosen =
    labels.find((one) => one.label === DEFAULT_LABEL && one.test === null) ?? labels.find((one) => one.label === label);
  const control = chosen?.version ?? versions[0]?.version ?? 1;
  return emptyForm(chosen?.label ?? '', control, versions.find(({ version }) => version !== control)?.version);
}

const Part = ({ title, note, children }: { title: string; note: string; children: ReactNode }) => (
  <fieldset className="flex min-w-0 flex-col gap-2">
    <legend className="mb-1 font-medium">{title}</legend>
    <p className="text-small text-text-3">{note}</p>
    {children}
  </fieldset>
);

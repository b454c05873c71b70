import { NEWEST_LABEL, DEFAULT_LABEL } from '@tracehouse/contract/prompts';
import { Link } from '@tanstack/react-router';
import type { PromptVersionDetail, PromptVersionUsage, UsageScore, WholePrompt } from '@tracehouse/contract/x-prompts';
import { Lock } from 'lucide-react';
import { useMemo, type ReactNode } from 'react';
import { missingRole } from '../../app/session.ts';
import { useProject } from '../../app/useProject.ts';
import { Button } from '../../components/Button.tsx';
import {
  explainCostSum,
  formatCostSum,
  formatCount,
  formatDuration,
  formatPercent,
  formatScore,
  formatTokens,
  UNKNOWN,
} from '../../components/formats.ts';
import { Icon } from '../../components/Icon.tsx';
import { Section } from '../trace/PanelFrame.tsx';
import { isSplit, inOrder, placeWords, testWords } from './label-words.ts';
import { protectedWords } from './LabelDialog.tsx';
import { LabelTag } from './LabelTag.tsx';
import { variablesOf } from './prompt-text.ts';
import { Snippets } from './Snippets.tsx';
import type { PromptSelector } from './snippets.ts';
import { tracesUsing } from './traces-using.ts';
import { USAGE_DAYS, useVersionUsage } from './usePrompts.ts';

interface VersionPanelProps {
  prompt: WholePrompt;
  version: number;
  /** Undefined until its text is known. */
  detail: PromptVersionDetail | undefined;
  /** Null: a label that is not there yet, or any. */
  moveLabel: (label: string | null) => void;
}

/** What there is to know about a version beside its text. */
export function VersionPanel({ prompt, version, detail, moveLabel }: VersionPanelProps) {
  const given = useMemo(() => detail && variablesOf(detail.resolved ?? detail.prompt), [detail]);
  return (
    <aside
      aria-label="Version details"
      className="w-90 shrink-0 overflow-y-auto border-l max-wide:w-72 max-panel:w-full max-panel:overflow-visible max-panel:border-t max-panel:border-l-0"
    >
      <LabelsSection prompt={prompt} moveLabel={moveLabel} />
      <UsageSection name={prompt.name} version={version} />
      {given && <VariablesSection {...given} />}
      <Section title="Use it">
        <Snippets
          prompt={{ name: prompt.name, type: prompt.type, ...(given ?? nothing) }}
          selector={selectorOf(prompt, version)}
        />
      </Section>
      {prompt.dependents.length > 0 && <DependentsSection prompt={prompt} />}
    </aside>
  );
}

const nothing = { variables: [], placeholders: [] };

/** By a label where one gives this version, for then a new version needs no new code. */
function selectorOf({ labels }: WholePrompt, version: number): PromptSelector {
  const gives = inOrder(labels).filter(
    (place) =>
      place.version === version || (isSplit(place.test) && place.test.arms.some((arm) => arm.version === version)),
  );
  const place = gives.find(({ label }) => label !== NEWEST_LABEL);
  return place ? { label: place.label, isUnderTest: place.test !== null } : { version };
}

function LabelsSection({ prompt, moveLabel }: Pick<VersionPanelProps, 'prompt' | 'moveLabel'>) {
  const { project } = useProject();
  const blocked = missingRole(project, 'MEMBER');
  return (
    <Section
      title="Labels"
      action={
        <Button compact look="quiet" className="-my-1 -mr-2" disabledBecause={blocked} onClick={() => moveLabel(null)}>
          Add label
        </Button>
      }
    >
      <ul>
        {inOrder(prompt.labels).map((place) => (
          <li key={place.label} className="flex min-h-7 items-center gap-2 text-small text-text-2">
            <span className="flex max-w-30 min-w-0">
              <LabelTag label={place.label} />
            </span>
            <span
              className="flex min-w-0 flex-1 flex-wrap items-baseline gap-x-2"
              title={place.test ? testWords(place.test) : undefined}
            >
              <span className="data">{placeWords(place)}</span>
              {place.test && (
                <Link
                  to="/project/$projectId/prompts/$promptName/ab-test"
                  params={{ projectId: project.id, promptName: prompt.name }}
                >
                  A/B test
                </Link>
              )}
            </span>
            {place.isProtected && (
              <Icon of={Lock} small className="text-text-3" label="Protected: only an admin may move it" />
            )}
            {place.label === NEWEST_LABEL ? (
              <span className="text-text-3">the newest</span>
            ) : (
              <Button
                compact
                look="quiet"
                className="-mr-2"
                aria-label={`Move ${place.label}`}
                disabledBecause={
                  blocked ??
                  (place.isProtected ? protectedWords(place.label, missingRole(project, 'ADMIN')) : undefined)
                }
                onClick={() => moveLabel(place.label)}
              >
                Move
              </Button>
            )}
          </li>
        ))}
      </ul>
      {!prompt.labels.some(({ label }) => label === DEFAULT_LABEL) && (
        <p className="text-small text-text-3">
          No version is production: who fetches this prompt without a label gets an error.
        </p>
      )}
    </Section>
  );
}

function UsageSection({ name, version }: { name: string; version: number }) {
  const { project } = useProject();
  const usage = useVersionUsage(project.id, name, USAGE_DAYS);
  const own = usage.data?.data.find((one) => one.version === version);
  return (
    <Section
      title={`Calls of v${version}`}
      action={<span className="font-normal text-text-3">past {USAGE_DAYS} days</span>}
    >
      {usage.isError ? (
        <p role="alert" className="text-small text-danger">
          Could not count calls. {usage.error.message}
        </p>
      ) : usage.data === undefined ? (
        <div className="h-25" role="status" aria-label="Counting calls" />
      ) : own === undefined || own.calls === 0 ? (
        <p className="text-text-2">Not called in the past {USAGE_DAYS} days.</p>
      ) : (
        <UsageFacts usage={own} />
      )}
      <p className="mt-2">
        <Link
          to="/project/$projectId/traces"
          params={{ projectId: project.id }}
          search={{ q: tracesUsing(name, version), t: own === undefined ? '30d' : `${USAGE_DAYS}d` }}
        >
          Traces using v{version}
        </Link>
      </p>
    </Section>
  );
}

function UsageFacts({ usage }: { usage: PromptVersionUsage }) {
  const { calls, totalCost, unpricedCalls } = usage;
  const priced = calls - unpricedCalls;
  const each = totalCost === null || priced <= 0 ? null : totalCost / priced;
  return (
    <dl className="grid grid-cols-usage items-baseline gap-x-4 gap-y-0.5">
      <Fact term="Calls">{formatCount(calls)}</Fact>
      <Fact term="Latency p50">{formatDuration(usage.p50LatencyMs)}</Fact>
      <Fact term="Tokens a call">
        {usage.inputTokens + usage.outputTokens === 0
          ? UNKNOWN
          : `${formatTokens(Math.round(usage.inputTokens / calls))} in, ${formatTokens(Math.round(usage.outputTokens / calls))} out`}
      </Fact>
      <Fact term="Cost a call" title={explainCostSum(usage)}>
        {formatCostSum({ totalCost: each, unpricedCalls: 0 })}
      </Fact>
      <Fact term="Cost" title={explainCostSum(usage)}>
        {formatCostSum(usage)}
      </Fact>
      {usage.scores.map((score) => (
        <Fact key={`${score.name} ${score.dataType}`} term={score.name} title={scoreTitle(score)}>
          {scoreWords(score)}
        </Fact>
      ))}
    </dl>
  );
}

const Fact = ({ term, title, children }: { term: string; title?: string; children: ReactNode }) => (
  <>
    <dt className="truncate text-text-3" dir="auto" title={term}>
      {term}
    </dt>
    <dd className="data truncate text-right" title={title}>
      {children}
    </dd>
  </>
);

function scoreWords({ dataType, average, deviation, mostCommon }: UsageScore): string {
  if (dataType === 'CATEGORICAL') return mostCommon ?? UNKNOWN;
  if (average === null) return UNKNOWN;
  if (dataType === 'BOOLEAN') return `${formatPercent(average)} true`;
  return deviation === null ? formatScore(average) : `${formatScore(average)} ± ${formatScore(deviation)}`;
}

function scoreTitle({ dataType, count }: UsageScore): string {
  const scores = count === 1 ? '1 score' : `${formatCount(count)} scores`;
  if (dataType === 'CATEGORICAL') return `Most common of ${scores}`;
  return dataType === 'BOOLEAN' ? `Of ${scores}` : `Average and standard deviation of ${scores}`;
}

function VariablesSection({ variables, placeholders }: ReturnType<typeof variablesOf>) {
  if (variables.length + placeholders.length === 0) return null;
  return (
    <Section title="What the caller gives" count={variables.length + placeholders.length}>
      <ul className="code max-h-60 overflow-y-auto">
        {variables.map((name) => (
          <li key={name} className="truncate">
            {name}
          </li>
        ))}
        {placeholders.map((name) => (
          <li key={name} className="truncate">
            <bdi>{name}</bdi> <span className="font-sans text-small tracking-normal text-text-3">messages</span>
          </li>
        ))}
      </ul>
    </Section>
  );
}

/** Prompts that include this one: what they say changes with it. */
const DependentsSection = ({ prompt }: { prompt: WholePrompt }) => (
  <Section title="Included by" count={prompt.dependents.length}>
    <DependentList dependents={prompt.dependents} />
  </Section>
);

/** Links to versions that include a prompt, and how they name it. */
export function DependentList({ dependents }: { dependents: WholePrompt['dependents'] }) {
  const { project } = useProject();
  return (
    <ul className="max-h-60 overflow-y-auto">
      {dependents.map(({ name, version, label, childVersion }) => (
        <li key={`${name} ${version} ${label} ${childVersion}`} className="flex gap-2">
          <Link
            to="/project/$projectId/prompts/$promptName"
            params={{ projectId: project.id, promptName: name }}
            search={{ version: String(version) }}
            className="min-w-0 truncate"
            title={name}
          >
            <bdi>{name}</bdi> v{version}
          </Link>
          <span className="ml-auto shrink-0 text-text-3">{label === null ? `by v${childVersion}` : `by ${label}`}</span>
        </li>
      ))}
    </ul>
  );
}

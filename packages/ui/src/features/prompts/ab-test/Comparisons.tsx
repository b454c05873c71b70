import type { AbResult, AbTest } from '@tracehouse/contract/x-ab-tests';
import { useState } from 'react';
import { useProject } from '../../../app/useProject.ts';
import { Button } from '../../../components/Button.tsx';
import { fieldClass } from '../../../components/Field.tsx';
import { Failure, Loading, SkeletonRows } from '../../../components/states.tsx';
import { useSettled } from '../../../components/useSettled.ts';
import { ResultTable } from './ResultTable.tsx';
import { useAbEstimates, type ScoreSource } from './useAbTests.ts';

interface ComparisonsProps {
  test: AbTest;
  result: AbResult;
}

const sources: readonly (readonly [source: ScoreSource | '', word: string])[] = [
  ['', 'everywhere'],
  ['API', 'programs'],
  ['EVAL', 'evaluators'],
  ['ANNOTATION', 'people'],
];

/** The numbers. Under a mismatch they are hidden until somebody wants them without a verdict; within a filter there is none either. */
export function Comparisons({ test, result }: ComparisonsProps) {
  const [isShown, setIsShown] = useState(false);
  const [environments, setEnvironments] = useState('');
  const [source, setSource] = useState<ScoreSource | ''>('');
  const environment = useSettled(environments.trim());
  const isNarrowed = environment !== '' || source !== '';
  const isMismatch = result.verdict === 'mismatch' || result.verdict === 'key-mismatch';
  return (
    <section aria-label="Measures">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1 border-t px-4 py-2 text-small text-text-2">
        {isMismatch ? (
          <>
            <span className="max-w-prose">
              {isShown
                ? 'Estimates only: they say nothing about which version is better.'
                : 'The numbers are hidden: they may mislead.'}
            </span>
            <Button compact aria-pressed={isShown} onClick={() => setIsShown(!isShown)}>
              {isShown ? 'Hide estimates' : 'Show estimates anyway'}
            </Button>
          </>
        ) : (
          isNarrowed && <span>Estimates only: within a filter something differs by chance sooner or later.</span>
        )}
        <span className="flex-1" />
        {(!isMismatch || isShown) && (
          <>
            <label className="flex items-center gap-2">
              Environments
              <input
                value={environments}
                placeholder={test.environments?.join(', ') ?? 'all'}
                maxLength={500}
                spellCheck={false}
                onChange={(event) => setEnvironments(event.target.value)}
                className={`${fieldClass} w-32`}
              />
            </label>
            <label className="flex items-center gap-2">
              Scores from
              <select
                value={source}
                onChange={(event) => setSource(event.target.value as ScoreSource | '')}
                className={fieldClass}
              >
                {sources.map(([id, word]) => (
                  <option key={id} value={id}>
                    {word}
                  </option>
                ))}
              </select>
            </label>
          </>
        )}
      </div>
      {(!isMismatch || isShown) &&
        (isNarrowed ? (
          <Estimates test={test} phase={result.phase} environment={environment} source={source} />
        ) : (
          <ResultTable test={test} result={result} isEstimate={isMismatch} />
        ))}
    </section>
  );
}

interface EstimatesProps {
  test: AbTest;
  phase: number;
  environment: string;
  source: ScoreSource | '';
}

function Estimates({ test, phase, environment, source }: EstimatesProps) {
  const { project } = useProject();
  const estimates = useAbEstimates(project.id, test, { phase, environment, source });
  if (estimates.data) return <ResultTable test={test} result={estimates.data} isEstimate />;
  return estimates.isError ? (
    <Failure what="the estimates" error={estimates.error} retry={() => void estimates.refetch()} />
  ) : (
    <Loading label="Computing the estimates" skeleton={<SkeletonRows rows={4} widths={['w-40', 'flex-1']} />} />
  );
}

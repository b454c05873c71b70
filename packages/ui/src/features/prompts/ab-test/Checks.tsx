import type { AbResult, AbTest } from '@tracehouse/contract/x-ab-tests';
import { Check, TriangleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import { missingRole } from '../../../app/session.ts';
import { useProject } from '../../../app/useProject.ts';
import { Button } from '../../../components/Button.tsx';
import { formatPercent } from '../../../components/formats.ts';
import { Icon } from '../../../components/Icon.tsx';
import { useUpdateAbTest } from './useAbTests.ts';
import { Why } from './Why.tsx';
import { formatShares, unitWords } from './words.ts';

interface ChecksProps {
  test: AbTest;
  result: AbResult;
}

// As the server judges: below the first the cause is listed, below the second nothing is compared.
const FINE = 0.95;
const ENOUGH = 0.8;
const MANY_WITHOUT = 0.01;

/** Whether the result may be believed: split, key, missing ids. */
export function Checks({ test, result }: ChecksProps) {
  const { ratioCheck, keyCheck, arms } = result;
  const unit = unitWords[test.unit];
  const counted = arms.reduce((sum, arm) => sum + arm.units, 0);
  const { agreement, withoutUnit } = keyCheck;
  return (
    <div className="flex flex-col gap-1">
      <ul aria-label="Checks" className="flex flex-wrap gap-x-6 gap-y-1 text-small text-text-2">
        {counted > 0 && (
          <Line isFine={!ratioCheck.isMismatch} about="The split that arrived">
            <>
              Split arrived {formatShares(ratioCheck.observed.map((share) => Math.round(share * 1000) / 10))} of{' '}
              {test.unit === 'none' ? 'generations' : unit.many}, configured{' '}
              {formatShares(arms.map(({ share }) => share))}
            </>
            <>
              <p>
                The version of each {test.unit === 'none' ? 'fetch' : unit.one} is decided by its share, so what arrives
                must come near to it. The check holds however often one looks: a sound split raises it once in a
                thousand tests.
              </p>
              <p>
                When it does: rows are lost in one arm, a retry fetches again, the key is not the {unit.one} id, or part
                of the program fetches the label by version.
              </p>
            </>
          </Line>
        )}
        {agreement !== null && (
          <Line isFine={agreement >= FINE} isBroken={agreement < ENOUGH} about="The key check">
            <>
              {formatPercent(agreement)} of generations got the arm their {unit.one} should get
            </>
            <>
              <p>
                The arm of each {unit.one} is computed again from its id. Where another version was served, the program
                sent another key, or an SDK served what it had in its cache.
              </p>
              <p>From 95 % all is well; below 80 % nothing is compared.</p>
            </>
          </Line>
        )}
        {test.unit !== 'none' && counted > 0 && (
          <Line isFine={withoutUnit < MANY_WITHOUT} about="Generations without an id">
            <>
              {withoutUnit === 0
                ? `All generations carry a ${unit.one} id`
                : `${formatPercent(withoutUnit)} of generations carry no ${unit.one} id and are left out`}
            </>
            <p>
              A generation counts for its {unit.one}: any span of the trace may say the id. What says none cannot be
              given to an arm fairly, so it is not compared.
            </p>
          </Line>
        )}
      </ul>
      {keyCheck.readsAs && <ReadsAs test={test} readsAs={keyCheck.readsAs} />}
    </div>
  );
}

interface LineProps {
  isFine: boolean;
  isBroken?: boolean;
  about: string;
  /** The line, and what explains it. */
  children: [line: ReactNode, why: ReactNode];
}

const Line = ({ isFine, isBroken = false, about, children: [line, why] }: LineProps) => (
  <li className="inline-flex items-center gap-1.5">
    <Icon
      of={isFine ? Check : TriangleAlert}
      small
      label={isFine ? 'Fine:' : 'Look at this:'}
      className={isFine ? 'text-ok' : isBroken ? 'text-danger' : 'text-warn'}
    />
    <span>{line}</span>
    <Why about={about}>{why}</Why>
  </li>
);

/** Another reading of unit and key fits: it may be corrected at any time, for only the truth passes. */
function ReadsAs({ test, readsAs }: { test: AbTest; readsAs: NonNullable<AbResult['keyCheck']['readsAs']> }) {
  const { project } = useProject();
  const update = useUpdateAbTest(project.id, test.id);
  const unit = unitWords[readsAs.unit].one;
  const reading =
    readsAs.unit === 'none' ? 'no key at all' : readsAs.keyAs === 'slot' ? `slots of the ${unit} id` : `the ${unit} id`;
  return (
    <p className="flex flex-wrap items-center gap-2 text-small text-text-2">
      The key reads as {reading} ({formatPercent(readsAs.agreement)} fit).
      <Button
        compact
        disabledBecause={missingRole(project, 'MEMBER')}
        onClick={() => update.mutate({ unit: readsAs.unit, keyAs: readsAs.keyAs })}
      >
        {update.isPending ? 'Correcting …' : 'Correct it'}
      </Button>
      {update.isError && (
        <span role="alert" className="text-danger">
          {update.error.message}
        </span>
      )}
    </p>
  );
}

import type { AbComparison, AbResult, AbTest } from '@tracehouse/contract/x-ab-tests';
import { TriangleAlert } from 'lucide-react';
import { classes } from '../../../components/class-names.ts';
import { formatCount, formatPercent } from '../../../components/formats.ts';
import { Icon } from '../../../components/Icon.tsx';
import { barOf, endOf } from './scale.ts';
import {
  findingOf,
  formatDifference,
  formatEffect,
  formatInterval,
  formatValue,
  inWords,
  measureWords,
  unitWords,
  type Finding,
} from './words.ts';

interface ResultTableProps {
  test: AbTest;
  result: AbResult;
  /** Numbers alone: no colours, no words. */
  isEstimate: boolean;
}

const LEAST_END = 0.1;

/** Measures by arms: each difference as a point in its interval around 0, and in words. */
export function ResultTable({ test, result, isEstimate }: ResultTableProps) {
  const { arms, comparisons } = result;
  const [control, ...others] = arms;
  const ratios = comparisons.filter(({ scale }) => scale === 'ratio');
  // The primary measure decides the axis; what leaves it has an arrow.
  const deciding = ratios.filter(({ isPrimary }) => isPrimary);
  const end = endOf(
    (deciding.length > 0 ? deciding : ratios).flatMap(({ low, high }) => [low ?? 0, high ?? 0]),
    LEAST_END,
  );
  if (!control) return null;
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reachable by keyboard
    <div
      className="overflow-x-auto border-t outline-inside"
      tabIndex={0}
      role="region"
      aria-label="Result, scrolls sideways"
    >
      <table aria-label="Result" className="w-full min-w-220 table-fixed border-collapse text-left">
        <colgroup>
          <col className="w-44" />
          <col className="w-22" />
          <col className="w-22" />
          <col />
          <col className="w-20" />
          <col className="w-36" />
          {!isEstimate && <col className="w-56 max-wide:w-44" />}
        </colgroup>
        <thead>
          <tr className="h-7 border-b text-small text-text-3">
            <th scope="col" className="pl-4 font-normal">
              Measure
            </th>
            <th scope="col" className="text-right font-normal">
              v{control.version} (A)
            </th>
            <th scope="col" className="text-right font-normal">
              {others.length === 1 ? `v${others[0]?.version} (B)` : 'other arms'}
            </th>
            <th scope="col" className="pr-3 pl-6 font-normal">
              <span className="sr-only">Interval around 0, </span>
              <span className="flex justify-between font-mono text-micro">
                <span>−{formatEnd(end)}</span>
                <span>0</span>
                <span>+{formatEnd(end)}</span>
              </span>
            </th>
            <th scope="col" className="text-right font-normal">
              Difference
            </th>
            <th scope="col" className="pl-3 font-normal">
              Interval, how sure
            </th>
            {!isEstimate && (
              <th scope="col" className="pr-4 pl-3 font-normal">
                In words
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {comparisons.map((comparison) => (
            <Row
              key={`${comparison.measure} ${comparison.arm}`}
              comparison={comparison}
              test={test}
              result={result}
              end={end}
              isEstimate={isEstimate}
            />
          ))}
        </tbody>
      </table>
    </div>
  );
}

const formatEnd = (end: number) => `${Number((end * 100).toFixed(0))} %`;

interface RowProps {
  comparison: AbComparison;
  test: AbTest;
  result: AbResult;
  end: number;
  isEstimate: boolean;
}

const differenceColors: Record<Finding, string> = {
  better: 'text-better',
  worse: 'text-worse',
  other: 'text-text',
  none: 'text-text',
};

function Row({ comparison, test, result, end, isEstimate }: RowProps) {
  const { measure, arm, a, b, difference, low, high, level, isPrimary, scale, why, warnings, missing } = comparison;
  const words = measureWords(measure, test.unit);
  const [control] = result.arms;
  const other = result.arms.find(({ version }) => version === arm);
  const finding = isEstimate ? 'none' : findingOf(comparison, test.unit);
  const counts = (of: typeof other) => {
    if (!of || measure.startsWith('score:')) return '';
    return formatCount(measure === 'costPerUnit' || measure === 'generations' ? of.units : of.generations);
  };
  const isMany = result.arms.length > 2;
  const note = isPrimary ? `primary, ${formatEffect(test.smallestEffect, test.primary)} matters` : words.note;
  return (
    <tr className="h-13 border-b last:border-b-0">
      <th scope="row" className="truncate pr-2 pl-4 font-normal">
        <span
          className={classes('block truncate', isPrimary ? 'font-semibold' : 'font-medium')}
          title={words.name}
          dir="auto"
        >
          {words.name}
        </span>
        <span className="block truncate text-small text-text-3">
          {isMany ? `v${arm} against v${control?.version}` : note}
        </span>
      </th>
      <Value value={formatValue(a, words)} count={counts(control)} missing={missing[0]} />
      <Value value={formatValue(b, words)} count={counts(other)} missing={missing[1]} />
      {difference === null || low === null || high === null ? (
        <td colSpan={isEstimate ? 3 : 4} className="pr-4 pl-6 text-small text-text-3 first-letter:uppercase">
          {why ?? `Not enough ${unitWords[test.unit].many} yet.`}
        </td>
      ) : (
        <>
          <td className="h-13 pr-3 pl-6">
            <IntervalBar
              comparison={{ difference, low, high }}
              end={scale === 'ratio' ? end : ownEnd(low, high)}
              finding={finding}
            />
          </td>
          <td className={classes('data text-right font-medium whitespace-nowrap', differenceColors[finding])}>
            {formatDifference(difference, comparison)}
          </td>
          <td className="data pl-3 whitespace-nowrap text-text-3">
            <span className="block">{formatInterval(low, high, comparison)}</span>
            <span className="block">{formatPercent(level)}</span>
          </td>
          {!isEstimate && (
            <td className="pr-4 pl-3 text-text-2">
              <span className="block">{inWords(comparison, test)}</span>
              {[...warnings, ...(why === null ? [] : [why])].map((warning) => (
                <span key={warning} className="flex items-start gap-1 text-small text-warn">
                  <Icon of={TriangleAlert} small className="mt-px" />
                  {warning}
                </span>
              ))}
            </td>
          )}
        </>
      )}
    </tr>
  );
}

// Differences of shares and scores have no common unit: each has its own axis around the same 0.
const ownEnd = (low: number, high: number): number => Math.max(Math.abs(low), Math.abs(high)) * 1.25 || 1;

const Value = ({ value, count, missing }: { value: string; count: string; missing: number }) => (
  <td className="data text-right">
    <span className="block">{value}</span>
    <span className="block text-text-3" title={missing > 0 ? `${formatPercent(missing)} have no value` : undefined}>
      {count}
    </span>
  </td>
);

const barColors: Record<Finding, string> = {
  better: 'bg-better',
  worse: 'bg-worse',
  other: 'bg-text-2',
  none: 'bg-other',
};
const cuts = { '': '', left: 'cut-left', right: 'cut-right', both: 'cut-both' };

interface IntervalBarProps {
  comparison: { difference: number; low: number; high: number };
  end: number;
  finding: Finding;
}

/** The numbers are in the cells beside it. */
function IntervalBar({ comparison: { difference, low, high }, end, finding }: IntervalBarProps) {
  const bar = barOf(low, high, end);
  const point = Math.abs(difference) <= end ? barOf(difference, difference, end).left : null;
  return (
    <div aria-hidden="true" className="relative h-full">
      <div className="absolute inset-y-0 left-1/2 w-px bg-line-strong" />
      <div
        className={classes('absolute top-1/2 h-1.5 -translate-y-1/2', barColors[finding], cuts[bar.isCut])}
        style={{ left: `${bar.left}%`, width: `${bar.width}%` }}
      />
      {point !== null && (
        <div className="absolute top-1/2 h-4 w-0.75 -translate-1/2 bg-text" style={{ left: `${point}%` }} />
      )}
    </div>
  );
}

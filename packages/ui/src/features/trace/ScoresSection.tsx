import type { ScoreDetail } from '@tracehouse/contract/x-traces';
import { Section } from './PanelFrame.tsx';

const sources = { API: 'sent by a client', EVAL: 'by an evaluator', ANNOTATION: 'by a person' };

/** Each score with its reason in full. */
export const ScoresSection = ({ scores }: { scores: ScoreDetail[] }) => (
  <Section title="Scores" count={scores.length}>
    {scores.map((score) => (
      <div key={score.id} className="grid grid-cols-score gap-x-3 border-t py-1.5 first-of-type:border-t-0">
        <span className="min-w-0">
          <span className="block truncate" dir="auto" title={score.name}>
            {score.name}
          </span>
          <span className="block text-small text-text-3">{sources[score.source]}</span>
        </span>
        <span className="data text-right leading-5 font-medium" dir="auto">
          {valueOf(score)}
        </span>
        <span className="break-words whitespace-pre-wrap text-text-2" dir="auto">
          {score.comment}
        </span>
      </div>
    ))}
  </Section>
);

const valueOf = ({ dataType, value, stringValue }: ScoreDetail): string => {
  if (dataType === 'NUMERIC') return value === null ? '–' : String(value);
  if (dataType === 'BOOLEAN') return (stringValue ?? (value === 1 ? 'True' : 'False')).toLowerCase();
  return stringValue ?? '–';
};

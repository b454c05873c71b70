import type { AbKeyAs, AbUnit } from '@tracehouse/contract/x-ab-tests';
import { fieldClass } from '../../../components/Field.tsx';
import { unitWords } from './words.ts';

interface ChoiceProps {
  label: string;
  value: string;
  options: readonly (readonly [value: string, label: string])[];
  isFixed?: boolean;
  onChange: (value: string) => void;
}

/** A select with its name above. */
export const Choice = ({ label, value, options, isFixed = false, onChange }: ChoiceProps) => (
  <label className="flex min-w-0 flex-col gap-1 text-small text-text-2">
    {label}
    <select
      value={value}
      disabled={isFixed}
      onChange={(event) => onChange(event.target.value)}
      className={`${fieldClass} max-w-80 truncate`}
    >
      {options.map(([id, words]) => (
        <option key={id} value={id}>
          {words}
        </option>
      ))}
    </select>
  </label>
);

interface KeyChoicesProps {
  unit: AbUnit;
  keyAs: AbKeyAs;
  onChange: (part: { unit: AbUnit } | { keyAs: AbKeyAs }) => void;
}

/** What is counted as one, and how its key is made. */
export const KeyChoices = ({ unit, keyAs, onChange }: KeyChoicesProps) => (
  <>
    <Choice
      label="Unit"
      value={unit}
      onChange={(next) => onChange({ unit: next as AbUnit })}
      options={[
        ['user', 'user (recommended)'],
        ['session', 'session'],
        ['trace', 'trace'],
        ['none', 'none: no key, time blocks'],
      ]}
    />
    {unit !== 'none' && (
      <Choice
        label="Key"
        value={keyAs}
        onChange={(next) => onChange({ keyAs: next as AbKeyAs })}
        options={[
          ['id', `the ${unitWords[unit].one} id`],
          ['slot', 'one of 1,000 slots of it'],
        ]}
      />
    )}
  </>
);

/** Why one makes the test. */
export const ExpectationField = ({ text, onChange }: { text: string; onChange: (text: string) => void }) => (
  <label className="flex flex-col gap-1 text-small text-text-2">
    What you expect
    <textarea
      value={text}
      rows={2}
      maxLength={5000}
      dir="auto"
      onChange={(event) => onChange(event.target.value)}
      className={`${fieldClass} h-auto max-w-prose py-1`}
    />
  </label>
);

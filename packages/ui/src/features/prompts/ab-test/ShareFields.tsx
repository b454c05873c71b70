import { fieldClass } from '../../../components/Field.tsx';

interface ShareFieldsProps {
  versions: readonly number[];
  typed: readonly string[];
  onChange: (typed: string[]) => void;
}

/** A share in percent for each arm; the first is control. */
export const ShareFields = ({ versions, typed, onChange }: ShareFieldsProps) => (
  <div className="flex flex-wrap gap-3">
    {versions.map((version, at) => (
      <label key={version} className="flex items-center gap-1.5 text-text-2">
        <span>
          v{version}
          <span className="text-text-3">{at === 0 ? ' control' : ''}</span>
        </span>
        <input
          aria-label={`Share of v${version} in percent`}
          inputMode="decimal"
          value={typed[at] ?? ''}
          maxLength={6}
          autoComplete="off"
          onChange={(event) => onChange(typed.map((text, index) => (index === at ? event.target.value : text)))}
          className={`${fieldClass} data w-16 text-right`}
        />
        %
      </label>
    ))}
  </div>
);

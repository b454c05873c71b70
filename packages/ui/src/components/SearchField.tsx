import { Search, X } from 'lucide-react';
import { useRef } from 'react';
import { useKeys } from '../app/keys.ts';
import { Icon } from './Icon.tsx';

/** Class names of a field of a filter: what is typed or chosen, with a word or an icon before it. */
export const filterFieldClass =
  'flex h-7 items-center gap-2 rounded-control border border-line-strong bg-raised px-2 focus-within:outline-2 focus-within:outline-offset-1 focus-within:outline-focus';

interface SearchFieldProps {
  /** "Search models": its name, and what the key `/` does. */
  label: string;
  placeholder: string;
  value: string;
  maxLength: number;
  onChange: (text: string) => void;
}

/** The text that a page is searched by; `/` goes to it, Escape empties it. */
export function SearchField({ label, placeholder, value, maxLength, onChange }: SearchFieldProps) {
  const input = useRef<HTMLInputElement>(null);
  useKeys([{ key: '/', does: label, run: () => input.current?.focus() }]);
  return (
    <div className={`${filterFieldClass} min-w-60 flex-1`}>
      <Icon of={Search} className="text-text-3" />
      <input
        ref={input}
        aria-label={label}
        placeholder={placeholder}
        value={value}
        maxLength={maxLength}
        spellCheck={false}
        autoComplete="off"
        onChange={(event) => onChange(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Escape') onChange('');
        }}
        className="min-w-0 flex-1 bg-transparent outline-none"
      />
      {value === '' ? (
        <kbd className="font-mono text-micro text-text-3">/</kbd>
      ) : (
        <button
          type="button"
          aria-label="Clear search"
          onClick={() => onChange('')}
          className="flex size-6 items-center justify-center"
        >
          <Icon of={X} small className="text-text-3" />
        </button>
      )}
    </div>
  );
}

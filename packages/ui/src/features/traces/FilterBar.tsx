import { parseFilterText, type FilterProblem } from '@tracehouse/contract/filter-text';
import { Link } from '@tanstack/react-router';
import { ListFilter, X } from 'lucide-react';
import { useEffect, useId, useRef, useState, type KeyboardEvent } from 'react';
import { useKeys } from '../../app/keys.ts';
import { Button, buttonClass } from '../../components/Button.tsx';
import { classes } from '../../components/class-names.ts';
import { Icon } from '../../components/Icon.tsx';

interface FilterBarProps {
  q: string;
  project: string;
  /** `typing` replaces the history entry, else a new one is made. */
  onApply: (q: string, typing: boolean) => void;
  /** Stops what the filter has begun; Escape then does this instead of leaving the field. */
  onStop?: (() => void) | undefined;
}

const MAX_LENGTH = 2000;
const PAUSE_MS = 600;

/** The filter text. It is applied on Enter, and by itself when typing pauses and the text is complete. */
export function FilterBar({ q, project, onApply, onStop }: FilterBarProps) {
  const [draft, setDraft] = useState(q);
  const [applied, setApplied] = useState(q);
  const input = useRef<HTMLInputElement>(null);
  const messageId = useId();
  // The address changed by itself: back, a cleared filter, a link.
  if (q !== applied) {
    setApplied(q);
    setDraft(q);
  }
  const { problems } = parseFilterText(draft);
  const apply = (text: string, typing: boolean) => {
    if (text.trim() === q) return;
    setApplied(text.trim());
    onApply(text.trim(), typing);
  };
  const latest = useRef(apply);
  useEffect(() => {
    latest.current = apply;
  });
  const isComplete = problems.length === 0;
  useEffect(() => {
    if (!isComplete) return undefined;
    const timer = setTimeout(() => latest.current(draft, true), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [draft, isComplete]);
  useKeys([{ key: '/', does: 'Filter', run: () => input.current?.select() }]);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Enter' && isComplete) apply(draft, false);
    if (event.key === 'Escape') (onStop ?? (() => input.current?.blur()))();
  };
  const clear = () => {
    setDraft('');
    apply('', false);
    input.current?.focus();
  };
  return (
    <div className="px-4 pt-2">
      <div className="flex items-center gap-2">
        <div
          className={classes(
            'flex h-7 min-w-0 flex-1 items-center gap-2 rounded-control border bg-raised px-2 focus-within:outline-2 focus-within:outline-offset-1 focus-within:outline-focus',
            isComplete ? 'border-line-strong' : 'border-danger',
          )}
        >
          <Icon of={ListFilter} className="text-text-3" />
          <input
            ref={input}
            type="text"
            aria-label="Filter"
            placeholder="Filter, or paste an id: level:ERROR latency:>2s refund"
            value={draft}
            maxLength={MAX_LENGTH}
            spellCheck={false}
            autoComplete="off"
            aria-invalid={!isComplete}
            aria-describedby={messageId}
            onChange={(event) => setDraft(event.target.value.replace(/[\r\n]+/gu, ' '))}
            onKeyDown={onKeyDown}
            className="code min-w-0 flex-1 bg-transparent outline-none"
          />
          {draft === '' ? (
            <kbd className="font-mono text-micro text-text-3">/</kbd>
          ) : (
            <button
              type="button"
              aria-label="Clear filter"
              onClick={clear}
              className="flex size-6 items-center justify-center"
            >
              <Icon of={X} small className="text-text-3" />
            </button>
          )}
        </div>
        {traceId.test(draft.trim()) && (
          <Link
            to="/project/$projectId/traces/$traceId"
            params={{ projectId: project, traceId: draft.trim() }}
            className={buttonClass()}
          >
            Open trace
          </Link>
        )}
      </div>
      <div id={messageId} role="alert" className="text-small text-danger">
        {problems.map((problem) => (
          <p key={problem.start} className="flex items-center gap-2 pt-1">
            {problem.message}
            {problem.instead !== undefined && (
              <Button compact look="quiet" onClick={() => setDraft(corrected(draft, problem))}>
                Use {problem.instead}
              </Button>
            )}
          </p>
        ))}
      </div>
    </div>
  );
}

/** Ids as clients make them: 32 or 16 hex digits, or a UUID. */
const traceId = /^(?:[0-9a-f]{32}|[0-9a-f]{16}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/iu;

function corrected(text: string, { start, end, instead = '' }: FilterProblem): string {
  const fixed = text.slice(start, end).replace(/^(-?)[^:]+/u, (_, sign: string) => sign + instead);
  return text.slice(0, start) + fixed + text.slice(end);
}

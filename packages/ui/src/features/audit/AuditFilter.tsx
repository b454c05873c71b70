import type { AuditLine } from '@tracehouse/contract/x-audit-log';
import { X } from 'lucide-react';
import { Button } from '../../components/Button.tsx';
import { Icon } from '../../components/Icon.tsx';
import { filterFieldClass, SearchField } from '../../components/SearchField.tsx';
import { useAddressText } from '../../components/useAddressText.ts';
import type { AuditSearch } from './useAuditLog.ts';
import { nounOf } from './words.ts';

interface AuditFilterProps {
  search: AuditSearch;
  set: (change: { [Key in keyof AuditSearch]?: string | undefined }, replace?: boolean) => void;
  /** What is loaded: its types and actions are offered. */
  lines: readonly AuditLine[];
}

const MAX = 1_000;

/** Text, who, what kind of object and of action, refused ones; all of it in the address. */
export function AuditFilter({ search, set, lines }: AuditFilterProps) {
  const [q, setQ] = useAddressText(search.q ?? '', (text) => set({ q: text || undefined }, true));
  const [actor, setActor] = useAddressText(search.actor ?? '', (text) => set({ actor: text || undefined }, true));
  return (
    <div className="flex flex-wrap items-center gap-2 px-4 pb-2">
      <SearchField
        label="Search the audit log"
        placeholder="A part of a name, an id, an address, a value"
        value={q}
        maxLength={MAX}
        onChange={setQ}
      />
      <label className={`${filterFieldClass} w-50`}>
        <span className="text-text-3">Who</span>
        <input
          value={actor}
          maxLength={MAX}
          placeholder="anybody"
          spellCheck={false}
          autoComplete="off"
          onChange={(event) => setActor(event.target.value)}
          className="min-w-0 flex-1 bg-transparent outline-none"
        />
      </label>
      <Choice
        label="Object"
        value={search.type}
        all="any object"
        values={lines.map(({ objectType }) => objectType)}
        wordOf={(type) => (type === 'route' ? 'refused request' : nounOf(type))}
        choose={(type) => set({ type, object: undefined })}
      />
      <Choice
        label="Action"
        value={search.action}
        all="any action"
        values={lines.map(({ action }) => action)}
        wordOf={(action) => action}
        choose={(action) => set({ action })}
      />
      <Button
        look="quiet"
        aria-pressed={search.refused === 'only'}
        onClick={() => set({ refused: search.refused === 'only' ? undefined : 'only' })}
      >
        Refused only
      </Button>
      {search.object !== undefined && (
        <Button look="default" onClick={() => set({ object: undefined })}>
          <span className="text-text-3">Object id</span>
          <bdi className="data max-w-50 truncate">{search.object}</bdi>
          <Icon of={X} small label="Remove this filter" />
        </Button>
      )}
    </div>
  );
}

/** What people change most, offered before a line of it is loaded. */
const known: Record<string, readonly string[]> = {
  Object: ['apiKey', 'invitation', 'membership', 'model', 'organization', 'project', 'scoreConfig', 'trace', 'user'],
  Action: ['create', 'update', 'delete'],
};

interface ChoiceProps {
  label: string;
  value: string | undefined;
  all: string;
  values: readonly string[];
  wordOf: (value: string) => string;
  choose: (value: string | undefined) => void;
}

function Choice({ label, value, all, values, wordOf, choose }: ChoiceProps) {
  const offered = [
    ...new Set([...(known[label] ?? []), ...values, ...(value === undefined ? [] : [value])]),
  ].toSorted();
  return (
    <span className={filterFieldClass}>
      <span aria-hidden="true" className="text-text-3">
        {label}
      </span>
      <select
        aria-label={label}
        value={value ?? ''}
        onChange={(event) => choose(event.target.value || undefined)}
        className="max-w-40 bg-raised outline-none"
      >
        <option value="">{all}</option>
        {offered.map((one) => (
          <option key={one} value={one}>
            {wordOf(one)}
          </option>
        ))}
      </select>
    </span>
  );
}

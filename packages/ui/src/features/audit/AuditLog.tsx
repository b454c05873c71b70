import { useQueryClient } from '@tanstack/react-query';
import type { AuditLine } from '@tracehouse/contract/x-audit-log';
import { Download, RefreshCw } from 'lucide-react';
import { useEffect, useMemo, type ReactNode } from 'react';
import { useKeys } from '../../app/keys.ts';
import { Button, buttonClass } from '../../components/Button.tsx';
import type { LinkLook } from '../../components/DataTable.tsx';
import { formatCount } from '../../components/formats.ts';
import { Icon } from '../../components/Icon.tsx';
import { Failure, Loading, Note, SkeletonRows, State } from '../../components/states.tsx';
import { readTimeRange } from '../traces/time-range.ts';
import { TimeRangePicker } from '../traces/TimeRangePicker.tsx';
import { AuditFilter } from './AuditFilter.tsx';
import { AuditPanel } from './AuditPanel.tsx';
import { AuditTable } from './AuditTable.tsx';
import { type AuditLines, type AuditPlace, type AuditSearch, exportAddress } from './useAuditLog.ts';

interface AuditLogProps {
  place: AuditPlace;
  lines: AuditLines;
  /** "project prod": whose log it is. */
  of: string;
  /** Why this person may not see it. */
  blocked: string | undefined;
  search: AuditSearch;
  setSearch: (search: AuditSearch, replace?: boolean) => void;
  /** A link to the same page with this address. */
  link: (search: AuditSearch, look: LinkLook) => ReactNode;
}

/**
 * Who changed what, and what was refused: of a project, or of an organization with its projects. The frame around it, and the
 * address (`search`), are the page's.
 */
export function AuditLog({ place, lines, of, blocked, search, setSearch, link }: AuditLogProps) {
  const client = useQueryClient();
  const set = (change: { [Key in keyof AuditSearch]?: string | undefined }, replace = false) =>
    setSearch(
      Object.fromEntries(Object.entries({ ...search, ...change }).filter(([, value]) => value !== undefined)),
      replace,
    );
  const refresh = () => void client.invalidateQueries({ queryKey: ['audit log'] });
  useKeys([{ key: 'r', does: 'Refresh', run: refresh }]);
  const found = useMemo(() => lines.data?.pages.flatMap(({ data }) => data) ?? [], [lines.data]);
  const { line, t, ...others } = search;
  const hasWrongTime = t !== undefined && readTimeRange(t, new Date()) === null;
  const isFiltered = t !== undefined || Object.keys(others).length > 0;
  const canLoadMore = lines.hasNextPage && !lines.isFetchingNextPage && !lines.isPlaceholderData && !lines.isError;
  // The server answers what it has looked through; where that held nothing, it is asked to go on.
  const isSearchingOn = found.length === 0 && lines.hasNextPage;
  const { fetchNextPage } = lines;
  useEffect(() => {
    if (isSearchingOn && canLoadMore) void fetchNextPage();
  }, [isSearchingOn, canLoadMore, fetchNextPage]);
  if (blocked !== undefined) {
    return (
      <div className="min-w-0 flex-1 p-4">
        <h2 className="text-lead">Audit log</h2>
        <State role="status" title={blocked} />
      </div>
    );
  }
  return (
    <div className="flex min-h-0 min-w-0 flex-1 flex-col">
      <div className="flex flex-wrap items-start gap-2 px-4 pt-4 pb-3">
        <div className="min-w-60 flex-1">
          <h2 className="text-lead">Audit log</h2>
          <p className="text-text-2">Every change in {of}, and every one that was refused.</p>
        </div>
        <TimeRangePicker
          t={hasWrongTime ? 'all' : (t ?? 'all')}
          onChoose={(next) => set({ t: next === 'all' ? undefined : next })}
        />
        {(['csv', 'ndjson'] as const).map((format) => (
          <a key={format} href={exportAddress(place, search, format)} download className={buttonClass()}>
            <Icon of={Download} small />
            {format === 'csv' ? 'CSV' : 'NDJSON'}
            <span className="sr-only"> of all lines of this filter</span>
          </a>
        ))}
        <Button square look="quiet" aria-label="Refresh (r)" onClick={refresh}>
          <Icon of={RefreshCw} />
        </Button>
      </div>
      {hasWrongTime && <Note tone="danger">“{t}” is no time range. It was ignored.</Note>}
      <AuditFilter search={search} set={set} lines={found} />
      {lines.isError && found.length > 0 && (
        <Note tone="danger">
          Could not load the audit log. {lines.error.message} What was loaded before stays on screen.
        </Note>
      )}
      <div className="flex min-h-0 flex-1 border-t max-panel:flex-col">
        {lines.isPending || (isSearchingOn && !lines.isError) ? (
          <div className="flex-1">
            <Loading
              label="Loading the audit log"
              skeleton={<SkeletonRows rows={16} widths={['w-24', 'w-30', 'flex-1', 'w-24']} />}
            />
          </div>
        ) : lines.isError && found.length === 0 ? (
          <Failure what="the audit log" error={lines.error} retry={() => void lines.refetch()} />
        ) : found.length > 0 ? (
          <AuditTable
            lines={found}
            withProject={'organization' in place}
            isBesidePanel={line !== undefined}
            link={(row: AuditLine, look) => link({ ...search, line: row.id }, look)}
            loadMore={canLoadMore ? () => void lines.fetchNextPage() : undefined}
          />
        ) : isFiltered ? (
          <div className="flex-1">
            <State
              role="status"
              title="No lines match this filter."
              actions={<Button onClick={() => setSearch({})}>Clear filter</Button>}
            />
          </div>
        ) : (
          <div className="flex-1">
            <State role="status" title="Nothing has been changed yet.">
              From the first change on, each one is here: keys, members, models, score configs, deletions.
            </State>
          </div>
        )}
        {line !== undefined && (
          <AuditPanel
            key={line}
            place={place}
            id={line}
            close={() => set({ line: undefined })}
            show={(filter) => setSearch({ ...filter, line })}
          />
        )}
      </div>
      <p role="status" className="sr-only">
        {lines.data && `${formatCount(found.length)}${lines.hasNextPage ? ' or more' : ''} lines.`}
      </p>
    </div>
  );
}

import { useQueryClient } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import type { Histogram, TraceListItem } from '@tracehouse/contract/x-traces';
import { RefreshCw } from 'lucide-react';
import { useCallback, useMemo, useState } from 'react';
import { useKeys } from '../../app/keys.ts';
import type { ListSearch } from '../../app/router.tsx';
import { useZone } from '../../app/preferences.ts';
import { TopBar } from '../../app/TopBar.tsx';
import { useDocumentTitle } from '../../app/useDocumentTitle.ts';
import { useProject } from '../../app/useProject.ts';
import { Button, buttonClass } from '../../components/Button.tsx';
import {
  explainCostSum,
  formatCostSum,
  formatCount,
  formatDuration,
  formatTime,
  formatTokenSum,
} from '../../components/formats.ts';
import { Icon } from '../../components/Icon.tsx';
import { Ruler } from '../../components/Ruler.tsx';
import { Failure, Loading, Note, SkeletonRows, State } from '../../components/states.tsx';
import { AddPriceDialog } from '../models/AddPriceDialog.tsx';
import { UnpricedNote } from '../models/UnpricedNote.tsx';
import { EnvironmentMenu } from './EnvironmentMenu.tsx';
import { FilterBar } from './FilterBar.tsx';
import { describeTimeRange, rememberRange, writeTimeRange } from './time-range.ts';
import { SearchProgress } from './SearchProgress.tsx';
import { TimeRangePicker } from './TimeRangePicker.tsx';
import { TracesTable, type TraceRow } from './TracesTable.tsx';
import {
  isTextSearch,
  soughtText,
  useCountOverAllTime,
  useHistogram,
  useSearchControl,
  useTraceList,
  useTraceSelection,
} from './useTraceList.ts';

const route = getRouteApi('/project/$projectId/traces');

export function TracesPage() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const setSearch = (change: Partial<Record<keyof ListSearch, string | undefined>>, replace = false) =>
    void navigate({ search: (old) => withoutUndefined({ ...old, ...change }), replace });
  return <TracesScreen search={search} setSearch={setSearch} />;
}

interface TracesScreenProps {
  search: ListSearch;
  setSearch: (change: Partial<Record<keyof ListSearch, string | undefined>>, replace?: boolean) => void;
}

function TracesScreen({ search, setSearch }: TracesScreenProps) {
  const { project } = useProject();
  useDocumentTitle('Traces', project.name);
  const selection = useTraceSelection(project.id, search);
  const list = useTraceList(project.id, selection);
  const control = useSearchControl(project.id, selection, list);
  const client = useQueryClient();
  const [window, setWindow] = useState<{ from: number; to: number }>();
  const [pricing, setPricing] = useState<string>();
  const { t, q, sort } = selection;
  const chooseRange = (next: string) => {
    rememberRange(project.id, next);
    setSearch({ t: next });
  };
  const refresh = () => void client.invalidateQueries({ predicate: ({ queryKey }) => queryKey[1] === project.id });
  useKeys([{ key: 'r', does: 'Refresh', run: refresh }]);

  const traces = useMemo(() => list.data?.pages.flatMap(({ data }) => data) ?? [], [list.data]);
  const hasFound = traces.length > 0 && !list.isPlaceholderData;
  const histogram = useHistogram(project.id, selection, !control.isSearch || hasFound);
  const totals = histogram?.totals;
  const rows = useMemo(() => toRows(traces, totals, soughtText(q)), [traces, totals, q]);
  const seen = useMemo(() => [...new Set(traces.map(({ environment }) => environment))], [traces]);
  const onVisible = useCallback((first: TraceRow, last: TraceRow) => {
    const [a, b] = [Date.parse(first.trace.timestamp), Date.parse(last.trace.timestamp)];
    setWindow({ from: Math.min(a, b), to: Math.max(a, b) });
  }, []);
  const canLoadMore =
    list.hasNextPage && !list.isFetchingNextPage && !list.isPlaceholderData && !control.isStopped && !list.isError;
  const isSearching = control.isUnfinished && !control.isStopped && !list.isError;
  return (
    <main className="flex min-h-0 flex-1 flex-col" aria-busy={list.isFetching}>
      <TopBar title="Traces">
        <EnvironmentMenu env={selection.env} seen={seen} onChoose={(env) => setSearch({ env })} />
        <TimeRangePicker t={t ?? '24h'} onChoose={chooseRange} />
        <Button square look="quiet" aria-label="Refresh (r)" onClick={refresh}>
          <Icon of={RefreshCw} />
        </Button>
      </TopBar>
      {selection.ignored.map((text) => (
        <Note key={text} tone="danger">
          {text} It was ignored.
        </Note>
      ))}
      <FilterBar
        q={q}
        project={project.id}
        onApply={(next, typing) => setSearch({ q: next || undefined }, typing)}
        onStop={isSearching ? control.stop : undefined}
      />
      <Measures histogram={histogram} />
      <UnpricedNote enabled={(totals?.unpricedCalls ?? 0) > 0} onAdd={setPricing} />
      <ListRuler
        histogram={histogram}
        window={rows.length > 0 && sort.endsWith('time') ? window : undefined}
        onRange={(from, to) => chooseRange(writeTimeRange(from, to))}
      />
      {control.isUnfinished && !list.isError && (
        <SearchProgress
          searchedTo={control.searchedTo}
          found={list.isPlaceholderData ? 0 : traces.length}
          isStopped={control.isStopped}
          stop={control.stop}
          goOn={control.goOn}
        />
      )}
      {list.isError && traces.length > 0 && (
        <Note tone="danger">Could not load traces. {list.error.message} What was loaded before stays on screen.</Note>
      )}
      {list.isPending && control.isStopped ? null : list.isPending ? (
        <Loading
          label="Loading traces"
          skeleton={<SkeletonRows rows={20} widths={['w-24', 'w-30', 'flex-1', 'w-16']} />}
        />
      ) : list.isError && traces.length === 0 ? (
        <Failure what="traces" error={list.error} retry={() => void list.refetch()} />
      ) : traces.length === 0 && !list.hasNextPage ? (
        <EmptyList selection={selection} setSearch={setSearch} chooseRange={chooseRange} />
      ) : (
        <TracesTable
          rows={rows}
          project={project.id}
          search={search}
          sort={sort}
          onSort={(next) => setSearch({ sort: next === '-time' ? undefined : next })}
          total={totals?.traces}
          loadMore={canLoadMore ? () => void list.fetchNextPage() : undefined}
          onVisible={onVisible}
          footer={<ListEnd list={list} />}
        />
      )}
      <AddPriceDialog model={pricing} close={() => setPricing(undefined)} />
      <p role="status" className="sr-only">
        {totals && `${formatCount(totals.traces)} traces.${q && ` Filter: ${q}`}`}
      </p>
    </main>
  );
}

const toRows = (traces: TraceListItem[], totals: Histogram['totals'] | undefined, sought: string | null): TraceRow[] =>
  traces.map((trace) => ({
    trace,
    sought,
    isSlow: atLeast(trace.latencyMs, totals?.p95LatencyMs),
    isDear: atLeast(trace.totalCost, totals?.p95Cost),
  }));

const atLeast = (value: number | null, limit: number | null | undefined) =>
  value !== null && limit !== null && limit !== undefined && limit > 0 && value >= limit;

/** The figures of everything the filter finds, not of the rows loaded so far. */
function Measures({ histogram }: { histogram: Histogram | undefined }) {
  const totals = histogram?.totals;
  const figures: [label: string, value: string, title?: string][] = totals
    ? [
        ['Traces', formatCount(totals.traces)],
        ['Errors', formatCount(totals.errors)],
        ['Latency p95', formatDuration(totals.p95LatencyMs)],
        ['Tokens', formatTokenSum(totals.totalTokens), formatCount(totals.totalTokens)],
        ['Cost', formatCostSum(totals), explainCostSum(totals)],
      ]
    : [];
  return (
    <div className="flex h-8 items-end gap-6 px-4 pb-1 text-small text-text-3">
      <dl className="flex gap-6">
        {figures.map(([label, value, title]) => (
          <div key={label} className="flex items-baseline gap-1.5" title={title}>
            <dt>{label}</dt>
            <dd
              className={
                label === 'Errors' && value !== '0'
                  ? 'text-body font-medium text-danger'
                  : 'text-body font-medium text-text'
              }
            >
              {value}
            </dd>
          </div>
        ))}
      </dl>
      <span className="flex-1" />
      {histogram && <span className="max-wide:hidden">{barWidth(histogram.bucketMs)} a bar</span>}
    </div>
  );
}

/** `15 min`, `1 h`, `30 s`. */
function barWidth(ms: number): string {
  if (ms >= 86_400_000) return `${Math.round(ms / 86_400_000)} d`;
  if (ms >= 3_600_000) return `${Math.round(ms / 360_000) / 10} h`;
  return ms >= 60_000 ? `${Math.round(ms / 6000) / 10} min` : `${ms / 1000} s`;
}

interface ListRulerProps {
  histogram: Histogram | undefined;
  window: { from: number; to: number } | undefined;
  onRange: (from: Date, to: Date) => void;
}

function ListRuler({ histogram, window, onRange }: ListRulerProps) {
  const buckets = useMemo(
    () => histogram?.data.map(({ time, traces, errors }) => ({ at: Date.parse(time), count: traces, errors })) ?? [],
    [histogram],
  );
  if (!histogram) return <div className="h-16 border-b" />;
  return (
    <div className="border-b px-4">
      <Ruler
        label="Traces over time"
        from={Date.parse(histogram.from)}
        to={Date.parse(histogram.to)}
        bucketMs={histogram.bucketMs}
        buckets={buckets}
        window={window}
        onRange={onRange}
        onBack={() => history.back()}
      />
    </div>
  );
}

/** What stands below the last row: whether there is more, and how far back was looked. */
function ListEnd({ list }: { list: ReturnType<typeof useTraceList> }) {
  const zone = useZone();
  const searchedTo = list.data?.pages.at(-1)?.meta.searchedTo;
  if (list.isFetchingNextPage) return 'Loading more traces …';
  if (list.hasNextPage && searchedTo !== undefined) {
    return `Searched back to ${formatTime(new Date(searchedTo), new Date(), zone)}.`;
  }
  return list.hasNextPage ? '' : 'No more traces in this range.';
}

interface EmptyListProps {
  selection: ReturnType<typeof useTraceSelection>;
  setSearch: TracesScreenProps['setSearch'];
  chooseRange: (t: string) => void;
}

function EmptyList({ selection, setSearch, chooseRange }: EmptyListProps) {
  const { project } = useProject();
  const zone = useZone();
  const { q, t, env } = selection;
  // To count what a search would find is to search.
  const isSearch = isTextSearch(selection);
  const elsewhere = useCountOverAllTime(project.id, selection, t !== 'all' && !isSearch).data?.totals.traces ?? 0;
  const isFiltered = q !== '' || env !== undefined;
  const neverUsed = !isFiltered && elsewhere === 0;
  if (neverUsed) {
    return (
      <State
        title="No traces yet. Point an SDK at this project."
        actions={
          <Link
            to="/project/$projectId/setup"
            params={{ projectId: project.id }}
            className={buttonClass({ look: 'primary' })}
          >
            Set up tracing
          </Link>
        }
      >
        A trace is one run of your application: its model calls, tools and steps, with time and cost.
      </State>
    );
  }
  const words = describeTimeRange(t ?? 'all', new Date(), zone);
  const range = words.startsWith('Past') ? `the ${words.toLowerCase()}` : words === 'All time' ? 'this project' : words;
  return (
    <State
      role="status"
      title={`No traces ${isFiltered ? 'match this filter ' : ''}in ${range}.`}
      actions={
        <>
          {isFiltered && <Button onClick={() => setSearch({ q: undefined, env: undefined })}>Clear filter</Button>}
          {elsewhere > 0 && (
            <Button onClick={() => chooseRange('all')}>Search all time ({formatCount(elsewhere)} found)</Button>
          )}
          {isSearch && t !== 'all' && <Button onClick={() => chooseRange('all')}>Search all time</Button>}
        </>
      }
    />
  );
}

const withoutUndefined = (search: Record<string, string | undefined>): ListSearch =>
  Object.fromEntries(Object.entries(search).filter(([, value]) => value !== undefined)) as ListSearch;

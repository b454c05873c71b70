import { keepPreviousData, useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query';
import { compileFilter, parseFilterText } from '@tracehouse/contract/filter-text';
import {
  listTraces,
  readHistogram,
  TraceSort,
  type TraceListItem,
  type TraceSelection,
} from '@tracehouse/contract/x-traces';
import { useCallback, useMemo, useState } from 'react';
import { call } from '../../api/call.ts';
import type { ListSearch } from '../../app/router.tsx';
import { lastRange, rangeThatHolds, readTimeRange } from './time-range.ts';

/** What a list of traces shows: the address, made sure and completed. */
export interface TraceSelectionState {
  q: string;
  /** Null while the range of a first visit is being found. */
  t: string | null;
  env: string | undefined;
  sort: TraceSort;
  /** Values of the address that were ignored, in words. */
  ignored: string[];
}

const PAGE_ROWS = 50;
const REFRESH_MS = 10_000;

/** Reads the address of a list. Without `t`: the last choice in this project, else a range that is not empty. */
export function useTraceSelection(project: string, search: ListSearch): TraceSelectionState {
  const sort = TraceSort.safeParse(search.sort ?? '-time');
  const asked = search.t !== undefined && readTimeRange(search.t, new Date()) ? search.t : undefined;
  const known = asked ?? lastRange(project);
  const newest = useQuery({
    queryKey: ['newest trace', project],
    queryFn: ({ signal }) => call(listTraces, { project, query: { environment: '*', limit: 1 }, signal }),
    enabled: known === null,
    staleTime: Infinity,
  });
  const found = newest.data && rangeThatHolds(dateOf(newest.data.data[0]), new Date());
  // A failed look-up must not keep the list from being shown.
  const t = known ?? found ?? (newest.isError ? '24h' : null);
  return useMemo(
    () => ({
      q: search.q ?? '',
      t,
      env: search.env,
      sort: sort.data ?? '-time',
      ignored: [
        ...(search.t !== undefined && asked === undefined ? [`“${search.t}” is no time range.`] : []),
        ...(sort.success ? [] : [`“${search.sort ?? ''}” is no column to sort by.`]),
      ],
    }),
    [search.q, search.t, search.env, search.sort, t, asked, sort.success, sort.data],
  );
}

const dateOf = (trace: TraceListItem | undefined) => (trace ? new Date(trace.timestamp) : null);

/** What the API is asked for; a relative range counts back from when it is asked. */
function ask({ q, t, env }: TraceSelectionState): TraceSelection {
  const range = t === null ? null : readTimeRange(t, new Date());
  return {
    ...(q !== '' && { q }),
    ...(range?.from !== undefined && { from: range.from }),
    ...(range?.to !== undefined && { to: range.to }),
    ...(env !== undefined && { environment: env }),
  };
}

/** False for a filter that the API would refuse. */
const isComplete = ({ q, t }: TraceSelectionState) => t !== null && parseFilterText(q).problems.length === 0;

/** Whether text is looked for, which takes as long as there is text to read. */
export const isTextSearch = ({ q }: { q: string }): boolean => soughtText(q) !== null;

/** The text whose places the list shows: the longest. */
export const soughtText = (q: string): string | null =>
  compileFilter(parseFilterText(q).terms, 'traces')
    .text.filter(({ not }) => !not)
    .map(({ value }) => value)
    .toSorted((a, b) => b.length - a.length)[0] ?? null;

/** The traces of a selection, page by page. All pages of one load share the same range. */
export function useTraceList(project: string, selection: TraceSelectionState) {
  const { sort } = selection;
  const isSearch = isTextSearch(selection);
  return useInfiniteQuery({
    queryKey: listKey(project, selection),
    queryFn: async ({ pageParam, signal }) => {
      const range = pageParam?.range ?? ask(selection);
      const query = { ...range, sort, limit: PAGE_ROWS, ...(pageParam && { cursor: pageParam.cursor }) };
      return { ...(await call(listTraces, { project, query, signal })), range };
    },
    initialPageParam: null as { cursor: string; range: TraceSelection } | null,
    getNextPageParam: ({ meta, range }) => (meta.cursor === undefined ? undefined : { cursor: meta.cursor, range }),
    enabled: isComplete(selection),
    placeholderData: keepPreviousData,
    // While only the first page is shown, new traces come in by themselves; more pages would move what is being read. A search
    // that has not filled its page would begin anew.
    refetchInterval: ({ state: { data } }) => {
      const [first, second] = data?.pages ?? [];
      const isFull = first?.meta.cursor !== undefined && first.meta.searchedTo === undefined;
      return first && !second && (isFull || !isSearch) ? REFRESH_MS : false;
    },
  });
}

const listKey = (project: string, { q, t, env, sort }: TraceSelectionState) =>
  ['traces', project, { q, t, env, sort }] as const;

/** A search that reads on by itself until its page is full or somebody stops it. */
export function useSearchControl(
  project: string,
  selection: TraceSelectionState,
  list: ReturnType<typeof useTraceList>,
) {
  const client = useQueryClient();
  const key = JSON.stringify(listKey(project, selection));
  const [stopped, setStopped] = useState<string>();
  const isSearch = isTextSearch(selection);
  const searchedTo = list.isPlaceholderData ? undefined : list.data?.pages.at(-1)?.meta.searchedTo;
  const isStopped = stopped === key;
  const stop = useCallback(() => {
    setStopped(key);
    // The server then ends the query as well.
    void client.cancelQueries({ queryKey: JSON.parse(key) as unknown[] });
  }, [client, key]);
  const goOn = () => {
    setStopped(undefined);
    void (list.data && !list.isPlaceholderData ? list.fetchNextPage() : list.refetch());
  };
  return {
    isSearch,
    /** Rows are being searched, or would be if it were not stopped. */
    isUnfinished: isSearch && (list.isPending || list.isPlaceholderData || list.isFetching || searchedTo !== undefined),
    isStopped,
    /** How far back was searched. */
    searchedTo,
    stop,
    goOn,
  };
}

/** Volume over time and the totals of a selection; of a search none before it has found something. */
export function useHistogram(project: string, selection: TraceSelectionState, enabled: boolean) {
  const { q, t, env } = selection;
  const isSearch = isTextSearch(selection);
  const { data, isPlaceholderData } = useQuery({
    queryKey: ['histogram', project, { q, t, env }],
    queryFn: ({ signal }) => call(readHistogram, { project, query: ask(selection), signal }),
    enabled: enabled && isComplete(selection),
    placeholderData: keepPreviousData,
    refetchInterval: isSearch ? false : REFRESH_MS,
  });
  return isSearch && isPlaceholderData ? undefined : data;
}

/** How many traces the same filter finds over all time; asked only when a range turned out empty. */
export function useCountOverAllTime(project: string, selection: TraceSelectionState, enabled: boolean) {
  const { q, env } = selection;
  const everything = { ...selection, t: 'all' };
  return useQuery({
    queryKey: ['histogram', project, { q, t: 'all', env }],
    queryFn: ({ signal }) => call(readHistogram, { project, query: ask(everything), signal }),
    enabled: enabled && isComplete(everything),
  });
}

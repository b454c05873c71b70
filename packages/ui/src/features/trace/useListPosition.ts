import { useEffect, useMemo } from 'react';
import type { ListSearch } from '../../app/router.tsx';
import { useHistogram, useTraceList, useTraceSelection } from '../traces/useTraceList.ts';

export interface ListPosition {
  /** From 1; null when the trace is not among the rows that are loaded. */
  place: number | null;
  total: number | null;
  previous: string | null;
  next: string | null;
}

/** Where a trace stands in the list it was opened from: the filter and order of the address, also after a reload. */
export function useListPosition(project: string, search: ListSearch, traceId: string): ListPosition {
  const selection = useTraceSelection(project, search);
  const list = useTraceList(project, selection);
  const histogram = useHistogram(project, selection, true);
  const ids = useMemo(() => list.data?.pages.flatMap(({ data }) => data.map(({ id }) => id)) ?? [], [list.data]);
  const index = ids.indexOf(traceId);
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = list;
  const wantsMore = index >= 0 && index === ids.length - 1 && hasNextPage && !isFetchingNextPage;
  useEffect(() => {
    if (wantsMore) void fetchNextPage();
  }, [wantsMore, fetchNextPage]);
  return {
    place: index < 0 ? null : index + 1,
    total: histogram?.totals.traces ?? null,
    previous: index > 0 ? (ids[index - 1] ?? null) : null,
    next: index < 0 ? null : (ids[index + 1] ?? null),
  };
}

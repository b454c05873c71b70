import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query';
import {
  type AuditQuery,
  exportAuditLog,
  exportOrganizationAuditLog,
  listAuditLog,
  listOrganizationAuditLog,
  readAuditLine,
  readOrganizationAuditLine,
} from '@tracehouse/contract/x-audit-log';
import { call } from '../../api/call.ts';
import { readTimeRange } from '../traces/time-range.ts';

/** Whose log it is. */
export type AuditPlace = { project: string } | { organization: string };

/** Keys of the address of an audit log: its filter, and which line is open. */
export interface AuditSearch {
  q?: string;
  t?: string;
  actor?: string;
  action?: string;
  type?: string;
  object?: string;
  /** `only`: what was refused. */
  refused?: string;
  line?: string;
}

/** As the query of both routes takes it. */
type Filter = Partial<Record<Exclude<keyof AuditQuery, 'limit' | 'cursor' | 'refused'>, string>> & { refused?: 'true' };

const routesOf = (place: AuditPlace) =>
  'project' in place
    ? { list: listAuditLog, one: readAuditLine, whole: exportAuditLog }
    : { list: listOrganizationAuditLog, one: readOrganizationAuditLine, whole: exportOrganizationAuditLog };

/** The filter of an address; a relative time counts back from now. */
function filterOf({ q, t, actor, action, type, object, refused }: AuditSearch): Filter {
  const range = t === undefined ? null : readTimeRange(t, new Date());
  return {
    ...(q && { q }),
    ...(actor && { actor }),
    ...(action && { action }),
    ...(type && { objectType: type }),
    ...(object && { objectId: object }),
    ...(refused === 'only' && { refused: 'true' as const }),
    ...(range?.from !== undefined && { from: range.from }),
    ...(range?.to !== undefined && { to: range.to }),
  };
}

const PAGE_ROWS = 50;
const keyOf = (place: AuditPlace): string => ('project' in place ? place.project : place.organization);

export type AuditLines = ReturnType<typeof useAuditLines>;

/** The lines of an address, page by page, newest first. */
export function useAuditLines(place: AuditPlace, address: AuditSearch, enabled: boolean) {
  const { list } = routesOf(place);
  const search = { ...address };
  delete search.line;
  return useInfiniteQuery({
    queryKey: ['audit log', keyOf(place), search],
    queryFn: ({ pageParam, signal }) =>
      call(list, {
        ...place,
        query: { ...filterOf(search), limit: PAGE_ROWS, ...(pageParam !== '' && { cursor: pageParam }) },
        signal,
      }),
    initialPageParam: '',
    getNextPageParam: ({ meta }) => meta.cursor,
    placeholderData: keepPreviousData,
    enabled,
  });
}

/** One line with what the object was and is. */
export function useAuditLine(place: AuditPlace, id: string) {
  const { one } = routesOf(place);
  return useQuery({
    queryKey: ['audit line', keyOf(place), id],
    queryFn: ({ signal }) => call(one, { ...place, params: { lineId: id }, signal }),
    staleTime: Infinity, // a line never changes
  });
}

/** Address of the file with all lines of the filter. */
export function exportAddress(place: AuditPlace, search: AuditSearch, format: 'csv' | 'ndjson'): string {
  const query = new URLSearchParams(Object.entries({ ...place, ...filterOf(search), format }));
  return `${routesOf(place).whole.path}?${query.toString()}`;
}

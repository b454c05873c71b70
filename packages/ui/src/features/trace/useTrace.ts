import { useQuery, useQueryClient } from '@tanstack/react-query';
import {
  readObservationDetail,
  readTraceSkeleton,
  type ObservationSkeleton,
  type TraceSkeleton,
} from '@tracehouse/contract/x-traces';
import { useEffect } from 'react';
import { call, CallError } from '../../api/call.ts';

const FOLLOW_MS = 2000;
const SETTLED_AFTER_MS = 60_000;
/** Without news for this long, a running observation may have crashed. */
const SILENT_AFTER_MS = 15 * 60_000;

/** The trace without payloads. A trace that runs, or has just ended, is read again until it is settled. */
export const useTraceSkeleton = (project: string, traceId: string) =>
  useQuery({
    queryKey: ['trace', project, traceId],
    queryFn: ({ signal }) => call(readTraceSkeleton, { project, params: { traceId }, signal }),
    refetchInterval: ({ state }) => (state.data && mayChange(state.data) ? FOLLOW_MS : false),
    // "Not there" may change while the exporter still has the trace.
    retry: (failures, error) =>
      failures < 2 && error instanceof CallError && (error.status === 0 || error.status >= 502),
  });

function mayChange(skeleton: TraceSkeleton): boolean {
  const age = Date.now() - newsAt(skeleton);
  return age < SETTLED_AFTER_MS || (age < SILENT_AFTER_MS && skeleton.observations.some(isRunning));
}

/** When something of the trace last started or ended, milliseconds since 1970. */
export const newsAt = ({ observations, trace }: TraceSkeleton): number =>
  observations.reduce(
    (latest, { startTime, endTime }) => Math.max(latest, Date.parse(endTime ?? startTime)),
    Date.parse(trace.timestamp),
  );

/** Runs by what was received, but nothing was for so long that it may have crashed. */
export const isSilent = (skeleton: TraceSkeleton, now: Date): boolean =>
  now.getTime() - newsAt(skeleton) >= SILENT_AFTER_MS && skeleton.observations.some(isRunning);

/** An event has no end; anything else without one runs, or was never told. */
export const isRunning = ({ endTime, type }: ObservationSkeleton): boolean => endTime === null && type !== 'EVENT';

const detailKey = (project: string, traceId: string, observation: ObservationSkeleton) => [
  'observation',
  project,
  traceId,
  observation.id,
  observation.endTime,
];

const fetchDetail = (project: string, traceId: string, observationId: string, signal: AbortSignal) =>
  call(readObservationDetail, { project, params: { observationId }, query: { traceId }, signal });

/** Payloads and prices of one observation. */
export const useObservationDetail = (project: string, traceId: string, observation: ObservationSkeleton) =>
  useQuery({
    queryKey: detailKey(project, traceId, observation),
    queryFn: ({ signal }) => fetchDetail(project, traceId, observation.id, signal),
    staleTime: 60_000,
  });

/** Fetches what the arrow keys would open next. */
export function usePrefetchDetails(project: string, traceId: string, neighbours: readonly ObservationSkeleton[]): void {
  const client = useQueryClient();
  useEffect(() => {
    for (const observation of neighbours) {
      void client.prefetchQuery({
        queryKey: detailKey(project, traceId, observation),
        queryFn: ({ signal }) => fetchDetail(project, traceId, observation.id, signal),
        staleTime: 60_000,
      });
    }
  }, [client, project, traceId, neighbours]);
}

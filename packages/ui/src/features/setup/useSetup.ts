import { useMutation, useQuery } from '@tanstack/react-query';
import { exportTraces } from '@tracehouse/contract/otel';
import { listReceipts, type Receipt } from '@tracehouse/contract/x-receipts';
import { listTraces, readTraceSkeleton } from '@tracehouse/contract/x-traces';
import { useState } from 'react';
import { call } from '../../api/call.ts';
import { sampleTrace } from './sample-trace.ts';

const WATCH_MS = 1000;

/** What the live door shows, back from now. */
export const DOOR_SPAN_MS = 10 * 60_000;

/** The newest requests of the last ten minutes, looked at every second. */
export const useDoor = (project: string) =>
  useQuery({
    queryKey: ['door', project],
    queryFn: ({ signal }) => {
      const from = new Date(Date.now() - DOOR_SPAN_MS).toISOString();
      return call(listReceipts, { project, query: { from, limit: 100 }, signal });
    },
    refetchInterval: WATCH_MS,
    staleTime: 0,
  });

export interface Arrival {
  traceId: string;
  name: string | null;
  observations: number;
  /** The project had no trace before. */
  isFirst: boolean;
}

/** The first trace that is stored after the page was opened; null while there is none. */
export function useArrival(project: string, door: readonly Receipt[] | undefined): Arrival | null {
  const [openedAt] = useState(() => Date.now());
  const newest = useQuery({
    queryKey: ['arrivals', project],
    queryFn: ({ signal }) => call(listTraces, { project, query: { environment: '*', limit: 20 }, signal }),
    refetchInterval: WATCH_MS,
    staleTime: 0,
    gcTime: 0,
  });
  // What was there when the page opened; a trace that is not among it has arrived since.
  const [before, setBefore] = useState<ReadonlySet<string> | null>(null);
  if (before === null && newest.data) setBefore(new Set(newest.data.data.map(({ id }) => id)));
  const listed = before && newest.data?.data.find(({ id }) => !before.has(id))?.id;
  // A trace with an old timestamp is not among the newest, but its request is at the door.
  const received = door?.find(
    ({ time, traceIds, stored }) => traceIds.length > 0 && stored > 0 && Date.parse(time) > openedAt,
  );
  const traceId = listed ?? received?.traceIds[0] ?? null;
  const trace = useQuery({
    queryKey: ['arrival', project, traceId],
    queryFn: ({ signal }) => call(readTraceSkeleton, { project, params: { traceId: traceId ?? '' }, signal }),
    enabled: traceId !== null,
    retry: 3,
  });
  if (traceId === null || !trace.data) return null;
  const { name } = trace.data.trace;
  return { traceId, name, observations: trace.data.observations.length, isFirst: before?.size === 0 };
}

const otlp = exportTraces[0];

/** Sends a sample trace through the same door that clients use, as this person. */
export function useSendSample(project: string) {
  return useMutation({
    mutationFn: async () => {
      if (!otlp) throw new Error('The contract declares no OTLP route');
      const { request, traceId } = sampleTrace(new Date(), randomHex);
      await call(otlp, { project, body: request });
      return traceId;
    },
  });
}

const randomHex = (bytes: number) =>
  [...crypto.getRandomValues(new Uint8Array(bytes))].map((byte) => byte.toString(16).padStart(2, '0')).join('');

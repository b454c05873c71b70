import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { createModel, deleteModel, readModel, type Model, type NewModel } from '@tracehouse/contract/models';
import { cancelJob, listJobs, readJob, startRecalculation, type Job } from '@tracehouse/contract/x-jobs';
import { listAllModels, listCalledModels, matchModels, updateModel } from '@tracehouse/contract/x-models';
import type * as z from 'zod';
import { call } from '../../api/call.ts';

const FOLLOW_MS = 700;
const MINUTE_MS = 60_000;

/** All there are, in short: the project's own first. */
export const useModels = (project: string) =>
  useQuery({
    queryKey: ['models', project],
    queryFn: ({ signal }) => call(listAllModels, { project, signal }),
    staleTime: MINUTE_MS,
  });

/** One whole; nothing is asked without an id. */
export const useModel = (project: string, modelId: string | undefined) =>
  useQuery({
    queryKey: ['models', project, modelId],
    queryFn: ({ signal }) => call(readModel, { project, params: { modelId: modelId ?? '' }, signal }),
    enabled: modelId !== undefined,
  });

/** Names in the calls of the last 30 days, those without a price first. */
export const useCalledModels = (project: string, enabled = true) =>
  useQuery({
    queryKey: ['called models', project],
    queryFn: ({ signal }) => call(listCalledModels, { project, query: { limit: 100 }, signal }),
    staleTime: MINUTE_MS,
    enabled,
  });

/** Whether the pattern matches the names, and what prices each today. */
export const useMatches = (project: string, matchPattern: string | undefined, names: readonly string[]) =>
  useQuery({
    queryKey: ['model matches', project, matchPattern, names],
    queryFn: ({ signal }) =>
      call(matchModels, {
        project,
        body: { names: [...names], ...(matchPattern !== undefined && matchPattern !== '' && { matchPattern }) },
        signal,
      }),
    placeholderData: keepPreviousData,
    staleTime: MINUTE_MS,
    enabled: names.length > 0 || (matchPattern ?? '') !== '',
  });

/** What depends on prices, the lists of traces apart: what is stored keeps its cost. */
const dependent = new Set(['models', 'called models', 'model matches']);

/** Adds a model, or replaces the one with the id. */
export function useSaveModel(project: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ id, model }: { id: string | undefined; model: z.input<typeof NewModel> }): Promise<Model> =>
      id === undefined
        ? call(createModel, { project, body: model })
        : call(updateModel, { project, params: { modelId: id }, body: model }),
    onSuccess: () => client.invalidateQueries({ predicate: ({ queryKey }) => dependent.has(String(queryKey[0])) }),
  });
}

export function useDeleteModel(project: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (modelId: string) => call(deleteModel, { project, params: { modelId } }),
    onSuccess: () => client.invalidateQueries({ predicate: ({ queryKey }) => dependent.has(String(queryKey[0])) }),
  });
}

export const isUnderWay = ({ state }: Pick<Job, 'state'>): boolean => state === 'queued' || state === 'running';

/** The last recalculations, followed while one is under way. */
export const useRecalculations = (project: string) =>
  useQuery({
    queryKey: ['jobs', project, 'models.recalculate'],
    queryFn: ({ signal }) => call(listJobs, { project, query: { kind: 'models.recalculate', limit: 20 }, signal }),
    refetchInterval: ({ state }) => (state.data?.data.some(isUnderWay) ? FOLLOW_MS : false),
  });

/** One, followed to its end; then all that shows costs is read again. */
export function useJob(project: string, jobId: string | undefined) {
  const client = useQueryClient();
  return useQuery({
    queryKey: ['jobs', project, jobId],
    queryFn: async ({ signal }) => {
      const job = await call(readJob, { project, params: { jobId: jobId ?? '' }, signal });
      if (!isUnderWay(job)) {
        void client.invalidateQueries({
          predicate: ({ queryKey }) => queryKey[1] === project && queryKey[2] !== jobId,
        });
      }
      return job;
    },
    enabled: jobId !== undefined,
    refetchInterval: ({ state }) => (state.data === undefined || isUnderWay(state.data) ? FOLLOW_MS : false),
  });
}

export function useStartRecalculation(project: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (modelId: string) => call(startRecalculation, { project, body: { modelId } }),
    onSuccess: () => client.invalidateQueries({ queryKey: ['jobs', project] }),
  });
}

export function useCancelJob(project: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (jobId: string) => call(cancelJob, { project, params: { jobId }, body: {} }),
    onSuccess: () => client.invalidateQueries({ queryKey: ['jobs', project] }),
  });
}

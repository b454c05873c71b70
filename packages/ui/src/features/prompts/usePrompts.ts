import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { deletePrompt } from '@tracehouse/contract/prompts';
import {
  copyPrompts,
  listAllPrompts,
  listPromptUsage,
  listPromptVersionUsage,
  readPromptVersion,
  readProtectedLabels,
  readWholePrompt,
  setPromptLabel,
  setPromptTags,
  setProtectedLabels,
} from '@tracehouse/contract/x-prompts';
import { listTraces } from '@tracehouse/contract/x-traces';
import type * as z from 'zod';
import { call } from '../../api/call.ts';

const DAY_MS = 86_400_000;
/** How far back the list and the page of a prompt look. */
export const USAGE_DAYS = 7;
const LATEST_TRACES = 7;
/** What is counted again only when somebody looks later. */
const USAGE_FRESH_MS = 60_000;

const daysAgo = (days: number) => new Date(Date.now() - days * DAY_MS).toISOString();

/** All prompts, or those that have the text; the rows before stay while others are looked for. */
export const usePromptList = (project: string, q: string) =>
  useQuery({
    queryKey: ['prompts', project, 'list', q],
    queryFn: ({ signal }) => call(listAllPrompts, { project, query: q === '' ? {} : { q }, signal }),
    placeholderData: keepPreviousData,
  });

/** Calls, latency and cost of every prompt in the past seven days. */
export const usePromptUsage = (project: string) =>
  useQuery({
    queryKey: ['prompt usage', project],
    queryFn: ({ signal }) => call(listPromptUsage, { project, query: { from: daysAgo(USAGE_DAYS) }, signal }),
    staleTime: USAGE_FRESH_MS,
  });

/** One prompt with all its versions. */
export const useWholePrompt = (project: string, name: string) =>
  useQuery({
    queryKey: ['prompts', project, 'one', name],
    queryFn: ({ signal }) => call(readWholePrompt, { project, query: { name }, signal }),
  });

/** Text and config of a version; those of another stay while it is read. Nothing is asked without a number. */
export const usePromptVersion = (project: string, name: string, version: number | undefined) =>
  useQuery({
    queryKey: ['prompts', project, 'version', name, version],
    queryFn: ({ signal }) => call(readPromptVersion, { project, query: { name, version: version ?? 0 }, signal }),
    enabled: version !== undefined,
    // Never those of another prompt.
    placeholderData: (before, query) => (query?.queryKey[3] === name ? before : undefined),
  });

/** What each version of a prompt was used for in the past days. */
export const useVersionUsage = (project: string, name: string, days: number, enabled = true) =>
  useQuery({
    queryKey: ['prompt usage', project, name, days],
    queryFn: ({ signal }) => call(listPromptVersionUsage, { project, query: { name, from: daysAgo(days) }, signal }),
    staleTime: USAGE_FRESH_MS,
    enabled,
  });

/** Everything that is shown of prompts and of their A/B tests, after one was changed: each moves or ends the other. */
export function useRefresh(project: string) {
  const client = useQueryClient();
  return async () => {
    await Promise.all([
      client.invalidateQueries({ queryKey: ['prompts', project] }),
      client.invalidateQueries({ queryKey: ['ab tests', project] }),
    ]);
  };
}

/** The newest traces that a filter finds in the days that usage is of. */
export const useLatestTraces = (project: string, q: string) =>
  useQuery({
    queryKey: ['prompt usage', project, 'traces', q],
    queryFn: ({ signal }) =>
      call(listTraces, {
        project,
        query: { q, from: daysAgo(USAGE_DAYS), environment: '*', limit: LATEST_TRACES },
        signal,
      }),
    staleTime: USAGE_FRESH_MS,
  });

export function useSetLabel(project: string) {
  const refresh = useRefresh(project);
  return useMutation({
    mutationFn: (body: z.input<(typeof setPromptLabel)['body']>) => call(setPromptLabel, { project, body }),
    onSuccess: refresh,
  });
}

export function useSetTags(project: string) {
  const refresh = useRefresh(project);
  return useMutation({
    mutationFn: (body: z.input<(typeof setPromptTags)['body']>) => call(setPromptTags, { project, body }),
    onSuccess: refresh,
  });
}

/** Deletes a version, or all of a prompt. */
export function useDeletePrompt(project: string) {
  const refresh = useRefresh(project);
  return useMutation({
    mutationFn: ({ name, version }: { name: string; version?: number | undefined }) =>
      call(deletePrompt, { project, params: { '*': name }, ...(version !== undefined && { query: { version } }) }),
    onSuccess: refresh,
  });
}

/** Deletes many, those that others of them include after these; answers what was refused, and why. */
export function useDeletePrompts(project: string) {
  const refresh = useRefresh(project);
  return useMutation({
    mutationFn: async (names: readonly string[]) => {
      let left = names;
      for (;;) {
        const refused: { name: string; error: Error }[] = [];
        for (const name of left) {
          try {
            await call(deletePrompt, { project, params: { '*': name } });
          } catch (error) {
            refused.push({ name, error: error as Error });
          }
        }
        if (refused.length === 0 || refused.length === left.length) return refused;
        left = refused.map(({ name }) => name);
      }
    },
    onSettled: refresh,
  });
}

export function useCopyPrompts(project: string) {
  const refresh = useRefresh(project);
  return useMutation({
    mutationFn: (body: z.input<(typeof copyPrompts)['body']>) => call(copyPrompts, { project, body }),
    onSuccess: refresh,
  });
}

/** Labels that only an admin may move. */
export const useProtectedLabels = (project: string) =>
  useQuery({
    queryKey: ['prompts', project, 'protected labels'],
    queryFn: ({ signal }) => call(readProtectedLabels, { project, signal }),
  });

export function useSetProtectedLabels(project: string) {
  const refresh = useRefresh(project);
  return useMutation({
    mutationFn: (labels: string[]) => call(setProtectedLabels, { project, body: { labels } }),
    onSuccess: refresh,
  });
}

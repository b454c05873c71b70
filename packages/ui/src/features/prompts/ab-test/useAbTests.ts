import { useMutation, useQuery } from '@tanstack/react-query';
import {
  createAbTest,
  deleteAbTest,
  endAbTest,
  listAbSnapshots,
  listAbTests,
  pauseAbTest,
  readAbAssignment,
  readAbResult,
  resumeAbTest,
  startAbTest,
  updateAbTest,
  type AbTest,
  type AbTestUpdate,
  type NewAbTest,
} from '@tracehouse/contract/x-ab-tests';
import type * as z from 'zod';
import { call } from '../../../api/call.ts';
import { useRefresh } from '../usePrompts.ts';

const MINUTE_MS = 60_000;

/** The tests of a prompt, the newest first. */
export const useAbTests = (project: string, prompt: string) =>
  useQuery({
    queryKey: ['ab tests', project, 'of', prompt],
    queryFn: ({ signal }) => call(listAbTests, { project, query: { prompt, limit: 100 }, signal }),
    refetchInterval: MINUTE_MS,
  });

/** What it shows now, looked at again each minute while it runs; of another phase with its number. */
export const useAbResult = (project: string, test: AbTest, phase: number | undefined) =>
  useQuery({
    queryKey: ['ab tests', project, 'result', test.id, phase, test.state],
    queryFn: ({ signal }) =>
      call(readAbResult, { project, params: { testId: test.id }, query: phase === undefined ? {} : { phase }, signal }),
    enabled: test.state !== 'draft',
    refetchInterval: test.state === 'running' ? MINUTE_MS : false,
  });

/** Where scores come from. */
export type ScoreSource = NonNullable<z.output<(typeof readAbResult)['query']>['scoreSource']>;

interface Narrowed {
  phase: number;
  /** Comma-separated; empty: those of the test. */
  environment: string;
  source: ScoreSource | '';
}

/** Numbers of a part of what was measured. */
export const useAbEstimates = (project: string, test: AbTest, { phase, environment, source }: Narrowed) =>
  useQuery({
    queryKey: ['ab tests', project, 'result', test.id, phase, test.state, environment, source],
    queryFn: ({ signal }) =>
      call(readAbResult, {
        project,
        params: { testId: test.id },
        query: { phase, ...(environment !== '' && { environment }), ...(source !== '' && { scoreSource: source }) },
        signal,
      }),
  });

/** The primary interval at each hour, and the newest of those results. */
export const useAbSnapshots = (project: string, test: AbTest) =>
  useQuery({
    queryKey: ['ab tests', project, 'snapshots', test.id, test.state],
    queryFn: ({ signal }) => call(listAbSnapshots, { project, params: { testId: test.id }, signal }),
    enabled: test.startedAt !== null,
    refetchInterval: test.state === 'running' ? 10 * MINUTE_MS : false,
  });

/** Which arm a key gets; nothing is asked without one. */
export const useAbAssignment = (project: string, test: AbTest, key: string) =>
  useQuery({
    queryKey: ['ab tests', project, 'assignment', test.id, test.phases.length, test.state, key],
    queryFn: ({ signal }) => call(readAbAssignment, { project, params: { testId: test.id }, query: { key }, signal }),
    enabled: key !== '',
  });

export function useCreateAbTest(project: string) {
  const refresh = useRefresh(project);
  return useMutation({
    mutationFn: (body: z.input<typeof NewAbTest>) => call(createAbTest, { project, body }),
    onSuccess: refresh,
  });
}

export function useUpdateAbTest(project: string, testId: string) {
  const refresh = useRefresh(project);
  return useMutation({
    mutationFn: (body: z.input<typeof AbTestUpdate>) => call(updateAbTest, { project, params: { testId }, body }),
    onSuccess: refresh,
  });
}

const steps = { start: startAbTest, pause: pauseAbTest, resume: resumeAbTest };

/** One of the ways of a test: start, pause, resume. */
export type AbStep = keyof typeof steps;

export function useAbStep(project: string, testId: string) {
  const refresh = useRefresh(project);
  return useMutation({
    mutationFn: (step: AbStep) => call(steps[step], { project, params: { testId }, body: {} }),
    onSuccess: refresh,
  });
}

/** Ends it, and moves the label where `makeVersion` says. */
export function useEndAbTest(project: string, testId: string) {
  const refresh = useRefresh(project);
  return useMutation({
    mutationFn: (makeVersion: number | undefined) =>
      call(endAbTest, { project, params: { testId }, body: makeVersion === undefined ? {} : { makeVersion } }),
    onSuccess: refresh,
  });
}

export function useDeleteAbTest(project: string) {
  const refresh = useRefresh(project);
  return useMutation({
    mutationFn: (testId: string) => call(deleteAbTest, { project, params: { testId } }),
    onSuccess: refresh,
  });
}

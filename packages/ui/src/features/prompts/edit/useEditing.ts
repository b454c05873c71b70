import { keepPreviousData, useMutation, useQuery } from '@tanstack/react-query';
import { previewPrompt, savePrompt } from '@tracehouse/contract/x-prompts';
import type * as z from 'zod';
import { call } from '../../../api/call.ts';
import { useSettled } from '../../../components/useSettled.ts';
import type { PromptText } from '@tracehouse/contract/prompts';
import { useRefresh } from '../usePrompts.ts';

/** What the text resolves to as it stands now, once typing pauses; the last one stays meanwhile. */
export function usePreview(project: string, name: string, prompt: PromptText) {
  const settled = useSettled(JSON.stringify({ name, prompt }));
  return useQuery({
    queryKey: ['prompt preview', project, settled],
    queryFn: ({ signal }) =>
      call(previewPrompt, { project, body: JSON.parse(settled) as { name: string; prompt: PromptText }, signal }),
    placeholderData: keepPreviousData,
  });
}

/** Saves a version; everything that is shown of prompts is read again. */
export function useSavePrompt(project: string) {
  const refresh = useRefresh(project);
  return useMutation({
    mutationFn: (body: z.input<(typeof savePrompt)['body']>) => call(savePrompt, { project, body }),
    onSuccess: refresh,
  });
}

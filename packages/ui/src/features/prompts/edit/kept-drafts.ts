import * as z from 'zod';
import { readStored } from '../../../app/preferences.ts';
import type { Draft } from './draft.ts';

const KeptDraft = z.object({
  draft: z.object({
    name: z.string(),
    type: z.enum(['text', 'chat']),
    text: z.string(),
    messages: z.array(
      z.object({ key: z.number(), kind: z.enum(['message', 'placeholder']), role: z.string(), text: z.string() }),
    ),
    config: z.string(),
    commitMessage: z.string(),
    labels: z.array(z.string()),
    seenLatest: z.number().nullable(),
  }) satisfies z.ZodType<Draft>,
  /** The version it began from; null: a new prompt. */
  from: z.number().nullable(),
  /** When it was last changed, ISO 8601. */
  at: z.string(),
});
export type KeptDraft = z.output<typeof KeptDraft>;

/** Whose draft of which prompt; without a name it is that of a new one. */
export interface DraftPlace {
  userId: string;
  project: string;
  name: string | null;
}

/** What this browser keeps of a prompt that was not saved; null when there is none. */
export function keptDraft(place: DraftPlace): KeptDraft | null {
  const kept = KeptDraft.safeParse(readStored(keyOf(place)));
  return kept.success ? kept.data : null;
}

/** False when the browser refuses: then the draft is gone with the tab. */
export function keepDraft(place: DraftPlace, kept: KeptDraft): boolean {
  try {
    localStorage.setItem(keyOf(place), JSON.stringify(kept));
    return true;
  } catch {
    return false;
  }
}

export function dropDraft(place: DraftPlace): void {
  try {
    localStorage.removeItem(keyOf(place));
  } catch {
    // Storage that is blocked has nothing to lose.
  }
}

const keyOf = ({ userId, project, name }: DraftPlace): string =>
  `tracehouse.prompt-draft.${JSON.stringify([userId, project, name])}`;

import { useState } from 'react';
import { isSameDraft, type Draft } from './draft.ts';
import { dropDraft, keepDraft, keptDraft, type DraftPlace } from './kept-drafts.ts';

interface Started {
  /** What it is without any change. */
  initial: Draft;
  /** The version it begins from; null: none. */
  from: number | null;
}

/** The draft of one prompt: in the browser's storage from the first change on, until it is saved or discarded. */
export function useDraft(place: DraftPlace, { initial, from }: Started) {
  const [kept] = useState(() => keptDraft(place));
  const [draft, setDraft] = useState<Draft>(kept?.draft ?? initial);
  const [isKept, setIsKept] = useState(true);
  return {
    draft,
    change(part: Partial<Draft>) {
      const next = { ...draft, ...part };
      setDraft(next);
      if (isSameDraft(next, initial)) dropDraft(place);
      else setIsKept(keepDraft(place, { draft: next, from, at: new Date().toISOString() }));
    },
    discard() {
      setDraft(initial);
      dropDraft(place);
    },
    isChanged: !isSameDraft(draft, initial),
    /** False: the browser refuses to store it. */
    isKept,
    /** When the draft that was found was last changed. */
    foundAt: kept?.at ?? null,
  };
}

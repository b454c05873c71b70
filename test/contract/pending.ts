/** What waits for a later issue. The replay fails for an entry whose case has become equal, so this list only shrinks. */
export interface Pending {
  /** `group/number`, `*` for any text. */
  case: string | readonly string[];
  /** Without one, the whole case waits. */
  field?: string;
  issue: number;
  waitsFor: string;
}

export const pending: readonly Pending[] = [];

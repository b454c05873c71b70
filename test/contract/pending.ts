/** What waits for a later issue. The replay fails for an entry whose case has become equal, so this list only shrinks. */
export interface Pending {
  /** `group/number`, `*` for any text. */
  case: string | readonly string[];
  /** Without one, the whole case waits. */
  field?: string | readonly string[];
  issue: number;
  waitsFor: string;
}

export const pending: readonly Pending[] = [
  {
    case: ['metrics/13', 'metrics-v2/13'],
    field: 'data["run-score"]',
    issue: 7,
    waitsFor: 'datasets, of a run of which that score is',
  },
  { case: 'deletes/15', issue: 7, waitsFor: 'datasets, which no issue has yet' },
];

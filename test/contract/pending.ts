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
    case: ['traces/1', 'traces/6', 'traces/23', 'observations/*'],
    field: ['promptId', '*.promptId'],
    issue: 7,
    waitsFor: 'prompts, whose ids generations name',
  },
  {
    case: 'fixtures/v5-tracing/trace-a523*',
    field: ['*.promptName', '*.promptVersion'],
    issue: 7,
    waitsFor: 'prompts: v1 hides the name of one that there is not',
  },
  {
    case: ['metrics/13', 'metrics-v2/13'],
    field: 'data["run-score"]',
    issue: 7,
    waitsFor: 'datasets, of a run of which that score is',
  },
  { case: 'deletes/15', issue: 7, waitsFor: 'datasets, which no issue has yet' },
];

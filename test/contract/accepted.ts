/** A difference that we stand by, with the class of `differences.md` it belongs to. */
export interface Accepted {
  /** `group/number`, `*` for any text. */
  case: string | readonly string[];
  field: string;
  class: 'D1' | 'D2' | 'D3' | 'D4' | 'D5' | 'D6' | 'D7' | 'D8' | 'D9' | 'D10' | 'D11' | 'D12';
  reason: string;
}

/** At most 15. An entry that explains no difference fails the replay. */
export const accepted: readonly Accepted[] = [];

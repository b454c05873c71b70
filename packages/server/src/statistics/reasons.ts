/** Why something is not compared: what is missing, where, and how much would do. `arm` is an index; 0 is control. */
export type Reason =
  /** Too few units (users, sessions, traces) in an arm. */
  | { why: 'too-few-units'; arm: number; units: number; needed: number }
  /** Too few time blocks with rows of an arm. */
  | { why: 'too-few-blocks'; arm: number; blocks: number; needed: number }
  /** A few units make most of the rows or of the amount; `effectiveUnits` is how many equal ones would vary as much. */
  | { why: 'few-units-dominate'; arm: number; of: 'rows' | 'amount'; effectiveUnits: number; needed: number }
  /** Too few units with the event (an error, a score of 1, …) in an arm; counts of each of the two arms. */
  | { why: 'too-few-events'; counts: [number, number]; needed: number }
  /** Too few units without the event. */
  | { why: 'too-few-without-event'; counts: [number, number]; needed: number }
  /** A percentile too near the end of too few rows. */
  | { why: 'too-few-rows-for-percentile'; arm: number; rows: number }
  /** No row with a value. */
  | { why: 'no-rows'; arm: number }
  /** A ratio of an amount that is not above 0. */
  | { why: 'amount-not-positive'; arm: number }
  /** All units are alike, so nothing tells how far chance goes. */
  | { why: 'no-variation' }
  /** Too few items in both runs. */
  | { why: 'too-few-pairs'; pairs: number; needed: number };

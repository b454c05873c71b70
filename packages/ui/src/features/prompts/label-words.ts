import { DEFAULT_LABEL, NEWEST_LABEL } from '@tracehouse/contract/prompts';
import type { LabelPlace, LabelTest } from '@tracehouse/contract/x-prompts';

/** While a test runs its label is several versions; before and in a pause everybody gets the one it points at. */
export const isSplit = (test: LabelTest | null): test is LabelTest => test?.state === 'running';

/** `v4`, or under an A/B test `v4 70 % · v5 30 %`. */
export const placeWords = ({ version, test }: Pick<LabelPlace, 'version' | 'test'>): string =>
  isSplit(test) ? test.arms.map((arm) => `v${arm.version} ${shareWords(arm.share)}`).join(' · ') : `v${version}`;

/** `30 %`, `12.5 %`. */
export const shareWords = (share: number): string => `${Number(share.toFixed(2)).toLocaleString()} %`;

const states = { scheduled: 'A/B test scheduled', running: 'under A/B test', paused: 'A/B test paused' };

export const testWords = (test: LabelTest): string => states[test.state];

/** A for control, B and so on for what is compared with it. */
const armLetter = (index: number): string => String.fromCodePoint(65 + index);

/** Versions that a label gives now, and its letter and share in a test that is open. */
export function armOf(place: LabelPlace, version: number): { letter: string; share: number } | null {
  const index = place.test?.arms.findIndex((arm) => arm.version === version) ?? -1;
  const arm = place.test?.arms[index];
  return arm ? { letter: armLetter(index), share: arm.share } : null;
}

/** Production first, then the newest, then the others by name. */
export const inOrder = (labels: readonly LabelPlace[]): LabelPlace[] =>
  labels.toSorted((a, b) => rank(a) - rank(b) || a.label.localeCompare(b.label));

const rank = ({ label }: LabelPlace) => (label === DEFAULT_LABEL ? 0 : label === NEWEST_LABEL ? 1 : 2);

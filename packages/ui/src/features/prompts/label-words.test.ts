import type { LabelPlace, LabelTest } from '@tracehouse/contract/x-prompts';
import { expect, test } from 'vitest';
import { armOf, inOrder, placeWords } from './label-words.ts';

const split = (state: LabelTest['state']): LabelTest => ({
  id: 't',
  state,
  arms: [
    { version: 4, share: 70 },
    { version: 5, share: 29.5 },
  ],
});
const place = (label: string, test: LabelTest | null = null): LabelPlace => ({
  label,
  version: 4,
  isProtected: false,
  test,
});

test('a label under a running A/B test is each of its versions, before and in a pause it is control', () => {
  expect(placeWords(place('production', split('running')))).toBe('v4 70 % · v5 29.5 %');
  expect(placeWords(place('production', split('paused')))).toBe('v4');
  expect(placeWords(place('production', split('scheduled')))).toBe('v4');
  expect(placeWords(place('production'))).toBe('v4');
});

test('arms of a test have letters, the first is control', () => {
  expect(armOf(place('production', split('running')), 5)).toEqual({ letter: 'B', share: 29.5 });
  expect(armOf(place('production', split('running')), 3)).toBeNull();
  expect(armOf(place('production'), 4)).toBeNull();
});

test('what is live comes first, then the newest', () => {
  const labels = ['eu', 'latest', 'a', 'production'].map((label) => place(label));
  expect(inOrder(labels).map(({ label }) => label)).toEqual(['production', 'latest', 'a', 'eu']);
});

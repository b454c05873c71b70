import { expect, test } from 'vitest';
import { chosenVersion, comparedWith } from './chosen-version.ts';

const version = (number: number) => ({
  id: `v${number}`,
  version: number,
  labels: [],
  commitMessage: null,
  createdAt: '2026-11-01T00:00:00.000Z',
  createdBy: 'API',
});
const place = (label: string, at: number) => ({ label, version: at, isProtected: false, test: null });
const prompt = {
  versions: [5, 4, 2].map(version),
  labels: [place('latest', 5), place('production', 4), place('eu', 2)],
};

test('the version of the address is shown, else what is live, else the newest', () => {
  expect(chosenVersion(prompt, { version: '2' })).toEqual({ version: 2 });
  expect(chosenVersion(prompt, { label: 'eu' })).toEqual({ version: 2 });
  expect(chosenVersion(prompt, {})).toEqual({ version: 4 });
  expect(chosenVersion({ ...prompt, labels: [place('latest', 5)] }, {})).toEqual({ version: 5 });
});

test('what there is not is ignored, and named', () => {
  expect(chosenVersion(prompt, { version: '3' })).toEqual({ version: 4, ignored: 'There is no version 3.' });
  expect(chosenVersion(prompt, { version: '04' })).toMatchObject({ version: 4, ignored: expect.any(String) });
  expect(chosenVersion(prompt, { label: 'us' })).toEqual({ version: 4, ignored: 'No version has the label us.' });
});

test('a version is compared with the newest, the newest with the one before it', () => {
  expect([comparedWith(prompt, 2), comparedWith(prompt, 5)]).toEqual([5, 4]);
  expect(comparedWith({ versions: [version(1)] }, 1)).toBeUndefined();
});

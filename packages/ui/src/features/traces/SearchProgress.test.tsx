import { cleanup, render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { listenToKeys } from '../../app/keys.ts';
import { SearchProgress } from './SearchProgress.tsx';

let stopListening: () => void;
beforeEach(() => void (stopListening = listenToKeys()));
afterEach(() => {
  cleanup();
  stopListening();
});

const show = (more: Partial<Parameters<typeof SearchProgress>[0]> = {}) => {
  const stop = vi.fn<() => void>();
  const goOn = vi.fn<() => void>();
  render(
    <SearchProgress searchedTo="2020-01-02T03:04:05.000Z" found={3} isStopped={false} {...{ stop, goOn }} {...more} />,
  );
  return { stop, goOn };
};

test('a search says how far back it has looked, and Escape stops it', async () => {
  const { stop } = show();
  expect(screen.getByRole('status').textContent).toMatch(/^Searched back to 2020-01-02 .*\. 3 found so far\.$/u);
  await userEvent.keyboard('{Escape}');
  expect(stop).toHaveBeenCalledOnce();
});

test('before the first answer it says that it goes on', () => {
  show({ searchedTo: undefined });
  expect(screen.getByRole('status').textContent).toBe('Searching …');
});

test('a stopped search says so and can be gone on with', async () => {
  const { stop, goOn } = show({ isStopped: true });
  expect(screen.getByRole('status').textContent).toMatch(/^Search stopped\. Searched back to .*: 3 found\.$/u);
  await userEvent.keyboard('{Escape}');
  expect(stop).not.toHaveBeenCalled();
  await userEvent.click(screen.getByRole('button', { name: 'Search on' }));
  expect(goOn).toHaveBeenCalledOnce();
});

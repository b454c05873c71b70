import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { everyNight, everyNowAndThen } from './nightly.ts';

beforeEach(() => void vi.useFakeTimers({ now: new Date('2026-11-20T10:00:00Z') }));
afterEach(() => void vi.useRealTimers());

const now = (): Date => new Date();
const hours = (count: number): Promise<unknown> => vi.advanceTimersByTimeAsync(count * 3_600_000);
const unexpected = (error: unknown): never => {
  throw error;
};

test('runs when the hour begins, once a day', async () => {
  const ran: string[] = [];
  const work = async (): Promise<void> => void ran.push(now().toISOString());
  const nightly = everyNight({ hour: 3, forHours: 4, now, work, onFailure: unexpected });
  await hours(16);
  expect(ran).toEqual([]);
  await hours(50);
  expect(ran).toEqual(['2026-11-21T03:00:00.000Z', '2026-11-22T03:00:00.000Z', '2026-11-23T03:00:00.000Z']);
  await nightly.stop();
  await hours(50);
  expect(ran).toHaveLength(3);
});

test('what fails is reported and tried again the next night', async () => {
  const failures: unknown[] = [];
  const work = (): Promise<void> => Promise.reject(new Error('disk'));
  const nightly = everyNight({ hour: 11, forHours: 4, now, work, onFailure: (error) => failures.push(error) });
  await hours(26);
  expect(failures).toHaveLength(2);
  await nightly.stop();
});

test('what takes too long, or the whole process, is told to stop', async () => {
  const stopped: string[] = [];
  const work = (signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      signal.addEventListener('abort', () => {
        stopped.push(now().toISOString());
        resolve();
      });
    });
  const nightly = everyNight({ hour: 11, forHours: 4, now, work, onFailure: unexpected });
  await hours(6);
  expect(stopped).toEqual(['2026-11-20T15:00:00.000Z']);
  await hours(20);
  await nightly.stop();
  expect(stopped).toEqual(['2026-11-20T15:00:00.000Z', '2026-11-21T12:00:00.000Z']);
});

test('what runs again and again pauses after each time, whatever became of it, and ends with the process', async () => {
  const failures: unknown[] = [];
  let ran = 0;
  const work = async (): Promise<void> => {
    ran += 1;
    if (ran === 1) throw new Error('disk');
  };
  const again = everyNowAndThen({ pauseMs: 60_000, work, onFailure: (error) => failures.push(error) });
  await vi.advanceTimersByTimeAsync(59_000);
  expect(ran).toBe(0);
  await vi.advanceTimersByTimeAsync(121_000);
  expect(ran).toBe(3);
  expect(failures).toHaveLength(1);
  await again.stop();
  await hours(1);
  expect(ran).toBe(3);
});

import { AsyncLocalStorage } from 'node:async_hooks';

const asker = new AsyncLocalStorage<AbortSignal>();

/**
 * Does a read for somebody who may leave: queries that are begun in `work` end when `gone` fires, wherever in the code they stand.
 * Never around a write, which others may be waiting for: once begun it is finished.
 */
export const readFor = <Result>(gone: AbortSignal, work: () => Result): Result => asker.run(gone, work);

/** Fires when nobody waits for what is being read any more; undefined outside of `readFor`. */
export const askerGone = (): AbortSignal | undefined => asker.getStore();

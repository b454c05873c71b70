import { hash } from 'node:crypto';
import { createIdleThread } from '../idle-thread.ts';
import type { ObservationRow } from '../observation.ts';
import type { Tokenizer } from './price-book.ts';
import type { CountRequest, CountReply, WorkerMessage } from './token-worker.ts';

/** What an acknowledgement waits for at the most (exporters give up after 5 to 10 s). */
const WAIT_MS = 3_000;
/** Without work for this long the thread ends and gives back its 100 MB. */
const IDLE_MS = 60_000;
/** Texts of one project that may wait for the thread; what comes on top is stored without a count. */
const MAX_WAITING_CHARACTERS = 32 * 1024 * 1024;
const REMEMBERED_COUNTS = 20_000;

type Text = Pick<ObservationRow, 'input' | 'output'>;

/** Tokens by usage type; null when one of the texts has not been counted. */
type Counted = Record<string, number> | null;

export type TokenCounts = ReturnType<typeof createTokenCounts>;

/**
 * Tokens of inputs and outputs whose usage nobody reported (S3.2), counted on a thread of its own: it serves projects in turn
 * and a piece at a time, so that no text of one keeps another waiting. Counts are remembered by what was counted.
 */
export function createTokenCounts({ waitMs = WAIT_MS }: { waitMs?: number } = {}) {
  const counts = new Map<string, number>();
  const waiting = new Map<number, { projectId: string; size: number; done(tokens: number | null): void }>();
  const sizes = new Map<string, number>();
  let lastId = 0;

  const thread = createIdleThread({
    script: new URL('token-worker.ts', import.meta.url),
    idleMs: IDLE_MS,
    options: { resourceLimits: { maxOldGenerationSizeMb: 512 } },
    onStart: (started) => started.on('message', ({ id, tokens }: CountReply) => waiting.get(id)?.done(tokens)),
    onGone() {
      for (const { done } of waiting.values()) done(null);
    },
  });

  /** Null when it was not counted in time. */
  function count(request: Omit<CountRequest, 'id'>, signal: AbortSignal): Promise<number | null> {
    const { projectId, text } = request;
    const size = sizes.get(projectId) ?? 0;
    if (signal.aborted || size + text.length > MAX_WAITING_CHARACTERS) return Promise.resolve(null);
    const id = (lastId += 1);
    const { promise, resolve } = Promise.withResolvers<number | null>();
    const giveUp = (): void => {
      thread.running()?.postMessage({ cancel: id } satisfies WorkerMessage, []);
      waiting.get(id)?.done(null);
    };
    const done = (tokens: number | null): void => {
      if (!waiting.delete(id)) return;
      signal.removeEventListener('abort', giveUp);
      const left = (sizes.get(projectId) ?? 0) - text.length;
      if (left > 0) sizes.set(projectId, left);
      else sizes.delete(projectId);
      if (waiting.size === 0) thread.rest();
      resolve(tokens);
    };
    waiting.set(id, { projectId, size: text.length, done });
    sizes.set(projectId, size + text.length);
    signal.addEventListener('abort', giveUp);
    thread.wake().postMessage({ ...request, id } satisfies WorkerMessage, []);
    return promise;
  }

  return {
    /** What is known of the texts of a call. */
    known({ input, output }: Text, tokenizer: Tokenizer): Counted {
      const usage: Record<string, number> = {};
      for (const [side, text] of [
        ['input', input],
        ['output', output],
      ] as const) {
        if (text === '') continue;
        const tokens = counts.get(keyOf(text, tokenizer));
        if (tokens === undefined) return null;
        usage[side] = tokens;
      }
      return usage;
    },

    /** Counts what is not known; resolves when all is, or after `waitMs`. */
    async count(
      projectId: string,
      calls: readonly { texts: Text; tokenizer: Tokenizer }[],
      { waitMs: wait = waitMs }: { waitMs?: number } = {},
    ): Promise<void> {
      const wanted = new Map<string, Omit<CountRequest, 'id'>>();
      for (const { texts, tokenizer } of calls) {
        for (const text of [texts.input, texts.output]) {
          const key = text === '' ? '' : keyOf(text, tokenizer);
          if (key !== '' && !counts.has(key)) wanted.set(key, { projectId, text, ...tokenizer });
        }
      }
      if (wanted.size === 0) return;
      const signal = AbortSignal.timeout(wait);
      await Promise.all(
        [...wanted].map(async ([key, request]) => {
          const tokens = await count(request, signal);
          if (tokens === null) return;
          if (counts.size >= REMEMBERED_COUNTS) counts.delete(counts.keys().next().value ?? '');
          counts.set(key, tokens);
        }),
      );
    },

    close: thread.end,
  };
}

const keyOf = (text: string, { model, tokensPerMessage, tokensPerName }: Tokenizer): string =>
  `${model} ${tokensPerMessage} ${tokensPerName} ${hash('sha1', text, 'base64')}`;

/**
 * S3.2: a model was named, and neither usage nor cost was reported, nor did the call fail. Nor is it still going on: then its
 * usage will be told when it ends, as most SDKs do, and counting each input was half of what it costs to store what begins.
 */
export function lacksUsage(
  row: Pick<
    ObservationRow,
    'model' | 'level' | 'endTime' | 'input' | 'output' | 'usage' | 'providedUsage' | 'providedCost'
  >,
): boolean {
  return (
    row.model !== '' &&
    row.level !== 'ERROR' &&
    (row.output !== '' || (row.input !== '' && row.endTime !== null)) &&
    isEmpty(row.providedUsage) &&
    isEmpty(row.usage) &&
    isEmpty(row.providedCost)
  );
}

function isEmpty(record: object): boolean {
  for (const _ in record) return false;
  return true;
}

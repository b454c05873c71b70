import { useEffect, useMemo, useState } from 'react';
import { readPayload, type Payload } from './json.ts';

/** Above this, parsing would be felt: it goes to a worker. */
const WORKER_FROM_CHARACTERS = 200_000;

/** A payload, parsed; null for none, undefined while the worker reads a big one. */
export function usePayload(text: string | null): Payload | null | undefined {
  const isBig = text !== null && text.length >= WORKER_FROM_CHARACTERS;
  const small = useMemo(() => (text === null || isBig ? null : readPayload(text)), [text, isBig]);
  const [big, setBig] = useState<{ text: string; payload: Payload }>();
  useEffect(() => {
    if (!isBig || text === null) return undefined;
    const worker = new Worker(new URL('./json-worker.ts', import.meta.url), { type: 'module' });
    worker.addEventListener('message', ({ data }: MessageEvent<Payload>) => setBig({ text, payload: data }));
    // A browser without module workers reads it here, with a pause that is felt.
    worker.addEventListener('error', () => setBig({ text, payload: readPayload(text) }));
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker has no origin to name
    worker.postMessage(text);
    return () => worker.terminate();
  }, [text, isBig]);
  if (!isBig) return small;
  return big?.text === text ? big.payload : undefined;
}

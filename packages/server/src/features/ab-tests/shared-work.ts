/** Work that many may ask for and that is done once; it ends when nobody waits for it any more. One piece of it at a time. */
export function createSharedWork<Result>({ maxKept }: { maxKept: number }) {
  interface Piece {
    result: Promise<Result>;
    waiting: number;
    isDone: boolean;
    end: AbortController;
  }
  const pieces = new Map<string, Piece>();
  let last: Promise<unknown> = Promise.resolve();

  function begin(key: string, work: (signal: AbortSignal) => Promise<Result>): Piece {
    const end = new AbortController();
    const result = last.then(() => work(end.signal));
    last = result.catch(() => undefined);
    const piece: Piece = { result, waiting: 0, isDone: false, end };
    result.then(
      () => (piece.isDone = true),
      // What failed is tried again by the next who asks.
      () => pieces.get(key) === piece && pieces.delete(key),
    );
    // The oldest that is done makes room.
    for (const [old, { isDone }] of pieces) {
      if (pieces.size < maxKept) break;
      if (isDone) pieces.delete(old);
    }
    pieces.set(key, piece);
    return piece;
  }

  return {
    /** The result of the work with this key, which is kept; `work` is begun unless somebody has asked for it before. */
    async get(key: string, gone: AbortSignal, work: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
      const piece = pieces.get(key) ?? begin(key, work);
      piece.waiting += 1;
      const leave = (): void => {
        piece.waiting -= 1;
        if (piece.waiting > 0 || piece.isDone) return;
        if (pieces.get(key) === piece) pieces.delete(key);
        piece.end.abort();
      };
      if (gone.aborted) leave();
      else gone.addEventListener('abort', leave, { once: true });
      try {
        return await piece.result;
      } finally {
        gone.removeEventListener('abort', leave);
      }
    },
  };
}

import { OverloadedError } from './errors.ts';

/** What a body is taken for at first whose length its sender does not say; it is counted as it comes. */
const UNSTATED_BYTES = 64 * 1024;

export type BodyBudget = ReturnType<typeof createBodyBudget>;

/** What one request holds of it. */
export interface BodyRoom {
  /** Counts bytes that were not stated beforehand. @throws OverloadedError when there is no room for them */
  grow(bytes: number): void;
  /** Gives everything back. */
  leave(): void;
}

/**
 * Memory for request bodies that are on their way in or being handled: the bytes stated by `Content-Length`, counted before the
 * first of them is read, and what grows out of them, counted as it does. One project may use half of it, so that its flood does
 * not close the door for the others.
 */
export function createBodyBudget({ maxBytes }: { maxBytes: number }) {
  const byProject = new Map<string, number>();
  let total = 0;

  const count = (project: string, bytes: number): void => {
    total += bytes;
    const left = (byProject.get(project) ?? 0) + bytes;
    if (left > 0) byProject.set(project, left);
    else byProject.delete(project);
  };

  return {
    /**
     * `project` is empty for a caller without one.
     * @throws OverloadedError when there is no room; the body has not been read then
     */
    take(project: string, contentLength: string | undefined): BodyRoom {
      let own = 0;
      const grow = (bytes: number): void => {
        const used = byProject.get(project) ?? 0;
        // Somebody who is alone may always send: a body is bounded by itself.
        if ((total > own && total + bytes > maxBytes) || (used > own && used + bytes > maxBytes / 2)) {
          throw new OverloadedError('Too many bytes are on their way in; send this again', 1);
        }
        own += bytes;
        count(project, bytes);
      };
      const stated = Number(contentLength ?? UNSTATED_BYTES);
      grow(Number.isFinite(stated) ? stated : UNSTATED_BYTES);
      return {
        grow,
        leave() {
          count(project, -own);
          own = 0;
        },
      };
    },
  };
}

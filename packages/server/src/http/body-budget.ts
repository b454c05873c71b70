import { OverloadedError } from './errors.ts';

/** What a body is taken for whose length its sender does not say. */
const UNSTATED_BYTES = 1024 * 1024;

export type BodyBudget = ReturnType<typeof createBodyBudget>;

/**
 * Memory for request bodies that are on their way in or being handled, in bytes as stated by `Content-Length`, counted before
 * the first of them is read. One project may use half of it, so that its flood does not close the door for the others.
 */
export function createBodyBudget({ maxBytes }: { maxBytes: number }) {
  const byProject = new Map<string, number>();
  let total = 0;
  return {
    /**
     * Answers what gives the bytes back. `project` is empty for a caller without one.
     * @throws OverloadedError when there is no room; the body has not been read then
     */
    take(project: string, contentLength: string | undefined): () => void {
      const stated = Number(contentLength ?? UNSTATED_BYTES);
      const bytes = Number.isFinite(stated) ? stated : UNSTATED_BYTES;
      const used = byProject.get(project) ?? 0;
      // Somebody who is alone may always send: a body is bounded by itself.
      if ((total > 0 && total + bytes > maxBytes) || (used > 0 && used + bytes > maxBytes / 2)) {
        throw new OverloadedError('Too many bytes are on their way in; send this again', 1);
      }
      total += bytes;
      byProject.set(project, used + bytes);
      return () => {
        total -= bytes;
        const left = (byProject.get(project) ?? 0) - bytes;
        if (left > 0) byProject.set(project, left);
        else byProject.delete(project);
      };
    },
  };
}

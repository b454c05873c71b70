import type { TreeNode } from './tree.ts';

/** Part of the time in which a row decided when the trace ended, in milliseconds after its start. */
export interface CriticalPart {
  start: number;
  end: number;
}

/**
 * The chain of observations without which the trace would have ended earlier: from the end backwards, always the child
 * that ended last before the point reached. Only rows without a child on the path carry a part: those hold the time.
 */
export function criticalPath(roots: readonly TreeNode[]): Map<string, CriticalPart> {
  const parts = new Map<string, CriticalPart>();
  const last = roots.reduce<TreeNode | undefined>((a, b) => (a && a.last >= b.last ? a : b), undefined);
  if (!last) return parts;
  const stack: { node: TreeNode; until: number }[] = [{ node: last, until: last.last }];
  for (let work = stack.pop(); work; work = stack.pop()) {
    const { node, until } = work;
    let reached = until;
    let hasChild = false;
    for (const child of node.children.toSorted((a, b) => b.last - a.last)) {
      const end = Math.min(child.last, reached);
      if (end <= child.start || child.start >= reached) continue;
      stack.push({ node: child, until: end });
      hasChild = true;
      reached = child.start;
    }
    if (!hasChild && until > node.start) parts.set(node.key, { start: node.start, end: until });
  }
  return parts;
}

/** Milliseconds on the path. */
export const pathLength = (parts: ReadonlyMap<string, CriticalPart>): number =>
  [...parts.values()].reduce((sum, { start, end }) => sum + end - start, 0);

import type { ObservationSkeleton } from '@tracehouse/contract/x-traces';

/** A sum over a subtree. `usd` is null when nothing in it has a known cost. */
export interface TreeCost {
  totalCost: number | null;
  calls: number;
  unpricedCalls: number;
}

interface NodeBase {
  /** Unique in the tree. */
  key: string;
  parent: TreeNode | null;
  children: TreeNode[];
  /** Milliseconds after the trace's start; `end` null while it runs, `last` the end of the whole subtree. */
  start: number;
  end: number | null;
  last: number;
  cost: TreeCost;
  /** Errors and warnings below it, not its own. */
  errorsInside: number;
}

export type TreeNode = NodeBase &
  (
    | { kind: 'trace' }
    | {
        kind: 'observation';
        observation: ObservationSkeleton;
        /** How long before its parent it starts, when the clocks of two hosts differ; else 0. */
        skewMs: number;
        /** Its parents form a loop, which was cut here. */
        isLoop: boolean;
      }
    | { kind: 'repeats'; first: ObservationSkeleton }
    | { kind: 'orphans'; missing: string[] }
  );

export interface Tree {
  roots: TreeNode[];
  /** By observation id. */
  nodes: Map<string, TreeNode>;
  /** When the first observation starts, milliseconds since 1970 with fractions. */
  startMs: number;
  /** Until the last end, or the last start of what still runs. */
  totalMs: number;
}

const FOLD_FROM = 5;

/**
 * The tree of a trace: children by start, five or more like siblings in a row folded to one, observations whose parent
 * was not received under a row that says so, loops of parents cut and marked. No observation is lost.
 * `withTrace` puts a row for the trace itself on top.
 */
export function buildTree(observations: readonly ObservationSkeleton[], { withTrace = false, fold = true } = {}): Tree {
  const sorted = observations.toSorted((a, b) =>
    a.startTime < b.startTime ? -1 : a.startTime > b.startTime ? 1 : a.id < b.id ? -1 : 1,
  );
  const startMs = sorted[0] ? instantMs(sorted[0].startTime) : 0;
  const nodes = new Map<string, TreeNode & { kind: 'observation' }>();
  for (const observation of sorted) nodes.set(observation.id, leaf(observation, startMs));

  const loops = findLoops(nodes);
  const tops: TreeNode[] = [];
  const orphans: TreeNode[] = [];
  for (const node of nodes.values()) {
    const { parentId } = node.observation;
    const parent = parentId === null ? undefined : nodes.get(parentId);
    if (parentId === null || loops.has(node.key)) tops.push(node);
    else if (!parent) orphans.push(node);
    else {
      node.parent = parent;
      parent.children.push(node);
    }
    node.isLoop = loops.has(node.key);
  }
  const roots: TreeNode[] = tops;
  if (orphans.length > 0) {
    const missing = new Set(
      orphans.map((node) => (node.kind === 'observation' ? (node.observation.parentId ?? '') : '')),
    );
    roots.push(adopt({ ...emptyNode('orphans'), kind: 'orphans', missing: [...missing] }, orphans));
  }
  const all = withTrace ? [adopt({ ...emptyNode('trace'), kind: 'trace' }, roots)] : roots;
  const folded = fold ? foldRepeats(all, null) : all;
  for (const root of folded) summarize(root);
  const totalMs = Math.max(0, ...folded.map(({ last }) => last));
  return { roots: folded, nodes: nodes as Map<string, TreeNode>, startMs, totalMs };
}

/** Rows to show: `isOpen` says which nodes show their children. Depth counts from 0. */
export function visibleRows(
  roots: readonly TreeNode[],
  isOpen: (node: TreeNode) => boolean,
): { node: TreeNode; depth: number }[] {
  const rows: { node: TreeNode; depth: number }[] = [];
  // A stack instead of recursion: chains of observations can be thousands deep.
  const stack = roots.map((node) => ({ node, depth: 0 })).toReversed();
  for (let row = stack.pop(); row; row = stack.pop()) {
    rows.push(row);
    const { node, depth } = row;
    if (isOpen(node)) for (const child of node.children.toReversed()) stack.push({ node: child, depth: depth + 1 });
  }
  return rows;
}

/** All rows above a node, from its parent up. */
export function ancestorsOf(node: TreeNode): TreeNode[] {
  const above: TreeNode[] = [];
  for (let up = node.parent; up; up = up.parent) above.push(up);
  return above;
}

/** Milliseconds since 1970 with the microseconds as a fraction, which `Date` would cut off. */
export function instantMs(iso: string): number {
  const micros = /\.\d{3}(\d{1,3})/u.exec(iso)?.[1] ?? '';
  return Date.parse(iso) + Number(micros.padEnd(3, '0')) / 1000;
}

const emptyNode = (key: string): NodeBase => ({
  key,
  parent: null,
  children: [],
  start: 0,
  end: null,
  last: 0,
  cost: { totalCost: null, calls: 0, unpricedCalls: 0 },
  errorsInside: 0,
});

function leaf(observation: ObservationSkeleton, startMs: number): TreeNode & { kind: 'observation' } {
  const start = instantMs(observation.startTime) - startMs;
  const end = observation.endTime === null ? null : instantMs(observation.endTime) - startMs;
  const isCall = (observation.type === 'GENERATION' || observation.type === 'EMBEDDING') && observation.model !== null;
  const { totalCost, costGap } = observation;
  const cost = { totalCost, calls: isCall ? 1 : 0, unpricedCalls: isCall && costGap === 'price' ? 1 : 0 };
  return {
    ...emptyNode(observation.id),
    kind: 'observation',
    observation,
    start,
    end,
    last: end ?? start,
    cost,
    skewMs: 0,
    isLoop: false,
  };
}

/** The earliest observation of each loop of parents. */
function findLoops(nodes: ReadonlyMap<string, TreeNode & { kind: 'observation' }>): Set<string> {
  const cut = new Set<string>();
  const done = new Set<string>();
  for (const start of nodes.values()) {
    const path = new Set<string>();
    let node: (TreeNode & { kind: 'observation' }) | undefined = start;
    while (node && !done.has(node.key) && !path.has(node.key)) {
      path.add(node.key);
      node = nodes.get(node.observation.parentId ?? '');
    }
    if (node && path.has(node.key)) {
      const [...keys] = path;
      const loop = keys.slice(keys.indexOf(node.key)).map((key) => nodes.get(key));
      const earliest = loop.reduce((a, b) => (a && b && a.start <= b.start ? a : b));
      if (earliest) cut.add(earliest.key);
    }
    for (const key of path) done.add(key);
  }
  return cut;
}

function adopt<Node extends TreeNode>(parent: Node, children: TreeNode[]): Node {
  for (const child of children) child.parent = parent;
  parent.children = children;
  parent.start = Math.min(...children.map(({ start }) => start));
  return parent;
}

/** Runs of like siblings become one row. */
function foldRepeats(siblings: TreeNode[], parent: TreeNode | null): TreeNode[] {
  const stack: { list: TreeNode[]; owner: TreeNode | null }[] = [{ list: siblings, owner: parent }];
  let top = siblings;
  for (let work = stack.pop(); work; work = stack.pop()) {
    const { list, owner } = work;
    const result: TreeNode[] = [];
    for (let from = 0; from < list.length;) {
      const first = list[from];
      if (!first) break;
      let to = from + 1;
      while (to < list.length && alike(first, list[to])) to++;
      const run = list.slice(from, to);
      if (run.length >= FOLD_FROM && first.kind === 'observation') {
        const group = adopt(
          { ...emptyNode(`repeats ${first.key}`), kind: 'repeats', first: first.observation, parent: owner },
          run,
        );
        group.parent = owner;
        result.push(group);
      } else result.push(...run);
      from = to;
    }
    if (owner) owner.children = result;
    else top = result;
    for (const node of list) if (node.children.length > 0) stack.push({ list: node.children, owner: node });
  }
  return top;
}

const alike = (a: TreeNode, b: TreeNode | undefined): boolean =>
  a.kind === 'observation' &&
  b?.kind === 'observation' &&
  a.observation.name === b.observation.name &&
  a.observation.type === b.observation.type;

/** Sums, ends and errors from the leaves up; skew against the parent. */
function summarize(root: TreeNode): void {
  const order = visibleRows([root], () => true).map(({ node }) => node);
  for (const node of order.toReversed()) {
    const { children } = node;
    if (node.kind !== 'observation' && children.length > 0) {
      node.start = Math.min(...children.map(({ start }) => start));
      node.end = children.some(({ end }) => end === null)
        ? null
        : Math.max(...children.map(({ end, start }) => end ?? start));
    }
    node.last = Math.max(node.end ?? node.start, ...children.map(({ last }) => last));
    for (const child of children) {
      node.cost = {
        totalCost:
          child.cost.totalCost === null ? node.cost.totalCost : (node.cost.totalCost ?? 0) + child.cost.totalCost,
        calls: node.cost.calls + child.cost.calls,
        unpricedCalls: node.cost.unpricedCalls + child.cost.unpricedCalls,
      };
      node.errorsInside +=
        child.errorsInside + (child.kind === 'observation' && child.observation.level === 'ERROR' ? 1 : 0);
      if (child.kind === 'observation' && node.kind === 'observation')
        child.skewMs = Math.max(0, node.start - child.start);
    }
  }
}

import type { ObservationSkeleton } from '@tracehouse/contract/x-traces';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { criticalPath, pathLength } from './critical-path.ts';
import { ancestorsOf, buildTree, instantMs, visibleRows, type Tree, type TreeNode } from './tree.ts';

const day = Date.parse('2026-11-25T14:00:00.000Z');

function observation(
  id: string,
  parentId: string | null,
  start: number,
  end: number | null,
  more: Partial<ObservationSkeleton> = {},
): ObservationSkeleton {
  return {
    id,
    parentId,
    type: 'SPAN',
    name: id,
    startTime: new Date(day + start).toISOString(),
    endTime: end === null ? null : new Date(day + end).toISOString(),
    completionStartTime: null,
    level: 'DEFAULT',
    statusMessage: null,
    model: null,
    provider: null,
    totalCost: null,
    costSource: null,
    costGap: null,
    inputTokens: 0,
    outputTokens: 0,
    totalTokens: 0,
    isAppRoot: false,
    promptName: null,
    promptVersion: null,
    ...more,
  };
}

const nameOf = (node: TreeNode) =>
  node.kind === 'observation'
    ? node.observation.id
    : node.kind === 'repeats'
      ? `${node.first.name} × ${node.children.length}`
      : node.kind;

const draw = ({ roots }: Tree) =>
  visibleRows(roots, () => true).map(({ node, depth }) => '  '.repeat(depth) + nameOf(node));

test('children stand under their parent by start, whatever the order they came in', () => {
  const tree = buildTree([
    observation('b', 'root', 200, 300),
    observation('root', null, 0, 500),
    observation('a', 'root', 100, 150),
  ]);
  expect(draw(tree)).toEqual(['root', '  a', '  b']);
  expect(tree.totalMs).toBe(500);
});

test('an observation whose parent was not received is shown under a row that names the missing id', () => {
  const tree = buildTree([
    observation('root', null, 0, 500),
    observation('mail', 'gone', 400, 450),
    observation('log', 'gone', 460, 470),
  ]);
  expect(draw(tree)).toEqual(['root', 'orphans', '  mail', '  log']);
  expect(tree.roots[1]).toMatchObject({ kind: 'orphans', missing: ['gone'] });
});

test('a loop of parents is cut at its earliest member, which is marked', () => {
  const tree = buildTree([
    observation('a', 'c', 0, 100),
    observation('b', 'a', 10, 90),
    observation('c', 'b', 20, 80),
    observation('self', 'self', 5, 6),
  ]);
  expect(draw(tree)).toEqual(['a', '  b', '    c', 'self']);
  expect(tree.nodes.get('a')).toMatchObject({ isLoop: true });
  expect(tree.nodes.get('b')).toMatchObject({ isLoop: false });
});

test('five like siblings in a row are one row, four are not', () => {
  const calls = (count: number) =>
    Array.from({ length: count }, (_, index) =>
      observation(`s${index}`, 'root', index * 10, index * 10 + 5, {
        name: 'search',
        type: 'TOOL',
        level: index === 2 ? 'ERROR' : 'DEFAULT',
      }),
    );
  const five = buildTree([observation('root', null, 0, 100), ...calls(5)]);
  expect(draw(five).slice(0, 2)).toEqual(['root', '  search × 5']);
  expect(five.roots[0]?.children[0]).toMatchObject({ kind: 'repeats', errorsInside: 1 });
  expect(ancestorsOf(five.nodes.get('s2') as TreeNode).map(nameOf)).toEqual(['search × 5', 'root']);
  expect(draw(buildTree([observation('root', null, 0, 100), ...calls(4)]))).toHaveLength(5);
  expect(draw(buildTree([observation('root', null, 0, 100), ...calls(5)], { fold: false }))).toHaveLength(6);
});

test('costs add up along the tree, and a call without a price makes the sum a lower bound', () => {
  const call = { type: 'GENERATION', model: 'gpt-5' } as const;
  const tree = buildTree([
    observation('root', null, 0, 100),
    observation('a', 'root', 0, 10, { ...call, totalCost: 0.25 }),
    observation('b', 'root', 10, 20, { ...call, totalCost: null, costGap: 'price' }),
    observation('c', 'root', 20, 30),
    observation('d', 'root', 30, 40, { ...call, totalCost: null, costGap: 'usage' }),
  ]);
  expect(tree.roots[0]?.cost).toEqual({ totalCost: 0.25, calls: 3, unpricedCalls: 1 });
  expect(tree.nodes.get('c')?.cost.totalCost).toBeNull();
});

test('a child that starts before its parent carries the skew, and raw times stay', () => {
  const tree = buildTree([observation('root', null, 12, 100), observation('child', 'root', 0, 50)]);
  expect(tree.nodes.get('child')).toMatchObject({ skewMs: 12, start: 0 });
});

test('microseconds are kept', () => {
  expect(instantMs('2026-11-25T14:00:00.000250Z') - day).toBe(0.25);
  expect(instantMs('2026-11-25T14:00:00.001Z') - day).toBe(1);
});

test('a row for the trace holds several roots', () => {
  expect(draw(buildTree([observation('a', null, 0, 10), observation('b', null, 20, 30)], { withTrace: true }))).toEqual(
    ['trace', '  a', '  b'],
  );
});

test('the critical path runs from the end backwards through what ended last', () => {
  const { roots } = buildTree([
    observation('root', null, 0, 100),
    observation('a', 'root', 0, 40),
    observation('beside', 'root', 5, 30),
    observation('b', 'root', 45, 100),
    observation('b1', 'b', 50, 90),
  ]);
  const path = criticalPath(roots);
  expect([...path.keys()].toSorted()).toEqual(['a', 'b1']);
  expect(pathLength(path)).toBe(80);
});

test('no observation is lost, whatever the parents say', () => {
  const id = fc.integer({ min: 0, max: 30 }).map(String);
  const row = fc.record({
    id,
    parent: fc.option(fc.integer({ min: 0, max: 35 }).map(String)),
    start: fc.nat(1000),
    length: fc.nat(100),
    name: fc.constantFrom('x', 'y'),
  });
  fc.assert(
    fc.property(
      fc.uniqueArray(row, { selector: ({ id: own }) => own, maxLength: 31 }),
      fc.boolean(),
      (rows, withTrace) => {
        const observations = rows.map(({ id: own, parent, start, length, name }) =>
          observation(own, parent, start, start + length, { name }),
        );
        const tree = buildTree(observations, { withTrace });
        const shown = visibleRows(tree.roots, () => true).flatMap(({ node }) =>
          node.kind === 'observation' ? [node.observation.id] : [],
        );
        expect(shown.toSorted()).toEqual(rows.map(({ id: own }) => own).toSorted());
        criticalPath(tree.roots);
      },
    ),
  );
});

test('a chain of 5,000 observations does not overflow', () => {
  const chain = Array.from({ length: 5000 }, (_, index) =>
    observation(`n${index}`, index === 0 ? null : `n${index - 1}`, index, 10_000),
  );
  const tree = buildTree(chain);
  expect(visibleRows(tree.roots, () => true)).toHaveLength(5000);
  expect(criticalPath(tree.roots).size).toBeGreaterThan(0);
});

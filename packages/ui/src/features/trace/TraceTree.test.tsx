import type { ObservationSkeleton } from '@tracehouse/contract/x-traces';
import { cleanup, render, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { useState } from 'react';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { criticalPath } from './critical-path.ts';
import { TraceTree } from './TraceTree.tsx';
import { buildTree, visibleRows, type TreeNode } from './tree.ts';

const day = Date.parse('2026-11-25T14:00:00.000Z');
const observation = (
  id: string,
  parentId: string | null,
  start: number,
  end: number,
  more: Partial<ObservationSkeleton> = {},
): ObservationSkeleton => ({
  id,
  parentId,
  type: 'SPAN',
  name: id,
  startTime: new Date(day + start).toISOString(),
  endTime: new Date(day + end).toISOString(),
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
});

const observations = [
  observation('agent', null, 0, 1000, { type: 'AGENT' }),
  observation('answer', 'agent', 100, 900, { type: 'GENERATION', model: 'gpt-5', totalCost: 0.0065 }),
  observation('pay', 'agent', 910, 950, { type: 'TOOL', level: 'ERROR' }),
  observation('mail', 'lost', 960, 990),
];

function Screen() {
  const tree = buildTree(observations);
  const [selected, setSelected] = useState<string>('agent');
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set());
  const isOpen = (node: TreeNode) => !closed.has(node.key);
  const rows = visibleRows(tree.roots, isOpen);
  const turn = (nodes: readonly TreeNode[], open: boolean) => {
    const next = new Set(closed);
    for (const { key } of nodes) {
      if (open) next.delete(key);
      else next.add(key);
    }
    setClosed(next);
  };
  return (
    <TraceTree
      tree={tree}
      rows={rows}
      selected={rows.find(({ node }) => node.key === selected)?.node}
      path={criticalPath(tree.roots)}
      isLive={false}
      count={observations.length}
      isOpen={isOpen}
      onSelect={({ key }) => setSelected(key)}
      onTurn={turn}
    />
  );
}

beforeEach(() => {
  for (const name of ['offsetHeight', 'offsetWidth', 'clientHeight'] as const) {
    vi.spyOn(HTMLElement.prototype, name, 'get').mockReturnValue(600);
  }
  HTMLElement.prototype.scrollTo = () => undefined;
});
afterEach(() => {
  cleanup();
  vi.restoreAllMocks();
});

const row = (name: RegExp) => screen.getByRole('row', { name });

test('rows tell their depth, type, duration and level', () => {
  render(<Screen />);
  expect(screen.getByRole('treegrid', { name: 'Observations' }).getAttribute('aria-rowcount')).toBe('6');
  expect(row(/^agent, agent, 1.00 s/u).getAttribute('aria-level')).toBe('1');
  expect(row(/^answer, generation, 800 ms/u).getAttribute('aria-level')).toBe('2');
  expect(within(row(/^answer/u)).getByText('$0.0065')).toBeTruthy();
  expect(row(/^pay, tool, 40 ms, error/u)).toBeTruthy();
});

test('a missing parent is named, and its child is shown below it', () => {
  render(<Screen />);
  expect(within(row(/^Parent not received/u)).getByText('lost')).toBeTruthy();
  expect(row(/^mail/u).getAttribute('aria-level')).toBe('2');
});

test('an ancestor of an error has the sign only, the cause is red', () => {
  render(<Screen />);
  expect(within(row(/^agent/u)).getByRole('img', { name: 'An error inside' })).toBeTruthy();
  expect(within(row(/^pay/u)).getByText('pay').className).toContain('text-danger');
  expect(within(row(/^agent/u)).getByText('agent').className).not.toContain('text-danger');
});

test('arrows walk the rows, left and right fold them', async () => {
  const user = userEvent.setup();
  render(<Screen />);
  await user.tab();
  await user.keyboard('{ArrowDown}');
  expect(row(/^answer/u).getAttribute('aria-selected')).toBe('true');
  await user.keyboard('{ArrowLeft}'); // a leaf: to its parent
  expect(row(/^agent/u).getAttribute('aria-selected')).toBe('true');
  await user.keyboard('{ArrowLeft}');
  expect(row(/^agent/u).getAttribute('aria-expanded')).toBe('false');
  expect(screen.queryByRole('row', { name: /^answer/u })).toBeNull();
  await user.keyboard('{ArrowRight}{ArrowRight}');
  expect(row(/^answer/u).getAttribute('aria-selected')).toBe('true');
});

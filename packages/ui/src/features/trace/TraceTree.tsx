import { useVirtualizer } from '@tanstack/react-virtual';
import { ChevronDown, ChevronRight, ClockAlert, Diamond, OctagonAlert, RefreshCwOff } from 'lucide-react';
import { useEffect, useId, useRef, type CSSProperties, type KeyboardEvent } from 'react';
import { useKeys } from '../../app/keys.ts';
import { classes } from '../../components/class-names.ts';
import {
  explainCostSum,
  formatCostSum,
  formatCount,
  formatDuration,
  formatId,
  formatSoFar,
} from '../../components/formats.ts';
import { Icon } from '../../components/Icon.tsx';
import { LevelIcon, RunningIcon } from '../../components/LevelIcon.tsx';
import { durationTicks } from '../../components/time-axis.ts';
import { typeColor, TypeIcon, typeWord } from '../../components/TypeIcon.tsx';
import type { CriticalPart } from './critical-path.ts';
import { instantMs, type Tree, type TreeNode } from './tree.ts';
import { isRunning } from './useTrace.ts';

interface TraceTreeProps {
  tree: Tree;
  rows: { node: TreeNode; depth: number }[];
  selected: TreeNode | undefined;
  path: ReadonlyMap<string, CriticalPart>;
  /** What has no end runs, as far as is known; else nothing was received of it for long. */
  isLive: boolean;
  /** Observations received. */
  count: number;
  isOpen: (node: TreeNode) => boolean;
  onSelect: (node: TreeNode) => void;
  onTurn: (nodes: readonly TreeNode[], open: boolean) => void;
}

const ROW_PX = 26;
const DEEPEST = 12;
const columns = 'grid grid-cols-trace max-wide:grid-cols-trace-narrow';

/** Tree and timeline are the same rows of one treegrid. */
export function TraceTree({ tree, rows, selected, path, isLive, count, isOpen, onSelect, onTurn }: TraceTreeProps) {
  const id = useId();
  const grid = useRef<HTMLDivElement>(null);
  const scroller = useRef<HTMLDivElement>(null);
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    overscan: 20,
    paddingStart: 4,
    getItemKey: (index) => rows[index]?.node.key ?? index,
  });
  const active = rows.findIndex(({ node }) => node === selected);
  useEffect(() => {
    if (active >= 0) virtualizer.scrollToIndex(active, { align: 'auto' });
  }, [active, virtualizer]);

  const move = (to: number) => {
    const row = rows[Math.max(0, Math.min(rows.length - 1, to))];
    if (row) onSelect(row.node);
  };
  const fold = (event: { shiftKey: boolean }, open: boolean) => {
    if (!selected) return;
    const nodes = event.shiftKey ? subtree(selected) : [selected];
    if (!event.shiftKey && open === isOpen(selected)) {
      if (open && selected.children[0]) onSelect(selected.children[0]);
      else if (!open && selected.parent) onSelect(selected.parent);
    } else if (!event.shiftKey && selected.children.length === 0) {
      if (!open && selected.parent) onSelect(selected.parent);
    } else onTurn(nodes, open);
  };
  const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / ROW_PX) - 2);
  const steps: Record<string, (event: KeyboardEvent) => void> = {
    ArrowDown: () => move(active + 1),
    ArrowUp: () => move(active - 1),
    PageDown: () => move(active + page),
    PageUp: () => move(active - page),
    Home: () => move(0),
    End: () => move(rows.length - 1),
    ArrowRight: (event) => fold(event, true),
    ArrowLeft: (event) => fold(event, false),
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const step = steps[event.key];
    if (!step || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    step(event);
  };
  useKeys([
    { key: 'j', does: 'Next observation', run: () => move(active + 1) },
    { key: 'k', does: 'Previous observation', run: () => move(active - 1) },
    { key: 'ArrowLeft', does: 'Collapse', run: (event) => fold(event, false) },
    { key: 'ArrowRight', does: 'Expand', run: (event) => fold(event, true) },
  ]);

  const ticks = durationTicks(tree.totalMs, 7);
  const place = (ms: number) => (tree.totalMs <= 0 ? 0 : (ms / tree.totalMs) * 100);
  return (
    <div
      ref={grid}
      role="treegrid"
      aria-label="Observations"
      aria-rowcount={rows.length + 1}
      aria-activedescendant={active < 0 ? undefined : `${id}-${active}`}
      tabIndex={0}
      onKeyDown={onKeyDown}
      className="group/grid flex min-h-0 flex-1 flex-col outline-inside"
    >
      <div role="rowgroup">
        <div
          role="row"
          aria-rowindex={1}
          className={classes(columns, 'gutter h-7 border-b border-line-strong text-small text-text-3')}
        >
          <div role="columnheader" className="flex items-center gap-1.5 border-r pr-2 pl-2">
            <span className="w-3.5" />
            <span className="flex-1 truncate">
              {formatCount(count)} {count === 1 ? 'observation' : 'observations'}
            </span>
            <span className="w-16 text-right">Duration</span>
            <span className="w-17 text-right max-wide:hidden">Cost</span>
          </div>
          <div
            role="columnheader"
            aria-label="Timeline"
            className="relative mr-4 ml-3 overflow-hidden font-mono text-micro"
          >
            {ticks.map(({ at, label }) => (
              <span key={at} className="absolute inset-y-0" style={{ left: `${place(at)}%` }}>
                <span className={classes('absolute bottom-0 w-px bg-line-strong', label ? 'h-2' : 'h-1')} />
                {label !== '' && (
                  <span className={classes('absolute top-1 whitespace-nowrap', labelPlace(place(at)))}>{label}</span>
                )}
              </span>
            ))}
          </div>
        </div>
      </div>
      <div ref={scroller} role="rowgroup" tabIndex={-1} className="min-h-0 flex-1 overflow-x-hidden overflow-y-scroll">
        <div role="presentation" className="relative min-h-full" style={{ height: virtualizer.getTotalSize() }}>
          <Lines ticks={ticks} place={place} />
          {virtualizer.getVirtualItems().map((item) => {
            const row = rows[item.index];
            if (!row) return null;
            const { node, depth } = row;
            const isActive = item.index === active;
            return (
              // Keys are handled by the treegrid, which has the focus.
              // oxlint-disable-next-line jsx-a11y/click-events-have-key-events
              <div
                key={item.key}
                id={`${id}-${item.index}`}
                role="row"
                aria-rowindex={item.index + 2}
                aria-level={depth + 1}
                aria-selected={isActive}
                aria-expanded={node.children.length > 0 ? isOpen(node) : undefined}
                aria-label={rowName(node)}
                onClick={() => onSelect(node)}
                className={classes(
                  columns,
                  'absolute inset-x-0 h-6.5 hover:bg-hover',
                  isActive &&
                    'petrol-edge bg-selected hover:bg-selected group-focus-visible/grid:outline-2 group-focus-visible/grid:outline-inside group-focus-visible/grid:outline-focus',
                )}
                style={{ top: item.start }}
              >
                <NameCell
                  node={node}
                  depth={depth}
                  isOpen={isOpen(node)}
                  isCritical={path.has(node.key)}
                  isLive={isLive}
                  isHot={isHot(node, tree)}
                  onTurn={(open, all) => onTurn(all ? subtree(node) : [node], open)}
                />
                <div
                  role="gridcell"
                  className="relative mr-4 ml-3"
                  style={{ '--under': isActive ? 'var(--color-selected)' : 'var(--color-panel)' } as CSSProperties}
                >
                  <Bars node={node} isOpen={isOpen(node)} tree={tree} part={path.get(node.key)} place={place} />
                </div>
              </div>
            );
          })}
        </div>
      </div>
    </div>
  );
}

/** Over its tick, but inside the axis at both ends, where it would be cut. */
const labelPlace = (percent: number) => (percent === 0 ? 'left-0' : percent > 92 ? 'right-0' : '-translate-x-1/2');

/** The mark of a row on the critical path: beside the line below its bar, so that neither stands alone. */
export const CriticalMark = () => (
  <svg viewBox="0 0 8 8" aria-hidden="true" className="size-2 shrink-0 fill-current">
    <path d="M4 .6 7.4 4 4 7.4.6 4z" />
  </svg>
);

function subtree(node: TreeNode): TreeNode[] {
  const all = [node];
  for (let index = 0; index < all.length; index++) all.push(...(all[index]?.children ?? []));
  return all.filter(({ children }) => children.length > 0);
}

function rowName(node: TreeNode): string {
  const time = formatDuration(node.end === null ? null : node.end - node.start);
  if (node.kind === 'trace') return `Trace ${time}`;
  if (node.kind === 'orphans') return `Parent not received, ${node.children.length} observations`;
  if (node.kind === 'repeats') return `${node.first.name ?? 'Unnamed'}, ${node.children.length} times, ${time}`;
  const { name, type, level } = node.observation;
  return [name ?? 'Unnamed', typeWord(type), time, level === 'DEFAULT' ? '' : level.toLowerCase()]
    .filter(Boolean)
    .join(', ');
}

/** Has most of the trace's time or money: three quarters. Only among several rows does that say something. */
const isHot = (node: TreeNode, { roots, totalMs }: Tree) =>
  node.kind === 'observation' &&
  node.end !== null &&
  (node.children.length > 0 || node.parent !== null) &&
  totalMs > 0 &&
  (node.end - node.start >= 0.75 * totalMs || isMostOf(node.cost.totalCost, roots));

function isMostOf(usd: number | null, roots: readonly TreeNode[]): boolean {
  const total = roots.reduce((sum, { cost }) => sum + (cost.totalCost ?? 0), 0);
  return usd !== null && total > 0 && usd >= 0.75 * total;
}

interface NameCellProps {
  node: TreeNode;
  depth: number;
  isOpen: boolean;
  isCritical: boolean;
  isLive: boolean;
  isHot: boolean;
  onTurn: (open: boolean, all: boolean) => void;
}

function NameCell({ node, depth, isOpen, isCritical, isLive, isHot, onTurn }: NameCellProps) {
  const isError = node.kind === 'observation' && node.observation.level === 'ERROR';
  const indent = Math.min(depth, DEEPEST) * 12;
  return (
    <div
      role="gridcell"
      className="flex min-w-0 items-center gap-1.5 border-r bg-inherit pr-2"
      style={{ paddingLeft: 8 + indent }}
    >
      {node.children.length > 0 ? (
        <button
          type="button"
          tabIndex={-1}
          aria-label={isOpen ? 'Collapse' : 'Expand'}
          onClick={(event) => {
            event.stopPropagation();
            onTurn(!isOpen, event.shiftKey);
          }}
          className="flex h-6 w-3.5 shrink-0 items-center text-text-3"
        >
          <Icon of={isOpen ? ChevronDown : ChevronRight} small />
        </button>
      ) : (
        <span className="w-3.5 shrink-0" />
      )}
      {depth > DEEPEST && <span className="data shrink-0 text-text-3">⋯{depth}</span>}
      <NodeTitle node={node} isHot={isHot} isError={isError} />
      <NodeSigns node={node} isLive={isLive} />
      {node.kind !== 'orphans' && (
        <>
          <span className="w-2 shrink-0" title={isCritical ? 'On the critical path' : undefined}>
            {isCritical && <CriticalMark />}
          </span>
          <span className={classes('data w-14 shrink-0 text-right', isHot ? 'font-medium text-text' : 'text-text-2')}>
            {durationOf(node, isLive)}
          </span>
          <span
            className="data w-17 shrink-0 text-right whitespace-nowrap text-text-3 max-wide:hidden"
            title={node.cost.calls > 0 ? explainCostSum(node.cost) : undefined}
          >
            {hasNoPrice(node) ? (
              <span className="text-warn">no price</span>
            ) : node.cost.calls > 0 || node.cost.totalCost !== null ? (
              formatCostSum(node.cost)
            ) : (
              ''
            )}
          </span>
        </>
      )}
    </div>
  );
}

/** A call with usage and without a price, which is another thing than a call that is free. */
const hasNoPrice = (node: TreeNode): boolean =>
  node.kind === 'observation' && node.cost.totalCost === null && node.observation.costGap === 'price';

function durationOf(node: TreeNode, isLive: boolean): string {
  if (node.kind === 'orphans') return '';
  if (node.kind === 'observation') {
    if (node.observation.type === 'EVENT' && (node.end === null || node.end === node.start)) return '';
    if (isLive && isRunning(node.observation))
      return formatSoFar(Date.now() - Date.parse(node.observation.startTime)).replace(' so far', '');
  }
  return formatDuration(node.end === null ? null : node.end - node.start);
}

function NodeTitle({ node, isHot, isError }: { node: TreeNode; isHot: boolean; isError: boolean }) {
  if (node.kind === 'orphans') {
    const [first = ''] = node.missing;
    return (
      <span className="min-w-0 flex-1 truncate text-small text-text-3" title={node.missing.join(', ')}>
        Parent not received <span className="data">({formatCount(node.children.length)})</span> · missing id{' '}
        <span className="data">{formatId(first)}</span>
        {node.missing.length > 1 && ` and ${node.missing.length - 1} more`}
      </span>
    );
  }
  const observation = node.kind === 'observation' ? node.observation : node.kind === 'repeats' ? node.first : null;
  const name = observation === null ? 'Trace' : (observation.name ?? 'Unnamed');
  return (
    <>
      <TypeIcon type={observation?.type ?? 'TRACE'} />
      <span className="flex min-w-0 flex-1 gap-1">
        <span className={classes('truncate', isHot && 'font-medium', isError && 'text-danger')} dir="auto" title={name}>
          {name}
        </span>
        {node.kind === 'repeats' && <span className="shrink-0 text-text-3">× {formatCount(node.children.length)}</span>}
      </span>
    </>
  );
}

/** What went wrong: an ancestor of an error has the icon only, so that the red name is the cause. */
function NodeSigns({ node, isLive }: { node: TreeNode; isLive: boolean }) {
  return (
    <>
      {node.kind === 'observation' && node.isLoop && (
        <Icon of={RefreshCwOff} small className="text-warn" label="Its parents form a loop. It is shown at the root." />
      )}
      {node.kind === 'observation' && node.skewMs > 0 && (
        <span title={skewText(node.skewMs)} className="flex">
          <Icon of={ClockAlert} small className="text-warn" label={skewText(node.skewMs)} />
        </span>
      )}
      {isLive && node.kind === 'observation' && isRunning(node.observation) && <RunningIcon />}
      {node.kind === 'repeats' && node.errorsInside > 0 && (
        <span className="text-small text-danger">{formatCount(node.errorsInside)}</span>
      )}
      {node.kind === 'observation' && node.observation.level !== 'DEFAULT' && node.observation.level !== 'DEBUG' ? (
        <LevelIcon level={node.observation.level} />
      ) : (
        node.errorsInside > 0 && <Icon of={OctagonAlert} small className="text-danger" label="An error inside" />
      )}
    </>
  );
}

const skewText = (ms: number) => `Starts ${formatDuration(ms)} before its parent: the clocks of two hosts differ.`;

function Lines({ ticks, place }: { ticks: { at: number; label: string }[]; place: (ms: number) => number }) {
  return (
    <div aria-hidden="true" className={classes(columns, 'absolute inset-0')}>
      <div className="border-r" />
      <div className="relative mr-4 ml-3">
        {ticks
          .filter(({ label }) => label !== '')
          .map(({ at }) => (
            <span key={at} className="absolute inset-y-0 w-px bg-line" style={{ left: `${place(at)}%` }} />
          ))}
      </div>
    </div>
  );
}

interface BarsProps {
  node: TreeNode;
  isOpen: boolean;
  tree: Tree;
  part: CriticalPart | undefined;
  place: (ms: number) => number;
}

const MOST_BARS = 200;

function Bars({ node, isOpen, tree, part, place }: BarsProps) {
  const span = (from: number, to: number) => ({ left: `${place(from)}%`, width: `${place(to) - place(from)}%` });
  return (
    <>
      {node.kind === 'repeats' && !isOpen
        ? node.children
            .slice(0, MOST_BARS)
            .map((child) => <Bar key={child.key} node={child} tree={tree} place={place} raised />)
        : node.kind !== 'orphans' && <Bar node={node} tree={tree} place={place} />}
      {!isOpen && node.children.length > 0 && node.kind === 'observation' && (
        <span
          className="absolute top-5 h-0.5 min-w-0.5 bg-other"
          style={span(Math.min(...node.children.map(({ start }) => start)), node.last)}
        />
      )}
      {part && <span className="absolute top-5 h-0.5 min-w-0.5 bg-text" style={span(part.start, part.end)} />}
    </>
  );
}

function Bar({
  node,
  tree,
  place,
  raised = false,
}: {
  node: TreeNode;
  tree: Tree;
  place: (ms: number) => number;
  raised?: boolean;
}) {
  const observation = node.kind === 'observation' ? node.observation : node.kind === 'repeats' ? node.first : null;
  const type = observation?.type ?? 'TRACE';
  if (type === 'EVENT' && (node.end === null || node.end === node.start)) {
    return (
      <span className="absolute top-1.5 -ml-1.75 flex" style={{ left: `${place(node.start)}%` }}>
        <Icon of={Diamond} small className="text-type-event" />
      </span>
    );
  }
  const isError = observation?.level === 'ERROR' && node.kind === 'observation';
  const end = node.end ?? tree.totalMs;
  const from = Math.min(node.start, end);
  const width = place(Math.abs(end - node.start));
  const firstToken =
    observation?.completionStartTime && node.kind === 'observation' && end > node.start
      ? (instantMs(observation.completionStartTime) - tree.startMs - node.start) / (end - node.start)
      : 0;
  return (
    <span
      className={classes(
        'absolute min-w-0.5',
        isError && raised ? 'top-1.5 h-3.5' : 'top-2 h-2.5',
        node.end === null && 'opacity-60',
      )}
      style={
        {
          left: `${place(from)}%`,
          width: `${width}%`,
          '--bar': isError ? 'var(--color-danger)' : typeColor(type),
          background: 'var(--bar)',
        } as CSSProperties
      }
    >
      {firstToken > 0 && firstToken <= 1 && (
        <span
          className="hatched absolute inset-y-0 left-0 border border-r-0"
          style={{ width: `${firstToken * 100}%`, borderColor: 'var(--bar)' }}
        />
      )}
    </span>
  );
}

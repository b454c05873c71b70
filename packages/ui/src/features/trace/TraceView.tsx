import type { TraceSkeleton } from '@tracehouse/contract/x-traces';
import { OctagonAlert } from 'lucide-react';
import { useCallback, useMemo, useState, type CSSProperties } from 'react';
import { useKeys } from '../../app/keys.ts';
import type { TraceSearch } from '../../app/router.tsx';
import { useProject } from '../../app/useProject.ts';
import { Button } from '../../components/Button.tsx';
import { formatCount, formatDuration } from '../../components/formats.ts';
import { Icon } from '../../components/Icon.tsx';
import { useNow } from '../../components/useNow.ts';
import { criticalPath, pathLength } from './critical-path.ts';
import { ObservationPanel } from './ObservationPanel.tsx';
import { TracePanel } from './TracePanel.tsx';
import { CriticalMark, TraceTree } from './TraceTree.tsx';
import { ancestorsOf, buildTree, visibleRows, type TreeNode } from './tree.ts';
import { isRunning, isSilent, usePrefetchDetails } from './useTrace.ts';

interface TraceViewProps {
  skeleton: TraceSkeleton;
  search: TraceSearch;
  setSearch: (change: Partial<TraceSearch>) => void;
}

/** Tree and timeline with the selected row's details beside them. Selection is in the address. */
export function TraceView({ skeleton, search, setSearch }: TraceViewProps) {
  const { project } = useProject();
  const { trace, observations } = skeleton;
  const tree = useMemo(() => buildTree(observations, { withTrace: needsTraceRow(skeleton) }), [skeleton, observations]);
  const running = observations.some(isRunning);
  const now = useNow(running ? 1000 : null);
  const isLive = running && !isSilent(skeleton, now);
  // While it runs, the axis ends now.
  const totalMs = isLive ? Math.max(tree.totalMs, now.getTime() - tree.startMs) : tree.totalMs;
  const selected = selectedNode(tree, search.observation, trace.id);
  // Rows whose fold differs from the usual: repeats are folded, everything else is open.
  const [turned, setTurned] = useState<ReadonlySet<string>>(() => unfoldedFor(selected));
  const isOpen = useCallback((node: TreeNode) => turned.has(node.key) !== (node.kind !== 'repeats'), [turned]);
  const rows = useMemo(() => visibleRows(tree.roots, isOpen), [tree, isOpen]);
  const [showsPath, setShowsPath] = useState(true);
  const path = useMemo(() => criticalPath(tree.roots), [tree]);
  const shownPath = showsPath && rows.length > 1 ? path : noPath;

  const turn = (nodes: readonly TreeNode[], open: boolean) =>
    setTurned((old) => {
      const next = new Set(old);
      for (const node of nodes) {
        if (open === (node.kind !== 'repeats')) next.delete(node.key);
        else next.add(node.key);
      }
      return next;
    });
  const select = (node: TreeNode) => {
    const folded = ancestorsOf(node).filter((above) => !isOpen(above));
    if (folded.length > 0) turn(folded, true);
    setSearch({
      observation:
        node.kind === 'trace' ? `t-${trace.id}` : node.kind === 'observation' ? node.observation.id : node.key,
    });
  };
  const errors = useMemo(() => errorsInOrder(tree.roots), [tree]);
  const toError = (step: 1 | -1) => {
    const at = selected ? errors.indexOf(selected) : -1;
    const next = errors[(at + step + (at < 0 && step < 0 ? 1 : 0) + errors.length) % errors.length];
    if (next) select(next);
  };
  useKeys([
    { key: 'p', does: 'Critical path', run: () => setShowsPath((shown) => !shown) },
    ...(errors.length > 0 ? [{ key: '!', does: 'Next error', run: () => toError(1) }] : []),
  ]);
  const neighbours = useMemo(() => {
    const at = rows.findIndex(({ node }) => node === selected);
    const near = [rows[at + 1], rows[at - 1]].flatMap((row) =>
      row?.node.kind === 'observation' ? [row.node.observation] : [],
    );
    return at < 0 ? [] : near;
  }, [rows, selected]);
  usePrefetchDetails(project.id, trace.id, neighbours);

  const panelProps = { skeleton, tab: search.tab, setTab: (tab: string) => setSearch({ tab }) };
  return (
    <div className="flex min-h-0 flex-1 max-panel:flex-col">
      <div className="flex min-h-0 min-w-0 flex-1 flex-col">
        <div className="flex h-9 shrink-0 items-center gap-1 border-b px-4">
          <h2 className="flex-1 font-medium">Tree and timeline</h2>
          {errors.length > 0 && (
            <Button
              compact
              look="quiet"
              onClick={() => toError(1)}
              aria-label={`Next of ${formatCount(errors.length)} errors (!)`}
            >
              <Icon of={OctagonAlert} small className="text-danger" />
              <span className="text-danger">{formatCount(errors.length)}</span>
              <kbd className="font-mono text-micro text-text-3">!</kbd>
            </Button>
          )}
          <Button compact aria-pressed={showsPath} onClick={() => setShowsPath(!showsPath)}>
            <CriticalMark />
            Critical path
          </Button>
        </div>
        <TraceTree
          tree={{ ...tree, totalMs }}
          isLive={isLive}
          rows={rows}
          selected={selected}
          path={shownPath}
          count={observations.length}
          isOpen={isOpen}
          onSelect={select}
          onTurn={turn}
        />
        <div className="flex h-7 shrink-0 items-center gap-4 overflow-hidden border-t px-4 text-small whitespace-nowrap text-text-3">
          {shownPath.size > 0 && (
            <span className="flex items-center gap-1.5">
              <CriticalMark /> critical path {formatDuration(pathLength(path))} of {formatDuration(tree.totalMs)}
            </span>
          )}
          {observations.some(({ completionStartTime }) => completionStartTime !== null) && (
            <span className="flex items-center gap-1.5">
              <span
                className="hatched h-2 w-4 border border-type-generation"
                style={{ '--bar': 'var(--color-type-generation)' } as CSSProperties}
              />
              time to first token
            </span>
          )}
        </div>
      </div>
      {selected?.kind === 'observation' ? (
        <ObservationPanel
          {...panelProps}
          observation={selected.observation}
          isRoot={selected.parent === null}
          startMs={tree.startMs}
        />
      ) : (
        <TracePanel {...panelProps} node={selected ?? null} onSelect={select} />
      )}
    </div>
  );
}

const noPath: ReturnType<typeof criticalPath> = new Map();

/** A trace with one root is that root; with several, or none, it needs a row of its own. */
function needsTraceRow({ trace, observations }: TraceSkeleton): boolean {
  const roots = observations.filter(({ parentId }) => parentId === null).length;
  return roots > 1 || (roots === 0 && (trace.input !== null || trace.output !== null || observations.length === 0));
}

function selectedNode(
  { roots, nodes }: ReturnType<typeof buildTree>,
  asked: string | undefined,
  traceId: string,
): TreeNode | undefined {
  if (asked === undefined || asked === `t-${traceId}`) return roots[0];
  const direct = nodes.get(asked);
  return direct ?? visibleRows(roots, () => true).find(({ node }) => node.key === asked)?.node ?? roots[0];
}

const unfoldedFor = (node: TreeNode | undefined): ReadonlySet<string> =>
  new Set(node ? ancestorsOf(node).flatMap((above) => (above.kind === 'repeats' ? [above.key] : [])) : []);

const errorsInOrder = (roots: readonly TreeNode[]): TreeNode[] =>
  visibleRows(roots, () => true).flatMap(({ node }) =>
    node.kind === 'observation' && node.observation.level === 'ERROR' ? [node] : [],
  );

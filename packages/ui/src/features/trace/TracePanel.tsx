import type { TraceSkeleton } from '@tracehouse/contract/x-traces';
import { useProject } from '../../app/useProject.ts';
import { CopyButton } from '../../components/CopyButton.tsx';
import { explainCostSum, formatCostSum, formatCount, formatDuration, formatId } from '../../components/formats.ts';
import { TypeIcon } from '../../components/TypeIcon.tsx';
import { JsonView } from './JsonView.tsx';
import { LargeFields } from './LargeFields.tsx';
import { MessagesSection } from './MessagesSection.tsx';
import { FactTable } from './MetadataSection.tsx';
import { Fact, PanelFrame, Section } from './PanelFrame.tsx';
import { ScoresSection } from './ScoresSection.tsx';
import type { TreeNode } from './tree.ts';
import { useWhole } from './useWhole.ts';

interface TracePanelProps {
  skeleton: TraceSkeleton;
  /** Null when the trace has no observations yet. */
  node: TreeNode | null;
  tab: string | undefined;
  setTab: (tab: string) => void;
  onSelect: (node: TreeNode) => void;
}

/** Details of a row that is not an observation: the trace itself, folded repeats, observations without their parent. */
export function TracePanel({ skeleton, node, tab, setTab, onSelect }: TracePanelProps) {
  if (node !== null && node.kind !== 'trace')
    return <GroupPanel node={node} tab={tab} setTab={setTab} onSelect={onSelect} />;
  return <WholeTracePanel skeleton={skeleton} tab={tab} setTab={setTab} />;
}

function WholeTracePanel({ skeleton, tab, setTab }: Pick<TracePanelProps, 'skeleton' | 'tab' | 'setTab'>) {
  const { project } = useProject();
  const whole = useWhole(project.id, skeleton.trace.id, skeleton.trace.large);
  const trace = whole.fill(skeleton.trace);
  const scores = skeleton.scores.filter(({ observationId }) => observationId === null);
  const count = Object.keys(trace.metadata).length;
  return (
    <PanelFrame
      title={
        <>
          <TypeIcon type="TRACE" />
          <h2 className="min-w-0 flex-1 truncate text-lead" dir="auto">
            {trace.name ?? 'Unnamed trace'} <span className="data font-normal text-text-3">{formatId(trace.id)}</span>
          </h2>
          <CopyButton text={trace.id} label="Copy trace id" />
        </>
      }
      facts={
        <>
          <span>trace</span>
          <Fact>{formatDuration(trace.latencyMs)}</Fact>
          {trace.calls > 0 && <Fact title={explainCostSum(trace)}>{formatCostSum(trace)}</Fact>}
        </>
      }
      alert={<LargeFields whole={whole} />}
      sections={[
        {
          id: 'messages',
          label: 'Messages',
          content: <MessagesSection input={trace.input} output={trace.output} toolDefinitions={{}} running={false} />,
        },
        ...(scores.length > 0
          ? [{ id: 'scores', label: 'Scores', count: scores.length, content: <ScoresSection scores={scores} /> }]
          : []),
        {
          id: 'metadata',
          label: 'Metadata',
          count,
          content: (
            <Section title="Metadata" count={count}>
              <FactTable values={trace.metadata} empty="No metadata was sent." />
            </Section>
          ),
        },
      ]}
      json={
        <JsonView
          parts={[
            { name: 'Input', text: trace.input },
            { name: 'Output', text: trace.output },
            { name: 'Metadata', values: trace.metadata },
          ]}
        />
      }
      tab={tab}
      setTab={setTab}
    />
  );
}

type GroupPanelProps = Omit<TracePanelProps, 'skeleton' | 'node'> & { node: TreeNode };

function GroupPanel({ node, tab, setTab, onSelect }: GroupPanelProps) {
  const durations = node.children
    .map(({ start, end }) => (end === null ? null : end - start))
    .filter((ms) => ms !== null)
    .toSorted((a, b) => a - b);
  const isRepeats = node.kind === 'repeats';
  return (
    <PanelFrame
      title={
        <h2 className="min-w-0 flex-1 truncate text-lead" dir="auto">
          {isRepeats ? `${node.first.name ?? 'Unnamed'} × ${formatCount(node.children.length)}` : 'Parent not received'}
        </h2>
      }
      facts={
        isRepeats && (
          <>
            <Fact label="median">{formatDuration(durations[Math.floor(durations.length / 2)] ?? null)}</Fact>
            <Fact label="longest">{formatDuration(durations.at(-1) ?? null)}</Fact>
            <Fact label="errors">{formatCount(node.errorsInside)}</Fact>
            {node.cost.calls > 0 && <Fact title={explainCostSum(node.cost)}>{formatCostSum(node.cost)}</Fact>}
          </>
        )
      }
      sections={[
        {
          id: 'messages',
          label: 'Observations',
          count: node.children.length,
          content: (
            <Section title={isRepeats ? 'Like siblings, one after another' : 'Their parents have not arrived'}>
              {node.kind === 'orphans' && (
                <p className="mb-2 max-w-prose text-text-2">
                  The client did not export these parents, or they are still on their way. Missing:{' '}
                  <span className="data break-all">{node.missing.join(', ')}</span>
                </p>
              )}
              <ul>
                {node.children.slice(0, 200).map((child) => (
                  <li key={child.key}>
                    <button
                      type="button"
                      onClick={() => onSelect(child)}
                      className="flex h-6 w-full items-center gap-2 text-accent hover:underline"
                    >
                      <span className="truncate" dir="auto">
                        {child.kind === 'observation' ? (child.observation.name ?? 'Unnamed') : ''}
                      </span>
                      <span className="data text-text-3">
                        {formatDuration(child.end === null ? null : child.end - child.start)}
                      </span>
                    </button>
                  </li>
                ))}
              </ul>
              {node.children.length > 200 && (
                <p className="text-small text-text-3">
                  Showing 200 of {formatCount(node.children.length)}. The tree shows all.
                </p>
              )}
            </Section>
          ),
        },
      ]}
      json={<p className="p-4 text-text-2">Select one of the observations to see what was received.</p>}
      tab={tab}
      setTab={setTab}
    />
  );
}

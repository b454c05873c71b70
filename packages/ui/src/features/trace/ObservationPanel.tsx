import { Link } from '@tanstack/react-router';
import type { ObservationDetail, ObservationSkeleton, TraceSkeleton } from '@tracehouse/contract/x-traces';
import { OctagonAlert, TriangleAlert } from 'lucide-react';
import { useProject } from '../../app/useProject.ts';
import { CopyButton } from '../../components/CopyButton.tsx';
import {
  explainCostSum,
  formatBytes,
  formatCost,
  formatCostExact,
  formatCount,
  formatDuration,
  formatId,
  formatSoFar,
} from '../../components/formats.ts';
import { Icon } from '../../components/Icon.tsx';
import { Failure, Loading, SkeletonRows } from '../../components/states.tsx';
import { TypeIcon, typeWord } from '../../components/TypeIcon.tsx';
import { EventsSection } from './EventsSection.tsx';
import { JsonView } from './JsonView.tsx';
import { LargeFields } from './LargeFields.tsx';
import { MessagesSection } from './MessagesSection.tsx';
import { AttributesSection, MetadataSection } from './MetadataSection.tsx';
import { Fact, PanelFrame, type PanelSection } from './PanelFrame.tsx';
import { ReceiptSection } from './ReceiptSection.tsx';
import { ScoresSection } from './ScoresSection.tsx';
import { instantMs } from './tree.ts';
import { isRunning, isSilent, useObservationDetail } from './useTrace.ts';
import { useWhole, type Whole } from './useWhole.ts';

const none: never[] = [];

interface ObservationPanelProps {
  observation: ObservationSkeleton;
  skeleton: TraceSkeleton;
  /** The row at the top of the trace: what was said about the trace is shown with it. */
  isRoot: boolean;
  /** Start of the trace, milliseconds since 1970. */
  startMs: number;
  tab: string | undefined;
  setTab: (tab: string) => void;
}

export function ObservationPanel({ observation, skeleton, isRoot, startMs, tab, setTab }: ObservationPanelProps) {
  const { project } = useProject();
  const { trace } = skeleton;
  const detail = useObservationDetail(project.id, trace.id, observation);
  const whole = useWhole(project.id, trace.id, detail.data?.large ?? none);
  const wholeOfTrace = useWhole(project.id, trace.id, isRoot ? trace.large : none);
  const shown = detail.data && whole.fill(detail.data);
  const shownTrace = { ...skeleton, trace: wholeOfTrace.fill(trace) };
  const scores = skeleton.scores.filter(
    ({ observationId }) => observationId === observation.id || (isRoot && observationId === null),
  );
  const sections = shown ? sectionsOf(shown, observation, shownTrace, isRoot, startMs, scores) : [];
  const pending = detail.isError ? (
    <Failure what="the observation" error={detail.error} retry={() => void detail.refetch()} />
  ) : (
    <Loading label="Loading the observation" skeleton={<SkeletonRows rows={4} widths={['w-16', 'flex-1']} />} />
  );
  return (
    <PanelFrame
      title={
        <>
          <TypeIcon type={observation.type} />
          <h2 className="min-w-0 flex-1 truncate text-lead" title={observation.name ?? undefined}>
            <bdi>{observation.name ?? `Unnamed ${typeWord(observation.type)}`}</bdi>{' '}
            <span className="data font-normal text-text-3" title={observation.id}>
              {formatId(observation.id)}
            </span>
          </h2>
          <CopyButton text={observation.id} label="Copy observation id" />
        </>
      }
      facts={<Facts observation={observation} detail={detail.data} isLive={!isSilent(skeleton, new Date())} />}
      alert={
        <>
          <LevelAlert observation={observation} />
          <LargeFields whole={whole} />
          {detail.data && <LargeFields whole={wholeOfTrace} except={detail.data.large} isOfTrace />}
        </>
      }
      sections={shown ? sections : [{ id: 'messages', label: 'Messages', content: pending }]}
      json={shown ? <JsonView key={observation.id + loaded(whole)} parts={rawParts(shown)} /> : pending}
      tab={tab}
      setTab={setTab}
    />
  );
}

function sectionsOf(
  detail: ObservationDetail,
  observation: ObservationSkeleton,
  { trace }: TraceSkeleton,
  isRoot: boolean,
  startMs: number,
  scores: TraceSkeleton['scores'],
): PanelSection[] {
  const traceSaid =
    isRoot &&
    (trace.input !== detail.input || trace.output !== detail.output) &&
    (trace.input !== null || trace.output !== null);
  const metadata = isRoot ? { ...trace.metadata, ...detail.metadata } : detail.metadata;
  const hasUsage =
    Object.keys(detail.usage).length > 0 ||
    detail.totalCost !== null ||
    (detail.model !== null && detail.type === 'GENERATION');
  const attributeCount = Object.keys(detail.attributes).length + Object.keys(detail.resourceAttributes).length;
  return [
    {
      id: 'messages',
      label: 'Messages',
      content: (
        <>
          <MessagesSection
            input={detail.input}
            output={detail.output}
            toolDefinitions={detail.toolDefinitions}
            running={isRunning(observation)}
          />
          {traceSaid && (
            <MessagesSection
              title="Said about the trace"
              input={trace.input}
              output={trace.output}
              toolDefinitions={{}}
              running={false}
            />
          )}
        </>
      ),
    },
    ...(hasUsage ? [{ id: 'cost', label: 'Cost', content: <ReceiptSection detail={detail} /> }] : []),
    ...(scores.length > 0
      ? [{ id: 'scores', label: 'Scores', count: scores.length, content: <ScoresSection scores={scores} /> }]
      : []),
    {
      id: 'metadata',
      label: 'Metadata',
      count: Object.keys(metadata).length,
      content: <MetadataSection metadata={metadata} parameters={detail.modelParameters} detail={detail} />,
    },
    ...(detail.events.length > 0
      ? [
          {
            id: 'events',
            label: 'Events',
            count: detail.events.length,
            content: <EventsSection events={detail.events} startMs={startMs} />,
          },
        ]
      : []),
    ...(attributeCount > 0
      ? [
          {
            id: 'attributes',
            label: 'Attributes',
            count: attributeCount,
            content: <AttributesSection detail={detail} />,
          },
        ]
      : []),
  ];
}

/** The view reads its parts once, so it is made anew when one has come whole. */
const loaded = (whole: Whole): string => whole.fields.map(({ state }) => (state === 'whole' ? '1' : '0')).join('');

/** Everything that was received, under the names people know. */
const rawParts = (detail: ObservationDetail) => [
  { name: 'Input', text: detail.input },
  { name: 'Output', text: detail.output },
  { name: 'Metadata', values: detail.metadata },
  { name: 'Model parameters', values: detail.modelParameters },
  { name: 'Tool definitions', values: detail.toolDefinitions },
  { name: 'Attributes', values: detail.attributes },
  { name: 'Resource', values: detail.resourceAttributes },
];

interface FactsProps {
  observation: ObservationSkeleton;
  detail: ObservationDetail | undefined;
  isLive: boolean;
}

function Facts({ observation, detail, isLive }: FactsProps) {
  const start = instantMs(observation.startTime);
  const durationMs = observation.endTime === null ? null : instantMs(observation.endTime) - start;
  const firstTokenMs =
    observation.completionStartTime === null ? null : instantMs(observation.completionStartTime) - start;
  const writingS = durationMs === null ? 0 : (durationMs - (firstTokenMs ?? 0)) / 1000;
  const isCall = observation.type === 'GENERATION' || observation.type === 'EMBEDDING';
  const unpriced = observation.costGap === 'price' ? 1 : 0;
  return (
    <>
      {observation.model !== null && (
        <span className="font-medium text-text" title={observation.provider ?? undefined}>
          {observation.model}
        </span>
      )}
      {isRunning(observation) ? (
        <Fact>{isLive ? formatSoFar(Date.now() - start) : 'no end received'}</Fact>
      ) : (
        durationMs !== null && durationMs !== 0 && <Fact>{formatDuration(durationMs)}</Fact>
      )}
      {firstTokenMs !== null && <Fact label="first token">{formatDuration(firstTokenMs)}</Fact>}
      {observation.totalTokens > 0 && (
        <span>
          <b className="data font-medium text-text">{formatCount(observation.inputTokens)}</b> in,{' '}
          <b className="data font-medium text-text">{formatCount(observation.outputTokens)}</b> out
        </span>
      )}
      {observation.outputTokens > 0 && writingS > 0 && (
        <span>
          <b className="data font-medium text-text">{formatCount(Math.round(observation.outputTokens / writingS))}</b>{' '}
          tok/s
        </span>
      )}
      {(isCall || observation.totalCost !== null) && (
        <Fact
          title={
            detail?.totalCost
              ? formatCostExact(detail.totalCost)
              : explainCostSum({ totalCost: observation.totalCost, calls: 1, unpricedCalls: unpriced })
          }
        >
          {observation.costGap === 'price' ? 'no price' : formatCost(observation.totalCost)}
        </Fact>
      )}
      {observation.promptName !== null && (
        <Fact label="prompt">
          <PromptLink name={observation.promptName} version={observation.promptVersion} />
        </Fact>
      )}
      {detail && detail.sizeBytes > 1e6 && <Fact label="size">{formatBytes(detail.sizeBytes)}</Fact>}
    </>
  );
}

/** The text that was used; clients may send a prompt without its version. */
function PromptLink({ name, version }: { name: string; version: number | null }) {
  const { project } = useProject();
  return (
    <Link
      to="/project/$projectId/prompts/$promptName"
      params={{ projectId: project.id, promptName: name }}
      search={version === null ? {} : { version: String(version) }}
    >
      <bdi>{name}</bdi>
      {version !== null && ` v${version}`}
    </Link>
  );
}

function LevelAlert({ observation: { level, statusMessage } }: { observation: ObservationSkeleton }) {
  if (statusMessage === null || statusMessage === '') return null;
  const isError = level === 'ERROR';
  const tone = isError
    ? 'bg-danger-bg text-danger'
    : level === 'WARNING'
      ? 'bg-warn-bg text-warn'
      : 'bg-info-bg text-info';
  return (
    <div className={`flex max-h-40 items-start gap-2 overflow-auto px-4 py-1.5 text-small ${tone}`}>
      <Icon of={isError ? OctagonAlert : TriangleAlert} small className="mt-px" label={isError ? 'Error' : 'Status'} />
      <span className="break-words whitespace-pre-wrap" dir="auto">
        {statusMessage}
      </span>
    </div>
  );
}

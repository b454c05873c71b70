import type { TraceListItem } from '@tracehouse/contract/x-traces';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { ListSearch } from '../../app/router.tsx';
import { useZone } from '../../app/preferences.ts';
import { classes } from '../../components/class-names.ts';
import { DataTable, tableColumns, type TableColumn } from '../../components/DataTable.tsx';
import {
  explainCostSum,
  formatCostSum,
  formatCount,
  formatDuration,
  formatSoFar,
  formatTime,
  formatTokenSum,
} from '../../components/formats.ts';
import { LevelIcon, RunningIcon } from '../../components/LevelIcon.tsx';
import { Time } from '../../components/Time.tsx';
import { Thumbnail } from '../trace/MediaFile.tsx';
import { hitParts, previewParts } from './preview.ts';

/** A trace with what its list knows of it: slow and dear are at or above the list's p95. */
export interface TraceRow {
  trace: TraceListItem;
  /** The text that a hit is a place of. */
  sought: string | null;
  isSlow: boolean;
  isDear: boolean;
}

const column = tableColumns<TraceRow>();
const columns = [
  column.accessor((row) => row.trace.timestamp, {
    id: 'time',
    header: 'Time',
    cell: ({ row }) => <Time at={row.original.trace.timestamp} className="data text-text-2" />,
    meta: { width: '116px', sort: 'time', descendingFirst: true },
  }),
  column.accessor((row) => row.trace.name, {
    id: 'name',
    header: 'Name',
    cell: ({ row }) => <NameCell trace={row.original.trace} />,
    meta: { width: 'minmax(112px, 1fr)', sort: 'name' },
  }),
  column.accessor((row) => row.trace.inputPreview, {
    id: 'input',
    header: 'Input',
    cell: ({ row }) => <InputCell trace={row.original.trace} sought={row.original.sought} />,
    meta: { width: 'minmax(0, 2fr)' },
  }),
  column.accessor((row) => row.trace.outputPreview, {
    id: 'output',
    header: 'Output',
    cell: ({ row }) => <OutputCell trace={row.original.trace} />,
    meta: { width: 'minmax(0, 2fr)' },
  }),
  column.accessor((row) => row.trace.latencyMs, {
    id: 'latency',
    header: 'Latency',
    cell: ({ row: { original } }) => (
      <Measure strong={original.isSlow}>
        {original.trace.running
          ? formatSoFar(Date.now() - Date.parse(original.trace.timestamp))
          : formatDuration(original.trace.latencyMs)}
      </Measure>
    ),
    meta: { width: '100px', align: 'right', sort: 'latency', descendingFirst: true },
  }),
  column.accessor((row) => row.trace.totalTokens, {
    id: 'tokens',
    header: 'Tokens',
    cell: ({ row: { original } }) => (
      <Measure title={explainTokens(original.trace)}>{formatTokenSum(original.trace.totalTokens)}</Measure>
    ),
    meta: { width: '56px', align: 'right', sort: 'tokens', descendingFirst: true },
  }),
  column.accessor((row) => row.trace.totalCost, {
    id: 'cost',
    header: 'Cost',
    cell: ({ row: { original } }) => (
      <Measure strong={original.isDear} title={explainCostSum(original.trace)}>
        {formatCostSum(original.trace)}
      </Measure>
    ),
    meta: { width: '72px', align: 'right', sort: 'cost', descendingFirst: true },
  }),
  column.accessor((row) => row.trace.tags, {
    id: 'tags',
    header: 'Tags',
    cell: ({ row }) => <TagList tags={row.original.trace.tags} />,
    meta: { width: 'minmax(48px, 0.8fr)' },
  }),
] as unknown as TableColumn<TraceRow>[];

interface TracesTableProps {
  rows: TraceRow[];
  project: string;
  /** Carried into the trace, so that it can walk this list. */
  search: ListSearch;
  sort: string;
  onSort: (sort: string) => void;
  total: number | undefined;
  loadMore: (() => void) | undefined;
  onVisible: (first: TraceRow, last: TraceRow) => void;
  footer: ReactNode;
}

export function TracesTable({ rows, project, search, ...rest }: TracesTableProps) {
  const zone = useZone();
  const now = new Date();
  return (
    <DataTable
      {...rest}
      label="Traces"
      rows={rows}
      columns={columns}
      rowKey={({ trace }) => trace.id}
      rowName={({ trace }) => `${trace.name ?? 'Unnamed trace'} ${formatTime(new Date(trace.timestamp), now, zone)}`}
      rowLink={({ trace }, look) => (
        <Link
          {...look}
          data-row-link
          to="/project/$projectId/traces/$traceId"
          params={{ projectId: project, traceId: trace.id }}
          search={search}
        />
      )}
      remember={`traces ${project} ${JSON.stringify(search)}`}
    />
  );
}

const Measure = ({ strong, title, children }: { strong?: boolean; title?: string; children: ReactNode }) => (
  <span className={classes('data', strong ? 'font-medium text-text' : 'text-text-2')} title={title}>
    {children}
  </span>
);

function NameCell({ trace }: { trace: TraceListItem }) {
  return (
    <span className="flex min-w-0 items-center gap-1.5">
      <span
        dir="auto"
        title={trace.name ?? undefined}
        className={classes(
          'truncate font-medium',
          trace.level === 'ERROR' && 'text-danger',
          trace.name === null && 'text-text-3',
        )}
      >
        {trace.name ?? 'Unnamed'}
      </span>
      <LevelIcon level={trace.level} label={levelLabel(trace)} />
      {trace.running && <RunningIcon />}
    </span>
  );
}

const levelLabel = ({ level, errorCount, warningCount }: TraceListItem) =>
  level === 'ERROR' ? `${formatCount(errorCount)} errors` : `${formatCount(warningCount)} warnings`;

/** Files of the preview as thumbnails, before its line. */
function PreviewLine({ preview }: { preview: string | null }) {
  const { line, files } = previewParts(preview);
  const text = (
    <span className="block truncate text-text-2" dir="auto">
      {line}
    </span>
  );
  if (files.length === 0) return text;
  return (
    <span className="flex min-w-0 items-center gap-1.5">
      {files.map((token) => (
        <Thumbnail key={token.mediaId} token={token} />
      ))}
      {text}
    </span>
  );
}

function InputCell({ trace, sought }: { trace: TraceListItem; sought: string | null }) {
  if (trace.hit) {
    const { before, text, after } = hitParts(trace.hit.preview, sought ?? '');
    return (
      <span className="block truncate text-text-2" dir="auto">
        <span className="text-text-3">{trace.hit.field}: </span>
        {before}
        <mark>{text}</mark>
        {after}
      </span>
    );
  }
  return <PreviewLine preview={trace.inputPreview} />;
}

function OutputCell({ trace }: { trace: TraceListItem }) {
  if (trace.outputPreview === null) {
    if (trace.errorMessage !== null) {
      return (
        <span className="block truncate text-danger" dir="auto">
          {trace.errorMessage}
        </span>
      );
    }
    return trace.running ? <span className="text-text-3">Output not received yet</span> : null;
  }
  return <PreviewLine preview={trace.outputPreview} />;
}

const explainTokens = ({ totalTokens, inputTokens, outputTokens }: TraceListItem) =>
  totalTokens === 0 ? 'No tokens were reported' : `${formatCount(inputTokens)} in, ${formatCount(outputTokens)} out`;

const TagList = ({ tags }: { tags: string[] }) => (
  <span className="flex gap-1 overflow-hidden" title={tags.join(', ') || undefined}>
    {tags.map((tag) => (
      <Tag key={tag}>{tag}</Tag>
    ))}
  </span>
);

export const Tag = ({ children }: { children: ReactNode }) => (
  <span className="max-w-50 truncate rounded-control bg-hover px-1.5 text-small text-text-2" dir="auto">
    {children}
  </span>
);

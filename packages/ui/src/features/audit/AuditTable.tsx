import type { AuditLine } from '@tracehouse/contract/x-audit-log';
import { Ban } from 'lucide-react';
import type { ReactNode } from 'react';
import { DataTable, type LinkLook, tableColumns, type TableColumn } from '../../components/DataTable.tsx';
import { formatKey, UNKNOWN } from '../../components/formats.ts';
import { Icon } from '../../components/Icon.tsx';
import { Time } from '../../components/Time.tsx';
import { actorKind, actorName, deedOf, objectOf } from './words.ts';

const column = tableColumns<AuditLine>();

const shared = [
  column.accessor(({ at }) => at, {
    id: 'time',
    header: 'Time',
    cell: ({ getValue }) => <Time at={getValue()} className="data text-text-2" />,
    meta: { width: '120px' },
  }),
  column.accessor(actorName, {
    id: 'who',
    header: 'Who',
    cell: ({ getValue, row }) => (
      <span className="block truncate" dir="auto" title={`${actorKind(row.original)}: ${getValue()}`}>
        {row.original.actor.kind === 'person' || row.original.actor.kind === 'system' ? (
          getValue()
        ) : (
          <span className="data">{formatKey(getValue())}</span>
        )}
      </span>
    ),
    meta: { width: 'minmax(110px, 1fr)' },
  }),
  column.accessor(deedOf, {
    id: 'what',
    header: 'Did',
    cell: ({ getValue, row }) =>
      row.original.refusedFor === null ? (
        <span title={getValue()}>{getValue()}</span>
      ) : (
        <span className="flex items-center gap-1.5 text-danger" title={row.original.refusedFor}>
          <Icon of={Ban} small label="Refused" />
          <span className="truncate">{getValue()}</span>
        </span>
      ),
    meta: { width: 'minmax(130px, 0.9fr)' },
  }),
  column.accessor(objectOf, {
    id: 'object',
    header: 'Object',
    cell: ({ getValue, row }) => (
      <bdi className={row.original.objectName === null ? 'data' : undefined} title={getValue()}>
        {getValue()}
      </bdi>
    ),
    meta: { width: 'minmax(120px, 1.2fr)' },
  }),
];

const projectColumn = column.accessor(({ project }) => project, {
  id: 'project',
  header: 'Project',
  cell: ({ getValue }) => {
    const project = getValue();
    if (project === null) return <span className="text-text-3">{UNKNOWN}</span>;
    return <bdi title={project.id}>{project.name ?? project.id}</bdi>;
  },
  meta: { width: 'minmax(80px, 0.6fr)' },
});

const fromColumn = column.accessor(({ actor }) => actor.ip, {
  id: 'from',
  header: 'From',
  cell: ({ getValue }) => <span className="data text-text-2">{getValue() ?? UNKNOWN}</span>,
  meta: { width: '112px' },
});

const ofProject = [...shared, fromColumn] as unknown as TableColumn<AuditLine>[];
const ofOrganization = [...shared, projectColumn, fromColumn] as unknown as TableColumn<AuditLine>[];
/** Beside an open line there is room for what a person recognizes a line by, in whatever width is left. */
const beside = shared.map((column, index) => ({
  ...column,
  meta: { width: index === 0 ? '96px' : 'minmax(0, 1fr)' },
})) as unknown as TableColumn<AuditLine>[];

interface AuditTableProps {
  lines: AuditLine[];
  withProject: boolean;
  isBesidePanel: boolean;
  link: (line: AuditLine, look: LinkLook) => ReactNode;
  loadMore: (() => void) | undefined;
}

export function AuditTable({ lines, withProject, isBesidePanel, link, loadMore }: AuditTableProps) {
  return (
    <DataTable
      label="Audit log"
      rows={lines}
      columns={isBesidePanel ? beside : withProject ? ofOrganization : ofProject}
      rowKey={({ id }) => id}
      rowName={(line) =>
        `${actorName(line)} ${deedOf(line)} ${objectOf(line)}${line.refusedFor === null ? '' : ', refused'}`
      }
      rowLink={link}
      loadMore={loadMore}
    />
  );
}

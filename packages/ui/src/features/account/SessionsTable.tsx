import type { AccountSession } from '@tracehouse/contract/x-account';
import { Button } from '../../components/Button.tsx';
import { DataTable, tableColumns, type TableColumn } from '../../components/DataTable.tsx';
import { UNKNOWN } from '../../components/formats.ts';
import { Time } from '../../components/Time.tsx';
import { nameDevice } from './device.ts';

export interface SessionRow {
  session: AccountSession;
  end: () => void;
}

const column = tableColumns<SessionRow>();
const columns = [
  column.accessor(({ session }) => nameDevice(session.userAgent), {
    id: 'device',
    header: 'Browser',
    cell: ({ row: { original }, getValue }) => (
      <span className="flex flex-col">
        <span className="truncate font-medium" title={original.session.userAgent ?? ''}>
          {getValue()}
        </span>
        <span className="truncate text-text-3">
          {original.session.isCurrent ? 'This browser' : methodWords(original.session.method)}
        </span>
      </span>
    ),
    meta: { width: 'minmax(144px, 1fr)' },
  }),
  column.accessor(({ session }) => session.ip, {
    id: 'ip',
    header: 'Address',
    cell: ({ getValue }) => <span className="data truncate text-text-2">{getValue() ?? UNKNOWN}</span>,
    meta: { width: '136px' },
  }),
  column.accessor(({ session }) => session.createdAt, {
    id: 'since',
    header: 'Since',
    cell: ({ getValue }) => <Time at={getValue()} className="data text-text-2" />,
    meta: { width: '120px' },
  }),
  column.accessor(({ session }) => session.lastSeenAt, {
    id: 'used',
    header: 'Last used',
    cell: ({ getValue }) => <Time at={getValue()} className="data text-text-2" />,
    meta: { width: '120px' },
  }),
  column.display({
    id: 'actions',
    header: () => <span className="sr-only">Actions</span>,
    cell: ({ row: { original } }) =>
      original.session.isCurrent ? null : (
        <Button compact onClick={original.end} aria-label={`End ${nameDevice(original.session.userAgent)}`}>
          End
        </Button>
      ),
    meta: { width: '72px', align: 'right' },
  }),
] as unknown as TableColumn<SessionRow>[];

const methodWords = (method: string): string => (method === 'password' ? 'By password' : `By ${method}`);

export const SessionsTable = ({ rows }: { rows: SessionRow[] }) => (
  <DataTable
    label="Sessions"
    rows={rows}
    columns={columns}
    rowKey={({ session }) => session.id}
    rowName={({ session }) => nameDevice(session.userAgent)}
    total={rows.length}
    twoLines
    fit
  />
);

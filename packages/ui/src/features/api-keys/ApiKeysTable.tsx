import type { ApiKey } from '@tracehouse/contract/x-api-keys';
import { Button } from '../../components/Button.tsx';
import { CopyButton } from '../../components/CopyButton.tsx';
import { DataTable, tableColumns, type TableColumn } from '../../components/DataTable.tsx';
import { formatKey, UNKNOWN } from '../../components/formats.ts';
import { Time } from '../../components/Time.tsx';

export interface ApiKeyRow {
  key: ApiKey;
  revoke: () => void;
  /** Why this person may not revoke. */
  blocked: string | undefined;
}

const column = tableColumns<ApiKeyRow>();
const columns = [
  column.accessor(({ key }) => key.publicKey, {
    id: 'name',
    header: 'Name and public key',
    cell: ({ row: { original } }) => (
      <span className="flex flex-col">
        <span className={original.key.note ? 'truncate font-medium' : 'text-text-3'} dir="auto">
          {original.key.note ?? 'Unnamed key'}
        </span>
        <span className="flex items-center gap-1">
          <span className="data text-text-3" title={original.key.publicKey}>
            {formatKey(original.key.publicKey)}
          </span>
          <CopyButton text={original.key.publicKey} label="Copy public key" className="-my-1" />
        </span>
      </span>
    ),
    meta: { width: 'minmax(0, 1fr)' },
  }),
  column.accessor(({ key }) => key.displaySecretKey, {
    id: 'secret',
    header: 'Secret key',
    cell: ({ getValue }) => <span className="data text-text-2">{getValue()}</span>,
    meta: { width: '136px' },
  }),
  column.accessor(({ key }) => key.createdAt, {
    id: 'created',
    header: 'Created',
    cell: ({ getValue }) => <Time at={getValue()} className="data text-text-2" />,
    meta: { width: '120px' },
  }),
  column.accessor(({ key }) => key.lastUsedAt, {
    id: 'used',
    header: 'Last used',
    cell: ({ getValue }) => {
      const at = getValue();
      return at === null ? (
        <span className="text-text-3">
          <span className="data">{UNKNOWN}</span> never used
        </span>
      ) : (
        <Time at={at} className="data text-text-2" />
      );
    },
    meta: { width: '120px' },
  }),
  column.display({
    id: 'actions',
    header: () => <span className="sr-only">Actions</span>,
    cell: ({ row: { original } }) => (
      <Button
        compact
        onClick={original.revoke}
        disabledBecause={original.blocked}
        aria-label={`Revoke ${original.key.note ?? original.key.publicKey}`}
      >
        Revoke
      </Button>
    ),
    meta: { width: '72px', align: 'right' },
  }),
] as unknown as TableColumn<ApiKeyRow>[];

export const ApiKeysTable = ({ rows }: { rows: ApiKeyRow[] }) => (
  <DataTable
    label="API keys"
    rows={rows}
    columns={columns}
    rowKey={({ key }) => key.id}
    rowName={({ key }) => key.note ?? key.publicKey}
    total={rows.length}
    twoLines
    fit
  />
);

import { Link } from '@tanstack/react-router';
import type { ListedModel } from '@tracehouse/contract/x-models';
import type { ModelsSearch } from '../../app/router.tsx';
import { DataTable, tableColumns, type TableColumn } from '../../components/DataTable.tsx';
import { UNKNOWN } from '../../components/formats.ts';
import { cachedPrice, pricePerMillion, priceText } from './prices.ts';

const column = tableColumns<ListedModel>();

const priceColumn = (id: string, header: string, read: (model: ListedModel) => number | undefined) =>
  column.accessor(read, {
    id,
    header,
    cell: ({ getValue, row }) => <Price price={getValue()} unit={row.original.unit} />,
    meta: { width: '84px', align: 'right' },
  });

const columns = [
  column.accessor(({ modelName }) => modelName, {
    id: 'name',
    header: 'Model',
    cell: ({ getValue, row }) => (
      <span className="flex min-w-0 items-center gap-2" title={getValue()}>
        <span className="truncate font-medium" dir="auto">
          {getValue()}
        </span>
        {!row.original.isBuiltIn && (
          <span className="shrink-0 rounded-control border border-accent px-1 text-micro text-accent">own</span>
        )}
      </span>
    ),
    meta: { width: 'minmax(140px, 1.4fr)' },
  }),
  column.accessor(({ matchPattern }) => matchPattern, {
    id: 'pattern',
    header: 'Matches',
    cell: ({ getValue }) => (
      <span className="code text-text-2" title={getValue()}>
        {getValue()}
      </span>
    ),
    meta: { width: 'minmax(0, 1.2fr)' },
  }),
  priceColumn('input', 'Input', ({ prices }) => prices['input'] ?? prices['total']),
  priceColumn('cached', 'Cached', ({ prices }) => cachedPrice(prices)),
  priceColumn('output', 'Output', ({ prices }) => prices['output'] ?? prices['total']),
  column.accessor(({ tiers }) => tiers, {
    id: 'tiers',
    header: 'Tiers',
    cell: ({ getValue }) => (
      <span className="data text-text-2" title={getValue().join(', ')}>
        {getValue().length}
      </span>
    ),
    meta: { width: '40px', align: 'right' },
  }),
  column.accessor(({ startDate }) => startDate, {
    id: 'from',
    header: 'From',
    cell: ({ getValue }) => {
      const at = getValue();
      return at === null ? (
        <span className="text-text-3">always</span>
      ) : (
        <time dateTime={at} className="data text-text-2">
          {at.slice(0, 10)}
        </time>
      );
    },
    meta: { width: '84px' },
  }),
] as unknown as TableColumn<ListedModel>[];

const scaled = new Set<ListedModel['unit']>(['TOKENS', 'CHARACTERS', null]);

/** Tokens and characters by the million, all else by the piece. */
function Price({ price, unit }: { price: number | undefined; unit: ListedModel['unit'] }) {
  if (price === undefined) return <span className="text-text-3">{UNKNOWN}</span>;
  return scaled.has(unit) ? (
    <span className="data">{pricePerMillion(price)}</span>
  ) : (
    <span className="data" title={`USD for one of ${(unit ?? '').toLowerCase()}`}>
      ${priceText(price)}/1
    </span>
  );
}

interface ModelsTableProps {
  models: ListedModel[];
  project: string;
  search: ModelsSearch;
}

export const ModelsTable = ({ models, project, search }: ModelsTableProps) => (
  <DataTable
    label="Models"
    rows={models}
    columns={columns}
    rowKey={({ id }) => id}
    rowName={({ modelName, isBuiltIn }) => `${modelName}, ${isBuiltIn ? 'built in' : 'own'}`}
    rowLink={({ id }, look) => (
      <Link
        to="/project/$projectId/settings/models"
        params={{ projectId: project }}
        search={{ ...search, model: id }}
        data-row-link
        {...look}
      />
    )}
    total={models.length}
    remember={`models ${project}`}
  />
);

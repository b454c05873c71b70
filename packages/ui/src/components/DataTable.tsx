import { createColumnHelper, tableFeatures, useTable, type ColumnDef, type RowData } from '@tanstack/react-table';
import { useVirtualizer } from '@tanstack/react-virtual';
import { ArrowDown, ArrowUp } from 'lucide-react';
import { useEffect, useId, useRef, useState, type KeyboardEvent, type ReactNode } from 'react';
import { useKeys } from '../app/keys.ts';
import { usePreferences } from '../app/preferences.ts';
import { classes } from './class-names.ts';
import { Icon } from './Icon.tsx';

/** How a column looks: `width` is a track of CSS grid, `sort` the name the API sorts by. */
interface ColumnLook {
  width: string;
  align?: 'right';
  sort?: string;
  /** Sorts from the top at the first click: times and measures do. */
  descendingFirst?: boolean;
}

const features = tableFeatures({ columnMeta: {} as ColumnLook });
export type TableColumn<Row extends RowData> = ColumnDef<typeof features, Row, never>;
/** Columns of a row type, as data outside the component. */
export const tableColumns = <Row extends RowData>() => createColumnHelper<typeof features, Row>();

export interface LinkLook {
  className: string;
  tabIndex: number;
  'aria-label': string;
}

interface DataTableProps<Row extends RowData> {
  /** Its accessible name: "Traces". */
  label: string;
  rows: Row[];
  columns: readonly TableColumn<Row>[];
  rowKey: (row: Row) => string;
  /** Name and time: what a screen reader says for the row. */
  rowName: (row: Row) => string;
  /** The row as a real link, when it leads somewhere. */
  rowLink?: (row: Row, look: LinkLook) => ReactNode;
  /** Of all rows there are, as far as it is known. */
  total?: number | undefined;
  /** `cost` or `-cost`. */
  sort?: string;
  onSort?: (sort: string) => void;
  loadMore?: (() => void) | undefined;
  /** Told which rows are on screen. */
  onVisible?: (first: Row, last: Row) => void;
  /** Keeps scroll offset and active row under this key while the page is open elsewhere. */
  remember?: string;
  /** Below the rows: "Searched back to …". */
  footer?: ReactNode;
  /** Rows hold two lines, whatever the density. */
  twoLines?: boolean;
  /** As high as its rows, for a short list inside a form; else it fills its place and scrolls inside. */
  fit?: boolean;
}

const rowHeights = { compact: 26, standard: 32, roomy: 52 };
const remembered = new Map<string, { offset: number; active: number }>();
const LOAD_AHEAD_ROWS = 20;

/**
 * The one table: virtual rows, one tab stop with arrows inside (ARIA grid), rows that are links. `j` and `k` move from
 * anywhere on the page.
 */
export function DataTable<Row extends RowData>({
  label,
  rows,
  columns,
  rowKey,
  rowName,
  rowLink,
  total,
  sort,
  onSort,
  loadMore,
  onVisible,
  remember,
  footer,
  twoLines = false,
  fit = false,
}: DataTableProps<Row>) {
  const { density } = usePreferences();
  const rowHeight = rowHeights[twoLines ? 'roomy' : density];
  const id = useId();
  const scroller = useRef<HTMLDivElement>(null);
  const grid = useRef<HTMLDivElement>(null);
  const kept = remember === undefined ? undefined : remembered.get(remember);
  const [active, setActive] = useState(kept?.active ?? -1);
  const table = useTable({
    features,
    columns: columns as ColumnDef<typeof features, Row, unknown>[],
    data: rows,
    getRowId: rowKey,
  });
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 12,
    initialOffset: kept?.offset ?? 0,
    getItemKey: (index) => (rows[index] ? rowKey(rows[index]) : index),
  });
  useEffect(() => virtualizer.measure(), [virtualizer, rowHeight]);

  const items = virtualizer.getVirtualItems();
  const lastShown = items.at(-1)?.index ?? -1;
  useEffect(() => {
    if (loadMore && lastShown >= rows.length - LOAD_AHEAD_ROWS) loadMore();
  }, [loadMore, lastShown, rows.length]);

  const visible = virtualizer.range;
  const firstRow = visible ? rows[visible.startIndex] : undefined;
  const lastRow = visible ? rows[visible.endIndex] : undefined;
  useEffect(() => {
    if (firstRow !== undefined && lastRow !== undefined) onVisible?.(firstRow, lastRow);
  }, [firstRow, lastRow, onVisible]);

  const latest = useRef({ active, offset: 0 });
  useEffect(() => {
    latest.current = { active, offset: virtualizer.scrollOffset ?? 0 };
  });
  useEffect(() => {
    if (remember === undefined) return undefined;
    return () => void remembered.set(remember, latest.current);
  }, [remember]);

  const move = (to: number) => {
    const next = Math.max(0, Math.min(rows.length - 1, to));
    setActive(next);
    virtualizer.scrollToIndex(next, { align: 'auto' });
  };
  const open = (newTab: boolean) => {
    const link = grid.current?.querySelector<HTMLAnchorElement>(`[aria-rowindex="${active + 2}"] a[data-row-link]`);
    if (link && newTab) window.open(link.href, '_blank', 'noopener');
    else link?.click();
  };
  const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / rowHeight) - 2);
  const steps: Record<string, () => void> = {
    ArrowDown: () => move(active + 1),
    ArrowUp: () => move(active - 1),
    PageDown: () => move(active + page),
    PageUp: () => move(active - page),
    Home: () => move(0),
    End: () => move(rows.length - 1),
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.target !== grid.current) return;
    const step = steps[event.key];
    if (step && !event.altKey && !event.shiftKey) {
      event.preventDefault();
      step();
    } else if (event.key === 'Enter') {
      event.preventDefault();
      open(event.metaKey || event.ctrlKey);
    }
  };
  const moveAndFocus = (to: number) => {
    move(to);
    grid.current?.focus({ preventScroll: true });
  };
  useKeys([
    { key: 'j', does: 'Next row', run: () => moveAndFocus(active + 1) },
    { key: 'k', does: 'Previous row', run: () => moveAndFocus(active - 1) },
  ]);

  const template = columns.map((column) => column.meta?.width ?? 'minmax(0, 1fr)').join(' ');
  const tableRows = table.getRowModel().rows;
  const activeKey = rows[active] === undefined ? undefined : `${id}-${active}`;
  return (
    <div
      ref={grid}
      role="grid"
      aria-label={label}
      aria-rowcount={total === undefined ? -1 : total + 1}
      aria-colcount={columns.length}
      aria-activedescendant={activeKey}
      tabIndex={0}
      onKeyDown={onKeyDown}
      className={classes('group/grid flex min-w-0 flex-col outline-inside', !fit && 'min-h-0 flex-1')}
    >
      <div role="rowgroup">
        {table.getHeaderGroups().map((group) => (
          <div
            key={group.id}
            role="row"
            aria-rowindex={1}
            className={classes('grid h-7 items-center gap-x-3 border-b text-small text-text-3', !fit && 'gutter px-4')}
            style={{ gridTemplateColumns: template }}
          >
            {group.headers.map((header) => (
              <HeaderCell
                key={header.id}
                look={header.column.columnDef.meta}
                {...(sort !== undefined && { sort })}
                {...(onSort && { onSort })}
              >
                <table.FlexRender header={header} />
              </HeaderCell>
            ))}
          </div>
        ))}
      </div>
      <div
        ref={scroller}
        role="rowgroup"
        tabIndex={-1}
        className={classes('overflow-x-hidden', fit ? 'max-h-160 overflow-y-auto' : 'min-h-0 flex-1 overflow-y-scroll')}
        {...(fit && { style: { height: virtualizer.getTotalSize() } })}
      >
        <div role="presentation" className="relative" style={{ height: virtualizer.getTotalSize() }}>
          {items.map((item) => {
            const row = tableRows[item.index];
            if (!row) return null;
            const isActive = item.index === active;
            return (
              // Keys are handled by the grid, which has the focus.
              // oxlint-disable-next-line jsx-a11y/click-events-have-key-events
              <div
                key={item.key}
                id={`${id}-${item.index}`}
                role="row"
                aria-rowindex={item.index + 2}
                aria-selected={isActive}
                aria-label={rowName(row.original)}
                className={classes(
                  'absolute inset-x-0 grid items-center gap-x-3 border-b hover:bg-hover',
                  !fit && 'px-4',
                  isActive &&
                    'petrol-edge bg-selected hover:bg-selected group-focus-visible/grid:outline-2 group-focus-visible/grid:outline-inside group-focus-visible/grid:outline-focus',
                )}
                style={{ gridTemplateColumns: template, height: item.size, top: item.start }}
                onClick={() => setActive(item.index)}
              >
                {row.getAllCells().map((cell, index) => (
                  <div
                    key={cell.id}
                    role="gridcell"
                    className={classes(
                      'min-w-0 truncate',
                      cell.column.columnDef.meta?.align === 'right' && 'text-right',
                    )}
                  >
                    <table.FlexRender cell={cell} />
                    {index === 0 &&
                      rowLink?.(row.original, {
                        className: 'absolute inset-0 no-underline',
                        tabIndex: -1,
                        'aria-label': `Open ${rowName(row.original)}`,
                      })}
                  </div>
                ))}
              </div>
            );
          })}
        </div>
        {footer !== undefined && <div className="px-4 py-2 text-small text-text-3">{footer}</div>}
      </div>
    </div>
  );
}

interface HeaderCellProps {
  look: ColumnLook | undefined;
  sort?: string;
  onSort?: (sort: string) => void;
  children: ReactNode;
}

function HeaderCell({ look, sort, onSort, children }: HeaderCellProps) {
  const direction =
    sort === undefined || !look?.sort
      ? null
      : sort === look.sort
        ? 'ascending'
        : sort === `-${look.sort}`
          ? 'descending'
          : null;
  const column = look?.sort;
  const next = direction === null ? look?.descendingFirst : direction === 'ascending';
  return (
    <div
      role="columnheader"
      aria-sort={column === undefined ? undefined : (direction ?? 'none')}
      className={classes('flex min-w-0 truncate', look?.align === 'right' && 'justify-end')}
    >
      {column !== undefined && onSort ? (
        <button
          type="button"
          onClick={() => onSort(next ? `-${column}` : column)}
          className={classes(
            'inline-flex h-6 cursor-default items-center gap-1 rounded-control hover:text-text',
            direction !== null && 'font-medium text-text',
          )}
        >
          {children}
          {direction !== null && <Icon of={direction === 'ascending' ? ArrowUp : ArrowDown} small />}
        </button>
      ) : (
        children
      )}
    </div>
  );
}

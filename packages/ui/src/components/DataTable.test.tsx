import { cleanup, fireEvent, render, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { listenToKeys } from '../app/keys.ts';
import { DataTable, tableColumns, type TableColumn } from './DataTable.tsx';

interface Fruit {
  id: string;
  name: string;
  grams: number;
}

const column = tableColumns<Fruit>();
const columns = [
  column.accessor('name', { header: 'Name', meta: { width: '1fr', sort: 'name' } }),
  column.accessor('grams', {
    header: 'Grams',
    meta: { width: '80px', align: 'right', sort: 'grams', descendingFirst: true },
  }),
] as unknown as TableColumn<Fruit>[];

const fruits = (count: number): Fruit[] =>
  Array.from({ length: count }, (_, index) => ({ id: `f${index}`, name: `Fruit ${index}`, grams: index }));

interface Options {
  rows?: Fruit[];
  total?: number;
  sort?: string;
  onSort?: (sort: string) => void;
  loadMore?: () => void;
}

const show = ({ rows = fruits(1000), ...rest }: Options = {}) =>
  render(
    <DataTable
      {...rest}
      label="Fruits"
      rows={rows}
      columns={columns}
      rowKey={({ id }) => id}
      rowName={({ name }) => name}
      rowLink={({ id }, look) => (
        <a {...look} data-row-link href={`#${id}`}>
          {' '}
        </a>
      )}
    />,
  );

let stop: () => void;
beforeEach(() => {
  // jsdom has no layout: every box is 300 px high, so about ten rows are on screen.
  for (const [name, size] of [
    ['offsetHeight', 300],
    ['offsetWidth', 800],
    ['clientHeight', 300],
  ] as const) {
    vi.spyOn(HTMLElement.prototype, name, 'get').mockReturnValue(size);
  }
  HTMLElement.prototype.scrollTo = () => undefined;
  stop = listenToKeys();
});
afterEach(() => {
  stop();
  cleanup();
  vi.restoreAllMocks();
  location.hash = '';
});

test('only the rows on screen are in the page, and the grid says how many there are', () => {
  show({ total: 1000 });
  const grid = screen.getByRole('grid', { name: 'Fruits' });
  expect(grid.getAttribute('aria-rowcount')).toBe('1001');
  expect(within(grid).getAllByRole('row').length).toBeLessThan(40);
  expect(screen.getByRole('row', { name: 'Fruit 0' }).getAttribute('aria-rowindex')).toBe('2');
});

test('an unknown total is said to be unknown', () => {
  show();
  expect(screen.getByRole('grid').getAttribute('aria-rowcount')).toBe('-1');
});

test('the grid is one tab stop, and arrows move inside it', async () => {
  const user = userEvent.setup();
  show();
  await user.tab(); // the sort buttons of the head stand inside the grid
  const grid = screen.getByRole('grid');
  expect(document.activeElement).toBe(grid);
  await user.keyboard('{ArrowDown}{ArrowDown}');
  expect(screen.getByRole('row', { name: 'Fruit 1' }).getAttribute('aria-selected')).toBe('true');
  expect(grid.getAttribute('aria-activedescendant')).toBe(screen.getByRole('row', { name: 'Fruit 1' }).id);
  await user.keyboard('{ArrowUp}{ArrowUp}');
  expect(screen.getByRole('row', { name: 'Fruit 0' }).getAttribute('aria-selected')).toBe('true');
});

test('j and k move from anywhere, but not while a person types', async () => {
  const user = userEvent.setup();
  render(<input aria-label="Filter" />);
  show();
  await user.keyboard('jj');
  expect(screen.getByRole('row', { name: 'Fruit 1' }).getAttribute('aria-selected')).toBe('true');
  await user.keyboard('k');
  expect(screen.getByRole('row', { name: 'Fruit 0' }).getAttribute('aria-selected')).toBe('true');
  await user.click(screen.getByRole('textbox', { name: 'Filter' }));
  await user.keyboard('j');
  expect(screen.getByRole('row', { name: 'Fruit 0' }).getAttribute('aria-selected')).toBe('true');
});

test('Enter opens the row by its link', async () => {
  const user = userEvent.setup();
  show();
  await user.keyboard('jj{Enter}');
  expect(location.hash).toBe('#f1');
});

test('a row is a real link, so that it opens in a tab like any other', () => {
  show();
  const link = within(screen.getByRole('row', { name: 'Fruit 3' })).getByRole('link', { name: 'Open Fruit 3' });
  expect(link.getAttribute('href')).toBe('#f3');
  expect(link.tabIndex).toBe(-1);
});

test('a head sorts: the usual direction first, then the other one', () => {
  const onSort = vi.fn<(sort: string) => void>();
  const { rerender } = show({ sort: '-grams', onSort });
  expect(screen.getByRole('columnheader', { name: 'Grams' }).getAttribute('aria-sort')).toBe('descending');
  expect(screen.getByRole('columnheader', { name: 'Name' }).getAttribute('aria-sort')).toBe('none');
  fireEvent.click(screen.getByRole('button', { name: 'Grams' }));
  fireEvent.click(screen.getByRole('button', { name: 'Name' }));
  expect(onSort.mock.calls).toEqual([['grams'], ['name']]);
  rerender(<span />);
});

test('more rows are asked for before the end is reached', () => {
  const loadMore = vi.fn<() => void>();
  show({ rows: fruits(1000), loadMore });
  expect(loadMore).not.toHaveBeenCalled();
  cleanup();
  show({ rows: fruits(15), loadMore });
  expect(loadMore).toHaveBeenCalled();
});

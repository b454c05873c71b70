import { expect, test } from 'vitest';
import { folderOf, folderTree, isInFolder, lastPart, visibleFolders } from './folders.ts';

const names = ['b/x', 'b/c/y', 'b/c/z', 'a 10/x', 'a 2/x', 'b', 'top'];

test('folders are counted with what is in the folders in them, in the order that people count', () => {
  expect(folderTree(names)).toEqual([
    { path: 'a 2', name: 'a 2', count: 1, folders: [] },
    { path: 'a 10', name: 'a 10', count: 1, folders: [] },
    { path: 'b', name: 'b', count: 3, folders: [{ path: 'b/c', name: 'c', count: 2, folders: [] }] },
  ]);
});

test('what is in a folder shows when it is open', () => {
  const shown = (open: string[]) => visibleFolders(folderTree(names), (path) => open.includes(path));
  expect(shown([]).map(({ folder }) => folder.path)).toEqual(['a 2', 'a 10', 'b']);
  expect(shown(['b']).at(-1)).toMatchObject({ depth: 1, folder: { path: 'b/c' } });
});

test('a prompt with the name of a folder is not in it', () => {
  expect([isInFolder('b/x', 'b'), isInFolder('b', 'b'), isInFolder('bc/x', 'b'), isInFolder('b', '')]).toEqual([
    true,
    false,
    false,
    true,
  ]);
  expect([folderOf('b/c/y'), folderOf('top'), lastPart('b/c/y'), lastPart('top')]).toEqual(['b/c', '', 'y', 'top']);
});

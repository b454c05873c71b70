import { expect, test } from 'vitest';
import { compareFields } from './changes.ts';

test('fields of both sides stand together, those that are gone last', () => {
  expect(compareFields({ gone: 1, name: 'old', same: true }, { name: 'new', same: true, added: null })).toEqual([
    { path: 'name', before: 'old', after: 'new' },
    { path: 'same', before: 'true', after: 'true' },
    { path: 'added', before: undefined, after: 'null' },
    { path: 'gone', before: '1', after: undefined },
  ]);
});

test('what lies deeper is named by its way there, what is empty is shown', () => {
  expect(compareFields(null, { tiers: [{ name: 'a' }, {}], list: [] })).toEqual([
    { path: 'tiers.0.name', before: undefined, after: 'a' },
    { path: 'tiers.1', before: undefined, after: '{}' },
    { path: 'list', before: undefined, after: '[]' },
  ]);
});

test('a line without either has no fields; one that is a plain value has one', () => {
  expect(compareFields(null, null)).toEqual([]);
  expect(compareFields(undefined, 'text')).toEqual([{ path: '', before: undefined, after: 'text' }]);
});

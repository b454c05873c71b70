import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { tracesView } from './resolved-traces.ts';

test('the view that the newest migration makes is the definition the program reads by', async () => {
  const migration = await readFile(new URL('migrations/0015_traces_view.sql', import.meta.url), 'utf8');
  expect(migration.replace(/^--.*\n/gm, '').trim()).toBe(`${tracesView};`);
});

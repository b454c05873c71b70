import { readFile } from 'node:fs/promises';
import { organizationScopes, projectScopes } from '@tracehouse/contract/roles';
import { expect, test } from 'vitest';

const document = await readFile(new URL('../../../../../docs/organizations.md', import.meta.url), 'utf8');

test('docs/organizations.md names each scope with the least role that has it, and no other', () => {
  const rows = [...document.matchAll(/^\| .+ \| `([\w:]+)`\s+\| (\w+)\s+\|$/gm)].map(([, scope, role]) => [
    scope,
    role,
  ]);
  expect(Object.fromEntries(rows)).toEqual({ ...organizationScopes, ...projectScopes });
});

import { readFile, writeFile } from 'node:fs/promises';
import { documentConfiguration, documentRoleSync, insertConfiguration } from './document.ts';

// Writes the configuration tables into the documents that have them; a test fails while one is not up to date.
for (const [path, tables] of [
  ['README.md', documentConfiguration()],
  ['docs/role-sync.md', documentRoleSync()],
] as const) {
  const file = new URL(`../../../../${path}`, import.meta.url);
  await writeFile(file, insertConfiguration(await readFile(file, 'utf8'), tables));
}

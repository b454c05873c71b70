import { readFile, writeFile } from 'node:fs/promises';
import { insertConfiguration } from './document.ts';

// Writes the configuration tables into the README; a test fails while it is not up to date.
const readme = new URL('../../../../README.md', import.meta.url);
await writeFile(readme, insertConfiguration(await readFile(readme, 'utf8')));

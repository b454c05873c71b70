import { readdir, readFile } from 'node:fs/promises';

export interface Migration {
  /** Four digits and a name, the file's without ending; migrations run in this order. */
  name: string;
  text: string;
}

/** The numbered `.sql` files of a folder, in order. @throws when two share a number. */
export async function readMigrations(folder: URL): Promise<Migration[]> {
  const files = (await readdir(folder)).filter((file) => file.endsWith('.sql')).toSorted();
  const numbers = files.map((file) => file.slice(0, 4));
  const twice = numbers.find((number, i) => numbers.indexOf(number) !== i);
  if (twice !== undefined) throw new Error(`Two migrations in ${folder.pathname} have the number ${twice}`);
  return Promise.all(
    files.map(async (file) => ({ name: file.slice(0, -4), text: await readFile(new URL(file, folder), 'utf8') })),
  );
}

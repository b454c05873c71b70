import { glob, readFile, rm } from 'node:fs/promises';

/** The engine writes it with one write, ending in the command; a text of the command holds no line break of its own. */
const WHOLE = /^format version: \d+\n[^]*commands: .*\n/;

/**
 * A DELETE on a full disk leaves a file of its mutation that is empty or ends half-way, and then the engine opens the directory no
 * more. Such a file was never acknowledged (the statement failed), so it is removed; answers the paths. Before the engine opens.
 */
export async function removeTornMutations(engineDirectory: string): Promise<string[]> {
  const removed: string[] = [];
  // store/<first three digits>/<id of the table>/
  for await (const name of glob('store/*/*/{tmp_,}mutation_*.txt', { cwd: engineDirectory })) {
    const path = `${engineDirectory}/${name}`;
    if (WHOLE.test(await readFile(path, 'utf8'))) continue;
    await rm(path);
    removed.push(path);
  }
  return removed;
}

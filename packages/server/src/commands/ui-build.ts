import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Logger } from 'pino';

const packages = fileURLToPath(new URL('../../../', import.meta.url));
const uiDirectory = `${packages}ui/dist`;
const stampFile = `${uiDirectory}/.sources`;
const SOURCES = [
  'ui/src',
  'ui/public',
  'ui/index.html',
  'ui/precompress.ts',
  'ui/vite.config.ts',
  'ui/package.json',
  'contract/src',
  '../package-lock.json',
];

/**
 * Builds the screens when they are not built from the sources that lie here, told by a hash of those: a checkout sets times,
 * not contents. Takes some seconds the first time and nothing after. Answers their folder. @throws when the build fails
 */
export async function buildUiIfStale(log: Logger): Promise<string> {
  const stamp = await hashSources();
  if (stamp === (await readFile(stampFile, 'utf8').catch(() => ''))) return uiDirectory;
  log.info('building the screens, once for this version');
  await run('npm', ['run', 'build', '-w', 'packages/ui']);
  await writeFile(stampFile, stamp);
  return uiDirectory;
}

async function hashSources(): Promise<string> {
  const hash = createHash('sha256');
  for (const source of SOURCES) {
    const path = packages + source;
    const entries = await readdir(path, { recursive: true, withFileTypes: true }).catch(
      (error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOTDIR') return null;
        if (error.code === 'ENOENT') return [];
        throw error;
      },
    );
    const files =
      entries === null
        ? [path]
        : entries
            .filter((entry) => entry.isFile())
            .map((entry) => `${entry.parentPath}/${entry.name}`)
            .toSorted();
    for (const file of files)
      hash
        .update(file.slice(packages.length))
        .update('\0')
        .update(await readFile(file));
  }
  return hash.digest('hex');
}

/** Its output is shown only when it fails: at a first start people look for the address, not for a list of chunks. */
const run = (command: string, args: string[]): Promise<void> =>
  new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: `${packages}..`, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`Building the screens failed (${[command, ...args].join(' ')}):\n${output}`));
    });
  });

import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { plantStores } from '../../packages/server/src/stores/test-stores.ts';

/** A fault of the machine that can be switched on under a running server, and off again. */
export interface Fault {
  begin(pid: number): void;
  end(pid: number): void;
}

/** Root may do anything with files whatever their mode, so the server runs as somebody else then. */
export const serverUser = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : undefined;

export interface SmallDisk {
  readonly directory: string;
  /** Null where mounting is not allowed. */
  readonly full: Fault | null;
  remove(): void;
}

/** A disk of its own where mounting is allowed, with the stores that a first start makes. */
export async function createSmallDisk(sizeMb: number): Promise<SmallDisk> {
  const directory = mkdtempSync(join(tmpdir(), 'tracehouse-disk-'));
  const isMounted = mount(directory, sizeMb);
  await plantStores(directory);
  if (serverUser) execFileSync('chown', ['-R', `${serverUser.uid}:${serverUser.gid}`, directory]);
  chmodSync(directory, 0o700);
  const filler = join(directory, 'filler');
  return {
    directory,
    full: isMounted ? { begin: () => fill(filler), end: () => rmSync(filler) } : null,
    remove() {
      if (isMounted) execFileSync('umount', ['--lazy', directory]);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function mount(directory: string, sizeMb: number): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeMb}m`, 'tmpfs', directory], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** To the last byte. */
function fill(path: string): void {
  for (const size of [1 << 20, 4096, 1]) {
    for (const block = Buffer.alloc(size, 1); ;) {
      try {
        writeFileSync(path, block, { flag: 'a' });
      } catch {
        break;
      }
    }
  }
}

/** The soft limit alone: it may be raised again up to the hard one, by the process's own user. */
const limit = (pid: number, what: 'nofile', value: number): void =>
  void execFileSync('prlimit', ['--pid', String(pid), `--${what}=${value}:`], serverUser);

/** Below the number of any that could be given out; of a process, not of its user. */
const NO_MORE = 8;

/**
 * Those it has stay open, and it gets no other. A limit of as many as it has would leave it room: a merge that ends gives back
 * dozens, and it would go on for minutes.
 */
export function noFileDescriptors(): Fault {
  let before = 0;
  return {
    begin(pid) {
      before = Number(/Max open files\s+(\d+)/.exec(readFileSync(`/proc/${pid}/limits`, 'utf8'))![1]);
      limit(pid, 'nofile', NO_MORE);
    },
    end: (pid) => limit(pid, 'nofile', before),
  };
}

/** Directories in which nothing can be made, renamed or removed. */
export const readOnly = (directory: string): Fault => {
  // Some are gone before their turn comes: only how it ends for all would be said.
  const change = (mode: string): void =>
    void spawnSync('find', [directory, '-type', 'd', '-exec', 'chmod', mode, '{}', '+']);
  return { begin: () => change('u-w'), end: () => change('u+w') };
};

import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism, cpus, release, totalmem } from 'node:os';

/** Of Linux on all machines that Node runs on: `getconf CLK_TCK`. */
const TICKS_PER_SECOND = 100;

/** The process and all below it. Linux alone tells; a process that has ended is left out. */
function family(pid: number): number[] {
  try {
    return [
      pid,
      ...readdirSync(`/proc/${pid}/task`).flatMap((task) =>
        readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8')
          .split(' ')
          .filter((child) => child !== '')
          .flatMap((child) => family(Number(child))),
      ),
    ];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** CPU seconds used so far by a process and those below it. */
export function cpuSecondsOf(pid: number): number {
  const ticks = family(pid).map((one) => {
    const stat = readFileSync(`/proc/${one}/stat`, 'utf8');
    // The program's name, in parentheses, may hold anything.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return Number(fields[11]) + Number(fields[12]);
  });
  return ticks.reduce((sum, one) => sum + one, 0) / TICKS_PER_SECOND;
}

/** Resident memory of a process and those below it, MB (10^6 bytes). */
export function rssMbOf(pid: number): number {
  const kilobytes = family(pid).map((one) =>
    Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${one}/status`, 'utf8'))?.[1] ?? 0),
  );
  return (kilobytes.reduce((sum, one) => sum + one, 0) * 1024) / 1e6;
}

/** MB. `quarters` are the means of the four quarters of the time: memory that is flat ends as it was in the second. */
export interface RssSeen {
  peak: number;
  quarters: number[];
}

/** Looks every 200 ms until stopped; then answers what it has seen. */
export function watchRss(pid: number): () => RssSeen {
  const seen = [rssMbOf(pid)];
  const timer = setInterval(() => seen.push(rssMbOf(pid)), 200);
  return () => {
    clearInterval(timer);
    const quarters = [0, 1, 2, 3].map((quarter) => {
      const part = seen.slice(Math.floor((seen.length * quarter) / 4), Math.ceil((seen.length * (quarter + 1)) / 4));
      return part.reduce((sum, one) => sum + one, 0) / part.length;
    });
    return { peak: seen.reduce((most, one) => Math.max(most, one)), quarters };
  };
}

/** What a figure depends on beside the program. */
export function machine(): Record<string, string | number> {
  const load = readFileSync('/proc/loadavg', 'utf8').split(' ')[0]!;
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memoryGb: Math.round(totalmem() / 1e9),
    kernel: release(),
    node: process.versions.node,
    loadBefore: Number(load),
  };
}

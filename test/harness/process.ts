import { spawn } from 'node:child_process';

/** A program of ours or of others that a test started. */
export interface RunningProcess {
  readonly pid: number;
  /** All it has written so far, both streams. */
  readonly output: () => string;
  /** Its exit code once it has ended, a signal's name if one ended it. */
  readonly ended: Promise<number | NodeJS.Signals>;
  /**
   * Asks it to end and waits; answers how it did.
   * @throws when it is still there after `timeoutMs` (and then ends it for good)
   */
  stop(options?: { signal?: NodeJS.Signals; timeoutMs?: number }): Promise<number | NodeJS.Signals>;
}

interface ProcessOptions {
  readonly env?: Record<string, string>;
  readonly cwd?: string;
  /** Whom it runs as, else as ourselves; only root can choose. */
  readonly user?: { readonly uid: number; readonly gid: number };
}

/** Of our own environment only what any program needs: settings must not leak into what is tested. */
const inherited = (): Record<string, string> =>
  Object.fromEntries(
    ['PATH', 'HOME', 'LANG', 'TMPDIR', 'TZ'].flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );

/** Starts `command` without a shell. The caller stops it. */
export function startProcess(
  command: string,
  args: readonly string[],
  { env = {}, cwd, user }: ProcessOptions = {},
): RunningProcess {
  const child = spawn(command, args, {
    env: { ...inherited(), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(cwd === undefined ? {} : { cwd }),
    ...user,
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const ended = new Promise<number | NodeJS.Signals>((resolve) => {
    child.once('error', (error) => {
      output += `${error.message}\n`;
      resolve(127);
    });
    child.once('close', (code, signal) => resolve(signal ?? code ?? 1));
  });
  return {
    pid: child.pid ?? -1,
    output: () => output,
    ended,
    async stop({ signal = 'SIGTERM', timeoutMs = 20_000 } = {}) {
      child.kill(signal);
      const late = Symbol('late');
      const timer = Promise.withResolvers<typeof late>();
      const timeout = setTimeout(() => timer.resolve(late), timeoutMs);
      const how = await Promise.race([ended, timer.promise]);
      clearTimeout(timeout);
      if (how !== late) return how;
      child.kill('SIGKILL');
      throw new Error(`${command} was still running ${timeoutMs} ms after ${signal}:\n${lastLines(output)}`);
    },
  };
}

/** Runs to the end and answers what it wrote. @throws when the exit code is not 0 */
export async function run(command: string, args: readonly string[], options: ProcessOptions = {}): Promise<string> {
  const started = startProcess(command, args, options);
  const how = await started.ended;
  if (how !== 0) throw new Error(`${[command, ...args].join(' ')} ended with ${how}:\n${lastLines(started.output())}`);
  return started.output();
}

/** Waits until `url` answers 2xx. @throws when the process ends first, or after `timeoutMs` */
export async function waitUntilAnswers(url: string, started: RunningProcess, timeoutMs: number): Promise<void> {
  let how: number | NodeJS.Signals | undefined;
  void started.ended.then((value) => (how = value));
  for (const deadline = Date.now() + timeoutMs; Date.now() < deadline;) {
    if (how !== undefined)
      throw new Error(`The process ended with ${how} before ${url} answered:\n${lastLines(started.output())}`);
    const answer = await fetch(url).catch(() => null);
    if (answer?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${url} did not answer within ${timeoutMs} ms:\n${lastLines(started.output())}`);
}

const lastLines = (output: string): string => output.split('\n').slice(-60).join('\n');

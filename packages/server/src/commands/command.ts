import type { ParseArgsConfig, ParseArgsOptionsConfig } from 'node:util';
import { parseArgs } from 'node:util';

/** A sub-command. `run` answers the exit code; `print` writes one line to standard output. */
export interface Command {
  name: string;
  summary: string;
  run(args: string[], print: (line: string) => void): Promise<number>;
}

type Values<Options extends ParseArgsOptionsConfig> = ReturnType<
  typeof parseArgs<ParseArgsConfig & { options: Options; strict: true }>
>['values'];

/** Declares a sub-command with `node:util` parseArgs options. @throws TypeError for an unknown option, naming it. */
export const defineCommand = <Options extends ParseArgsOptionsConfig>(command: {
  name: string;
  summary: string;
  options: Options;
  run(options: Values<Options>, print: (line: string) => void): Promise<number>;
}): Command => ({
  name: command.name,
  summary: command.summary,
  run: (args, print) =>
    command.run(parseArgs({ args, options: command.options, strict: true }).values as Values<Options>, print),
});

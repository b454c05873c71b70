#!/usr/bin/env node
import { all } from './commands/all.ts';
import type { Command } from './commands/command.ts';
import { migrate } from './commands/migrate.ts';
import { roleSync } from './commands/role-sync.ts';
import { web, worker } from './commands/services.ts';
import { DirectoryInUseError } from './config/data-directory.ts';
import { SettingsError } from './config/settings.ts';
import { PortInUseError } from './listen.ts';

const commands: readonly Command[] = [all, web, worker, migrate, roleSync];

const print = (line: string): void => void process.stdout.write(`${line}\n`);
const complain = (line: string): void => void process.stderr.write(`${line}\n`);

const usage = (): string =>
  ['Usage: tracehouse [command]', '', ...commands.map(({ name, summary }) => `  ${name.padEnd(10)} ${summary}`)].join(
    '\n',
  );

async function main([first, ...rest]: string[]): Promise<number> {
  if (first === 'help' || first === '--help' || first === '-h') {
    print(usage());
    return 0;
  }
  const named = first !== undefined && !first.startsWith('-');
  const command = named ? commands.find(({ name }) => name === first) : all;
  if (!command) {
    complain(`There is no command '${first}'.\n\n${usage()}`);
    return 2;
  }
  try {
    return await command.run(named ? rest : [first, ...rest].filter((arg) => arg !== undefined), print);
  } catch (error) {
    // What a person can mend is a sentence; anything else needs its stack.
    const plain = [SettingsError, DirectoryInUseError, PortInUseError].some((kind) => error instanceof kind);
    complain(error instanceof Error ? (plain ? error.message : (error.stack ?? error.message)) : String(error));
    return 1;
  }
}

// The engine's threads would keep the process alive, so the exit is explicit.
process.exit(await main(process.argv.slice(2)));

import { type Command, CommanderError, Option } from 'commander';
import { rcxVersion } from '../ts/system/version.ts';
import { GoCommand } from './command.ts';
import type { CommandEntry } from './commands/index.ts';
import { printable, report, USAGE_ERROR } from './output/errors.ts';
import { FAILURE } from './output/failures.ts';
import { write } from './output/print.ts';

/** Only the module of the command that is asked for is loaded: the start of the program is part of a container's start. */
async function program(words: readonly string[], commands: readonly CommandEntry[]): Promise<Command> {
  // The one option before a command that has a word of its own behind it.
  const name = words.find((word, at) => !word.startsWith('-') && words[at - 1] !== '--cgroup-manager');
  const known = commands.find((command) => command.name === name || command.aliases?.includes(name ?? ''));
  const root = new GoCommand('rcx')
    .description('Containers as an npm dependency: no daemon, nothing to install besides npm')
    .option('--debug', 'print stack traces of errors')
    .addOption(
      new Option('--cgroup-manager <manager>', 'who makes containers’ cgroups')
        .choices(['cgroupfs', 'systemd'])
        .env('RCX_CGROUP_MANAGER'),
    )
    .enablePositionalOptions()
    .configureOutput({ writeOut: write, outputError: (text, writeError) => writeError(usageError(text, known?.name)) })
    .exitOverride();
  // Not at every start: it is read from a file.
  if (known === undefined) root.version(`rcx version ${rcxVersion()}`, '-v, --version', 'print the version');
  for (const command of known === undefined ? commands : [known]) (await command.load()).register(root);
  return root;
}

/** commander's words in the one line of all errors. */
function usageError(text: string, command: string | undefined): string {
  const what = text
    .replace(/^error: /, '')
    .replace(/\.?\s*$/, '')
    .replaceAll('\n', ' ');
  return `${printable(`rcx: ${what}; see: ${['rcx', command, '--help'].filter(Boolean).join(' ')}`)}\n`;
}

/** Of Docker's commands `run` tells by its exit code why there was no program to end with another one, and `exec` partly. */
function exitCodeOf(command: string | undefined, code: number): number {
  if (command === undefined || command === 'run') return code;
  return command === 'exec' && code !== USAGE_ERROR ? code : FAILURE;
}

/**
 * Does what a command line asks for, and sets the exit code.
 * @param commands those that there are
 */
export async function main(words: readonly string[], commands: readonly CommandEntry[]): Promise<void> {
  let command: string | undefined;
  let root: Command | undefined;
  try {
    root = await program(words, commands);
    root.hook('preAction', (_, acting) => {
      command = acting.name();
    });
    if (words.length === 0) root.outputHelp();
    else await root.parseAsync(words, { from: 'user' });
  } catch (error) {
    // commander has said what is wrong; --help and --version are no errors.
    if (error instanceof CommanderError) {
      const isHelp = error.exitCode === 0 || error.code === 'commander.help';
      process.exitCode = isHelp ? 0 : USAGE_ERROR;
    } else {
      const code = report(error, root?.opts<{ debug?: boolean }>().debug ?? false);
      process.exitCode = exitCodeOf(command, code);
    }
  }
}

import { Command, CommanderError } from 'commander';
import { rcxVersion } from '../ts/system/version.ts';
import { COMMANDS } from './commands/index.ts';
import { report, USAGE_ERROR } from './output/errors.ts';
import { write } from './output/print.ts';

/** Only the module of the command that is asked for is loaded: the start of the program is part of a container's start. */
async function program(words: readonly string[]): Promise<Command> {
  const root = new Command('rcx')
    .description('Containers as an npm dependency: no daemon, nothing to install besides npm')
    .option('--debug', 'print stack traces of errors')
    .enablePositionalOptions()
    .showHelpAfterError('(see: rcx --help)')
    .configureOutput({ writeOut: write })
    .exitOverride();
  const name = words.find((word) => !word.startsWith('-'));
  const known = COMMANDS.find((command) => command.name === name || command.aliases?.includes(name ?? ''));
  // Not at every start: it is read from a file.
  if (known === undefined) root.version(`rcx version ${rcxVersion()}`, '-v, --version', 'print the version');
  for (const command of known === undefined ? COMMANDS : [known]) (await command.load()).register(root);
  return root;
}

async function main(words: readonly string[]): Promise<void> {
  try {
    const root = await program(words);
    if (words.length === 0) root.outputHelp();
    else await root.parseAsync(words, { from: 'user' });
  } catch (error) {
    // commander has said what is wrong; --help and --version are no errors.
    if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : USAGE_ERROR;
    else process.exitCode = report(error, words.includes('--debug'));
  }
}

void main(process.argv.slice(2));

import type { Command } from 'commander';
import { execInNamespace } from '../../ts/rootless/namespace.ts';
import { warnOfReduced } from '../engine.ts';

export function register(parent: Command): void {
  parent
    .command('unshare')
    .summary('run a program as root of this user’s namespace')
    .description(
      'Run a program, or a shell, in the user namespace that the containers of an ordinary user are in: there he is root, and the ' +
        'files of his subordinate ids are his to read, change and remove.',
    )
    .argument('[command...]', 'program and arguments, instead of $SHELL')
    .passThroughOptions()
    .addHelpText('after', '\nExample:\n  rcx unshare rm -rf ~/data-of-a-container')
    .action(async (words: string[]) => {
      await execInNamespace(words.length > 0 ? words : [process.env.SHELL || '/bin/sh'], warnOfReduced);
    });
}

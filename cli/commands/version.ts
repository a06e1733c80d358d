import type { Command } from 'commander';
import { type VersionInfo, versionInfo } from '../../ts/system/version.ts';
import { formatOption, printJson } from '../output/json.ts';
import { print } from '../output/print.ts';

export function register(parent: Command): void {
  parent
    .command('version')
    .summary('show the versions of rcx, Node and the kernel')
    .description('Show the versions of rcx and of what it stands on.')
    .addOption(formatOption())
    .action((flags: { format?: 'json' }) => {
      const info = versionInfo();
      if (flags.format === 'json') printJson(info);
      else print(versionText(info));
    });
}

function versionText({ Version, Node, Kernel, Os, Arch }: VersionInfo): string {
  return [`rcx version ${Version}`, ` Node:      ${Node}`, ` Kernel:    ${Kernel}`, ` OS/Arch:   ${Os}/${Arch}`].join(
    '\n',
  );
}

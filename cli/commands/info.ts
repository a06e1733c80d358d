import type { Command } from 'commander';
import { type SystemInfo, systemInfo } from '../../ts/system/info.ts';
import { openEngine } from '../engine.ts';
import { formatMemory, formatSize } from '../output/format.ts';
import { formatOption, printJson } from '../output/json.ts';
import { print } from '../output/print.ts';

export function register(parent: Command): void {
  parent
    .command('info')
    .summary('show what there is and what this machine offers')
    .description(
      'Show the store with what is in it, and how containers are made on this machine: control groups, overlay, the way the ' +
        'root is changed.',
    )
    .addOption(formatOption())
    .action(action);
}

async function action(flags: { format?: 'json' }): Promise<void> {
  const info = await systemInfo(openEngine());
  if (flags.format === 'json') printJson(info);
  else print(infoText(info));
}

export function infoText(info: SystemInfo): string {
  const overlay =
    info.OverlayApi === 'fsconfig'
      ? 'fsconfig(2), a layer at a time'
      : 'mount(2), layers by descriptor (before Linux 6.8)';
  const root = info.RootChange === 'pivot_root' ? 'pivot_root' : 'chroot (/ is an initramfs, which cannot be pivoted)';
  const lines: [string, string | number][] = [
    ['Version', info.Version],
    ['Root directory', info.RootDir],
    ['Run directory', info.RunDir],
    ['Containers', `${info.Containers} (${info.ContainersRunning} running, ${info.ContainersStopped} stopped)`],
    ['Images', info.Images],
    ['Layers', `${info.Layers.count} (${formatSize(info.Layers.size)} unpacked)`],
    ['Blobs', `${info.Blobs.count} (${formatSize(info.Blobs.size)})`],
    ['Storage driver', info.Driver],
    ['Overlay mounts', overlay],
    ['Root change', root],
    ['Cgroup version', info.CgroupVersion],
    ...info.Cgroups.map(({ path, controllers }): [string, string] => [` ${path}`, controllers.join(' ') || '(none)']),
    ['Seccomp', info.Seccomp ? 'default filter' : 'not in this kernel'],
    ['Rootless', info.Rootless ? 'yes' : 'no'],
    ['Kernel', info.KernelVersion],
    ['Operating system', info.OperatingSystem],
    ['OS/Arch', `${info.OSType}/${info.Architecture}`],
    ['CPUs', info.NCPU],
    ['Memory', formatMemory(info.MemTotal)],
    ['Node', info.NodeVersion],
  ];
  return lines.map(([name, value]) => `${name}: ${value}`).join('\n');
}

import { constants, copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import type { TestProject } from 'vitest/node';
import { unmet } from '../requires.ts';
import { type Boot, boot } from './boot.ts';
import { type Busybox, makeDisk } from './disk.ts';
import { makeInitramfs } from './initramfs.ts';
import { type GuestKernel, provideKernel } from './kernel.ts';
import { unpackedPackage } from './packages.ts';
import { makePolicy } from './policy.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The machine that ran, or why none could. */
    vm: Boot | { unavailable: string };
  }
}

const COMMANDS = [
  'qemu-system-x86_64',
  'apt-get',
  'apt-cache',
  'dpkg-deb',
  'cpio',
  'gcc',
  'ldd',
  'mkfs.ext4',
  'newuidmap',
];

/**
 * Boots a machine with AppArmor, which runs nearly every check, and one with SELinux for those that need it: a kernel has one of the
 * two. The tests read what came of them.
 */
export default async function setup(project: TestProject): Promise<void> {
  project.provide('vm', await run());
}

async function run(): Promise<Boot | { unavailable: string }> {
  const reason = unmet({ root: true, commands: COMMANDS });
  if (reason !== undefined) return { unavailable: reason };
  // The machine runs this Node.
  if (process.arch !== 'x64') return { unavailable: `needs an x64 machine, this is ${process.arch}` };
  const parts = await provideParts().catch((error: Error) => ({ unavailable: firstLine(error) }));
  if ('unavailable' in parts) return parts;
  const scratch = await mkdtemp(join(tmpdir(), 'rcx-vm-'));
  try {
    const { kernel, busybox, apparmor } = parts;
    const initramfs = await makeInitramfs(scratch, busybox, kernel.modules);
    const policy = await makePolicy(scratch);
    const machine = { kernel: kernel.image, initramfs, disk: await makeDisk(scratch, { busybox, apparmor, policy }) };
    const second = join(scratch, 'selinux');
    await mkdir(second);
    await copyFile(machine.disk, join(second, 'disk.ext4'), constants.COPYFILE_FICLONE);
    const boots = await Promise.all([
      boot(scratch, machine),
      boot(second, { ...machine, disk: join(second, 'disk.ext4') }, 'security=selinux'),
    ]);
    return both(...boots);
  } finally {
    await rm(scratch, { recursive: true });
  }
}

function both(one: Boot, other: Boot): Boot {
  return {
    results: { ...one.results, ...other.results },
    finished: one.finished && other.finished,
    console: `${one.console}\n${other.console}`,
  };
}

/** Everything that comes from the network on the first run. */
async function provideParts(): Promise<{ kernel: GuestKernel; busybox: Busybox; apparmor: string }> {
  const path = join(await unpackedPackage('busybox-static'), 'bin/busybox');
  const { stdout } = await execa(path, ['--list']);
  const applets = stdout.split('\n').filter((name) => name !== 'busybox');
  const apparmor = await unpackedPackage('apparmor');
  return { kernel: await provideKernel(), busybox: { path, applets }, apparmor };
}

function firstLine({ message }: Error): string {
  return message.split('\n', 1)[0] ?? '';
}

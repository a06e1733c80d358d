import { cp, mkdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { execa } from 'execa';
import { type Busybox, GUEST_SCRIPTS, installBusybox } from './disk.ts';

/** Packs the first root of a machine: busybox, the kernel's modules, and the program that goes on from there. */
export async function makeInitramfs(scratch: string, busybox: Busybox, modules: readonly string[]): Promise<string> {
  const root = join(scratch, 'initramfs');
  for (const name of ['dev', 'disk', 'modules', 'proc', 'sys']) await mkdir(join(root, name), { recursive: true });
  await installBusybox(root, busybox);
  await cp(join(GUEST_SCRIPTS, 'init'), join(root, 'init'));
  for (const module of modules) await cp(module, join(root, 'modules', basename(module)));
  await writeFile(join(root, 'modules/order'), modules.map((module) => `${basename(module)}\n`).join(''));
  const archive = join(scratch, 'initramfs.cpio');
  const names = await execa('find', ['.'], { cwd: root });
  const pack = ['--create', '--quiet', '--format=newc', '--owner=0:0', `--file=${archive}`];
  await execa('cpio', pack, { cwd: root, input: names.stdout });
  return archive;
}

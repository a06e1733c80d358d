import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { unpackedPackage } from './packages.ts';

/** A kernel to boot. */
export interface GuestKernel {
  image: string;
  /** Files of the modules that the machine needs, in an order in which they can be loaded. */
  modules: string[];
}

/** The disk, the union mount, and what a machine loads by itself when networks are made. */
const WANTED = [
  ...['virtio_pci', 'virtio_blk', 'overlay'],
  ...['bridge', 'veth', 'nf_tables', 'nft_chain_nat', 'nft_nat', 'nft_masq', 'nft_ct', 'nft_fib_inet'],
  // And of an ordinary user.
  ...['nft_tproxy', 'nft_socket', 'af_packet'],
];

/** Debian's kernel for virtual machines: for users' machines it is as good as any, and small. */
export async function provideKernel(): Promise<GuestKernel> {
  const folder = await unpackedPackage('linux-image-cloud-amd64');
  const image = (await readdir(join(folder, 'boot'))).find((name) => name.startsWith('vmlinuz-'));
  if (image === undefined) throw new Error(`${folder}/boot has no vmlinuz`);
  return { image: join(folder, 'boot', image), modules: await inLoadingOrder(join(folder, 'lib/modules')) };
}

async function inLoadingOrder(folder: string): Promise<string[]> {
  const files = (await readdir(folder, { recursive: true })).filter((path) => path.endsWith('.ko'));
  const byName = new Map(files.map((path) => [basename(path, '.ko').replaceAll('-', '_'), join(folder, path)]));
  const ordered = new Set<string>();
  const add = async (name: string): Promise<void> => {
    const path = byName.get(name);
    // Not a file of its own: built into the kernel.
    if (path === undefined || ordered.has(path)) return;
    for (const dependency of await dependencies(path)) await add(dependency);
    ordered.add(path);
  };
  for (const name of WANTED) await add(name);
  return [...ordered];
}

/** From the module itself, as depmod reads it: `modules.dep` is written when a kernel is installed. */
async function dependencies(module: string): Promise<string[]> {
  const [, names = ''] = /\0depends=([^\0]*)\0/.exec(await readFile(module, 'latin1')) ?? [];
  return names.split(',').filter((name) => name !== '');
}

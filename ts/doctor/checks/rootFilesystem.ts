import { statfsSync } from 'node:fs';
import { rootChange } from '../../system/kernel.ts';
import type { MountEntry } from '../../system/mountTable.ts';
import { type Finding, missing, ok, reduced } from '../finding.ts';
import type { Host } from '../host.ts';

/** statfs(2): what the store may lie on, and what overlayfs cannot write to. */
const FILESYSTEMS: Record<number, { name: string; unusable?: true }> = {
  61267: { name: 'ext4' },
  1481003842: { name: 'xfs' },
  2435016766: { name: 'btrfs' },
  16914836: { name: 'tmpfs' },
  4076150800: { name: 'f2fs' },
  801189825: { name: 'zfs' },
  2035054128: { name: 'overlay', unusable: true },
  26985: { name: 'nfs', unusable: true },
  4283649346: { name: 'cifs', unusable: true },
  1702057286: { name: 'fuse', unusable: true },
  61791: { name: 'ecryptfs', unusable: true },
  2240043254: { name: 'ramfs', unusable: true },
  19780: { name: 'vfat', unusable: true },
};

/** What an image and its layers may well need. */
const LITTLE_SPACE = 2 * 1024 ** 3;
const FEW_INODES = 200_000;

/** The union mount, where the store is, and how the root is changed. */
export function rootFindings(host: Host, store: string, mounts: readonly MountEntry[]): Finding[] {
  return [overlay(host), ...storeFindings(store), root(mounts)];
}

function overlay(host: Host): Finding {
  const known = host
    .read('/proc/filesystems')
    ?.split('\n')
    .some((line) => line.endsWith('\toverlay'));
  if (known) return ok('overlayfs', 'in the kernel');
  // The kernel loads it by itself at the first mount, if it may.
  return reduced(
    'overlayfs',
    'not loaded',
    'the first container has to load it, which fails inside other containers',
    'modprobe overlay && echo overlay > /etc/modules-load.d/overlay.conf',
  );
}

function storeFindings(store: string): Finding[] {
  const { type, bavail, bsize, ffree, files } = statfsSync(store);
  const known = FILESYSTEMS[type];
  const name = known?.name ?? `file system 0x${type.toString(16)}`;
  const where = `${store} on ${name}`;
  if (known?.unusable) {
    return [
      missing(
        'store',
        where,
        'overlayfs cannot write to it',
        'set RCX_ROOT to a directory on ext4, xfs, btrfs or tmpfs',
      ),
    ];
  }
  return [ok('store', where), space(store, bavail * bsize), inodes(store, ffree, files)];
}

function space(store: string, bytes: number): Finding {
  const found = `${(bytes / 1024 ** 3).toFixed(1)} GiB free`;
  if (bytes >= LITTLE_SPACE) return ok('space', found);
  return reduced(
    'space',
    `${found} at ${store}`,
    'a pull of a large image may not fit',
    'rcx system prune -a, or a larger disk for RCX_ROOT',
  );
}

function inodes(store: string, free: number, all: number): Finding {
  // btrfs makes them as they are needed, and says 0.
  if (all === 0) return ok('inodes', 'as many as are needed');
  if (free >= FEW_INODES) return ok('inodes', `${free} free`);
  return reduced(
    'inodes',
    `${free} free at ${store}`,
    'each file of an image takes one',
    'rcx system prune -a, or a file system that was made with more: mkfs.ext4 -i 8192',
  );
}

function root(mounts: readonly MountEntry[]): Finding {
  if (rootChange(mounts) === 'pivot_root') return ok('change of root', 'pivot_root');
  return reduced(
    'change of root',
    'chroot: / is the initramfs',
    'the kernel refuses pivot_root there; the mounts of the host are detached instead, which takes a little longer',
    'boot into a real root file system: switch_root',
  );
}

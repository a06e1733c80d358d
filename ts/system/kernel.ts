import { existsSync, readFileSync } from 'node:fs';
import { release } from 'node:os';
import type { MountEntry } from './mountTable.ts';

/** How the union mount is made: by `fsconfig(2)` with a layer at a time, or by `mount(2)` and one page of options. */
export type OverlayApi = 'fsconfig' | 'mount';

/** overlayfs takes layers one at a time from Linux 6.8 on. The launch itself tries it and needs no version. */
export function overlayApi(kernel: string = release()): OverlayApi {
  const [major = 0, minor = 0] = kernel.split(/[.-]/).map(Number);
  return major > 6 || (major === 6 && minor >= 8) ? 'fsconfig' : 'mount';
}

/** What a container's root is changed by. The kernel refuses pivot_root where `/` is the initramfs itself. */
export type RootChange = 'pivot_root' | 'chroot';

export function rootChange(mounts: readonly MountEntry[]): RootChange {
  // What was mounted last over the same place is what is seen.
  const root = mounts.filter(({ path }) => path === '/').at(-1);
  return root?.type === 'rootfs' ? 'chroot' : 'pivot_root';
}

/** Whether the kernel has seccomp filters. */
export function hasSeccomp(): boolean {
  return existsSync('/proc/sys/kernel/seccomp/actions_avail');
}

/** The distribution's own name, os-release(5). */
export function operatingSystem(): string {
  for (const path of ['/etc/os-release', '/usr/lib/os-release']) {
    if (!existsSync(path)) continue;
    const name = /^PRETTY_NAME=(["']?)(.*)\1$/m.exec(readFileSync(path, 'utf8'))?.[2];
    if (name !== undefined) return name;
  }
  return 'Linux';
}

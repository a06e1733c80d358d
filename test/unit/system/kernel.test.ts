import { describe, expect, it } from 'vitest';
import { overlayApi, rootChange } from '../../../ts/system/kernel.ts';
import { mountTable, parseMountTable } from '../../../ts/system/mountTable.ts';

describe('overlayApi', () => {
  it.each([
    ['5.10.0-28-amd64', 'mount'],
    ['6.7.12', 'mount'],
    ['6.8.0', 'fsconfig'],
    ['6.18.44-fc', 'fsconfig'],
    ['7.0-rc1', 'fsconfig'],
    ['10.1', 'fsconfig'],
  ])('of Linux %s is %s', (kernel, api) => {
    expect(overlayApi(kernel)).toBe(api);
  });
});

describe('rootChange', () => {
  const rootfs = '1 1 0:2 / / rw - rootfs rootfs rw\n';
  const disk = '27 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n';

  it.each([
    ['a disk', disk, 'pivot_root'],
    ['an initramfs', rootfs, 'chroot'],
    ['a disk over an initramfs', rootfs + disk, 'pivot_root'],
  ])('on %s', (_, mounts, change) => {
    expect(rootChange(parseMountTable(mounts))).toBe(change);
  });
});

describe('mountTable', () => {
  it('has this machine’s root and proc', () => {
    expect(mountTable()).toContainEqual(expect.objectContaining({ path: '/' }));
    expect(mountTable()).toContainEqual(expect.objectContaining({ path: '/proc', type: 'proc' }));
  });
});

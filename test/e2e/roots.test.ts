import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { expectFailure, newStore, type Store } from '../support/cli.ts';
import { copyImage } from '../support/images.ts';

let store: Store;
let rootfs: string;
beforeAll(async () => {
  store = await newStore({ images: true });
  rootfs = join(store.folder, 'rootfs');
  const layout = join(store.folder, 'layout');
  await copyImage(`docker://${inject('e2e').registry}/library/ubuntu:latest`, `oci:${layout}:latest`);
  await execa('umoci', ['unpack', '--image', `${layout}:latest`, join(store.folder, 'bundle')]);
  await execa('mv', [join(store.folder, 'bundle/rootfs'), rootfs]);
});
afterAll(() => store.close());

async function inspect(name: string) {
  return JSON.parse(await store.ok(['inspect', name]))[0];
}

describe('--rootfs', () => {
  it('runs in a directory, which keeps what is written', async () => {
    const script = 'grep -c bookworm /etc/os-release; echo kept > /root/kept; hostname';
    const output = await store.ok(['run', '--rm', '-h', 'box', '--rootfs', rootfs, 'sh', '-c', script]);
    expect(output).toMatch(/^[1-9]\nbox\n$/);
    expect(readFileSync(join(rootfs, 'root/kept'), 'utf8')).toBe('kept\n');
  });

  it('takes a path from the working directory on', async () => {
    const options = { cwd: store.folder };
    expect(await store.ok(['run', '--rm', '--rootfs', './rootfs', 'cat', '/root/kept'], options)).toBe('kept\n');
  });

  it('leaves no device or process file system in it', async () => {
    await store.ok(['run', '--rm', '--rootfs', rootfs, 'true']);
    expect(existsSync(join(rootfs, 'proc/self'))).toBe(false);
    expect(existsSync(join(rootfs, 'dev/pts/ptmx'))).toBe(false);
  });

  it('refuses an empty path: that of an unset variable would be the working directory', async () => {
    const empty = mkdtempSync(join(store.folder, 'cwd-'));
    expectFailure(await store.rcx(['run', '--rm', '--rootfs', '', 'true'], { cwd: empty }), 125, /root filesystem/);
    expect(readdirSync(empty)).toEqual([]);
  });

  it('refuses what is no directory', async () => {
    expectFailure(await store.rcx(['run', '--rm', '--rootfs', '/no/such', 'true']), 125, /\/no\/such/);
    expectFailure(await store.rcx(['run', '--rm', '--rootfs', '/etc/passwd', 'true']), 125, /\/etc\/passwd/);
  });

  it('says when there is no such program in it', async () => {
    const empty = join(store.folder, 'empty');
    mkdirSync(empty);
    expectFailure(await store.rcx(['run', '--rm', '--rootfs', empty, '/bin/sh']), 127, /\/bin\/sh/);
  });
});

describe('the change of root', () => {
  it('is pivot_root, and inspect says so', async () => {
    await store.ok(['run', '--name', 'pivoted', 'ubuntu', 'true']);
    expect(await inspect('pivoted')).toMatchObject({ RootChange: 'pivot_root' });
  });

  it('is a move and chroot with --no-pivot, and inspect says so', async () => {
    const view = 'ls /; cat /proc/mounts | wc -l; cat /etc/os-release | head -1; cd ..; pwd';
    const usual = await store.ok(['run', '--rm', 'ubuntu', 'sh', '-c', view]);
    expect(await store.ok(['run', '--name', 'moved', '--no-pivot', 'ubuntu', 'sh', '-c', view])).toBe(usual);
    expect(await inspect('moved')).toMatchObject({ RootChange: 'chroot' });
  });
});

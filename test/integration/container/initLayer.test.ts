import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeInitLayer, readImageRoot } from '../../../ts/container/initLayer.ts';
import { describeWith } from '../../support/requires.ts';

let folder: string;
let init: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rcx-init-'));
  init = join(folder, 'init');
  mkdirSync(init);
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A layer of the image. */
function layer(name: string): string {
  const path = join(folder, name);
  mkdirSync(path);
  return path;
}

function directory(path: string, mode = 0o755): void {
  mkdirSync(path, { recursive: true });
  chmodSync(path, mode);
}

function file(path: string, content = ''): void {
  directory(dirname(path));
  writeFileSync(path, content);
}

const mode = (path: string) => statSync(join(init, path)).mode & 0o7777;

describe('the init layer', () => {
  it('has the mount points and files that rcx needs, empty', () => {
    makeInitLayer(init, readImageRoot([]));
    expect(readdirSync(init).sort()).toEqual(['dev', 'etc', 'proc', 'sys']);
    expect(readdirSync(join(init, 'etc')).sort()).toEqual(['hostname', 'hosts', 'mtab', 'resolv.conf']);
    expect(readFileSync(join(init, 'etc/hosts'), 'utf8')).toBe('');
    expect(readlinkSync(join(init, 'etc/mtab'))).toBe('/proc/mounts');
  });

  it('has the modes of the topmost layer that has a directory', () => {
    const [top, base] = [layer('top'), layer('base')];
    directory(join(base, 'proc'), 0o555);
    directory(join(base, 'etc'), 0o700);
    directory(join(top, 'etc'), 0o1751);
    chmodSync(top, 0o711);
    chmodSync(base, 0o700);
    makeInitLayer(init, readImageRoot([top, base]));
    expect([mode('.'), mode('proc'), mode('etc'), mode('dev')]).toEqual([0o711, 0o555, 0o1751, 0o755]);
    expect(readImageRoot([top, base]).root).toMatchObject({ mode: 0o711 });
  });

  it('leaves the image’s own mtab alone', () => {
    const [top, base] = [layer('top'), layer('base')];
    file(join(base, 'etc/mtab'));
    directory(join(top, 'etc'));
    makeInitLayer(init, readImageRoot([top, base]));
    expect(readdirSync(join(init, 'etc'))).not.toContain('mtab');
  });

  it('puts no directory over an image’s link, which leads elsewhere', () => {
    const base = layer('base');
    symlinkSync('usr/etc', join(base, 'etc'));
    makeInitLayer(init, readImageRoot([base]));
    expect(readdirSync(init)).not.toContain('etc');
  });

  it('puts a directory over what must not be the way to a mount', () => {
    const base = layer('base');
    symlinkSync('/tmp', join(base, 'proc'));
    file(join(base, 'dev'));
    file(join(base, 'etc'));
    makeInitLayer(init, readImageRoot([base]));
    for (const name of ['proc', 'dev', 'etc']) expect(lstatSync(join(init, name)).isDirectory()).toBe(true);
    expect(readdirSync(join(init, 'etc'))).toContain('mtab');
  });

  it.each([
    ['the host', '/etc'],
    ['itself', 'etc'],
  ])('follows no link of a lower layer to %s', (_, target) => {
    const [top, base] = [layer('top'), layer('base')];
    directory(join(top, 'etc'));
    symlinkSync(target, join(base, 'etc'));
    makeInitLayer(init, readImageRoot([top, base]));
    expect(readdirSync(join(init, 'etc'))).toContain('mtab');
  });
});

describeWith({ root: true, commands: ['mknod', 'setfattr'] }, 'the init layer, made by root', () => {
  it('has the owners of the image', () => {
    const base = layer('base');
    directory(join(base, 'etc'));
    chownSync(join(base, 'etc'), 12, 34);
    chownSync(base, 56, 78);
    makeInitLayer(init, readImageRoot([base]));
    expect(statSync(join(init, 'etc'))).toMatchObject({ uid: 12, gid: 34 });
    expect(statSync(init)).toMatchObject({ uid: 56, gid: 78 });
    expect(statSync(join(init, 'proc'))).toMatchObject({ uid: 0, gid: 0 });
  });

  it('takes an opaque directory for the end of what is in it below', () => {
    const [top, base] = [layer('top'), layer('base')];
    file(join(base, 'etc/mtab'));
    directory(join(top, 'etc'), 0o711);
    execFileSync('setfattr', ['-n', 'trusted.overlay.opaque', '-v', 'y', join(top, 'etc')]);
    makeInitLayer(init, readImageRoot([top, base]));
    expect(mode('etc')).toBe(0o711);
    expect(readdirSync(join(init, 'etc'))).toContain('mtab');
  });

  it('takes a whiteout for the end of what is below', () => {
    const [top, base] = [layer('top'), layer('base')];
    directory(join(base, 'proc'), 0o500);
    directory(join(base, 'etc'), 0o500);
    file(join(base, 'etc/mtab'));
    for (const name of ['proc', 'etc']) execFileSync('mknod', [join(top, name), 'c', '0', '0']);
    makeInitLayer(init, readImageRoot([top, base]));
    expect([mode('proc'), mode('etc')]).toEqual([0o755, 0o755]);
    expect(readdirSync(join(init, 'etc'))).toContain('mtab');
  });
});

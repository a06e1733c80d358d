import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type CollectEvent, collectRootfs } from '../../../../ts/image/fromHost/rootfs.ts';
import type { TreeEntry } from '../../../../ts/image/fromHost/tree.ts';
import { HostFixture } from './hostFixture.ts';

const LOADER = '/lib64/ld-linux-x86-64.so.2';

let fixture: HostFixture;
beforeEach(() => {
  fixture = new HostFixture()
    .directory('/usr/bin')
    .directory('/usr/lib64')
    .link('/bin', 'usr/bin')
    .link('/lib64', 'usr/lib64')
    .elf(LOADER, { soname: 'ld-linux-x86-64.so.2' })
    .elf('/usr/bin/dash', { interpreter: LOADER, needed: ['libc.so.6'] })
    .link('/usr/bin/sh', 'dash')
    .elf('/lib/libc.so.6.1', { soname: 'libc.so.6' })
    .link('/lib/libc.so.6', 'libc.so.6.1')
    .ldCache('/lib/libc.so.6', '/lib/libunused.so.1');
});
afterEach(() => fixture.remove());

const collect = (...programs: string[]) => collectRootfs({ root: fixture.root, programs });
const find = (entries: TreeEntry[], path: string) => entries.find((entry) => entry.path === path);
const paths = (entries: TreeEntry[]) => entries.map((entry) => entry.path);

describe('collectRootfs', () => {
  it('takes a program, its loader, its libraries and every link on the way', () => {
    const { entries, command } = collect('sh');
    expect(command).toEqual(['sh']);
    expect(paths(entries)).toEqual(
      expect.arrayContaining(['/bin', '/usr/bin/sh', '/usr/bin/dash', '/lib64', '/usr/lib64/ld-linux-x86-64.so.2']),
    );
    expect(find(entries, '/lib/libc.so.6')).toMatchObject({ type: 'symlink', target: 'libc.so.6.1' });
    expect(find(entries, '/lib/libc.so.6.1')).toMatchObject({ type: 'file', mode: 0o755 });
  });

  it('lists parents before their children, each path once', () => {
    const { entries } = collect('sh', '/bin/dash', 'dash');
    const seen = new Set(['/']);
    for (const { path } of entries) {
      expect(seen.has(path)).toBe(false);
      expect(seen.has(path.slice(0, path.lastIndexOf('/')) || '/')).toBe(true);
      seen.add(path);
    }
  });

  it('writes a loader cache of what the image holds', () => {
    fixture.elf('/lib/libunused.so.1');
    const cache = find(collect('sh').entries, '/etc/ld.so.cache');
    const text = cache?.type === 'text' ? cache.content.toString('latin1') : '';
    expect(text).toContain('/lib/libc.so.6');
    expect(text).not.toContain('libunused');
  });

  it('has the directories and accounts that programs expect', () => {
    const { entries } = collect('sh');
    expect(find(entries, '/tmp')).toMatchObject({ type: 'directory', mode: 0o1777 });
    expect(find(entries, '/root')).toMatchObject({ type: 'directory', mode: 0o700 });
    expect(find(entries, '/etc/passwd')).toMatchObject({ type: 'text', mode: 0o644 });
  });

  it('takes the interpreters of scripts, those of env as well', () => {
    fixture
      .file('/usr/bin/tool', '#!/usr/bin/env -S runner --quiet\n', 0o755)
      .elf('/usr/bin/env', { interpreter: LOADER })
      .file('/usr/bin/runner', '#!/bin/sh\n', 0o755);
    const found = paths(collect('tool').entries);
    expect(found).toEqual(
      expect.arrayContaining(['/usr/bin/tool', '/usr/bin/env', '/usr/bin/runner', '/usr/bin/dash']),
    );
  });

  it('keeps permission bits, setuid included', () => {
    fixture.file('/usr/bin/su', '', 0o4755);
    expect(find(collect('su').entries, '/usr/bin/su')).toMatchObject({ mode: 0o4755 });
  });

  it('takes terminal descriptions and the UTF-8 locale', () => {
    fixture
      .file('/lib/terminfo/x/xterm', 'x')
      .file('/usr/share/terminfo/74/tmux', 't')
      .file('/lib/terminfo/v/vt9', 'v');
    fixture.file('/usr/lib/locale/C.utf8/LC_MESSAGES/SYS_LC_MESSAGES', 'm');
    const { entries, environment } = collect('sh');
    const found = paths(entries);
    expect(found).toContain('/lib/terminfo/x/xterm');
    expect(found).toContain('/usr/share/terminfo/74/tmux');
    expect(found).toContain('/usr/lib/locale/C.utf8/LC_MESSAGES/SYS_LC_MESSAGES');
    expect(found).not.toContain('/lib/terminfo/v/vt9');
    expect(environment).toContain('LANG=C.UTF-8');
  });

  it('names no locale where there is none', () => {
    expect(collect('sh').environment).toEqual([expect.stringMatching(/^PATH=/)]);
  });

  it('starts the first program where there is no shell', () => {
    fixture.elf('/opt/app/main', { type: 2 });
    expect(collect('/opt/app/main').command).toEqual(['/opt/app/main']);
  });
});

describe('without programs', () => {
  it('takes those of the default list that there are, and reports what it leaves out', () => {
    fixture.elf('/usr/bin/cat', { interpreter: LOADER, needed: ['libgone.so.1'] });
    const events: CollectEvent[] = [];
    const { entries } = collectRootfs({ root: fixture.root, onEvent: (event) => events.push(event) });
    expect(paths(entries)).toContain('/usr/bin/sh');
    expect(paths(entries)).not.toContain('/usr/bin/cat');
    expect(events).toEqual([
      { type: 'program', name: 'sh', path: '/usr/bin/sh' },
      { type: 'skipped', name: 'cat', reason: expect.stringContaining('libgone.so.1') },
    ]);
  });

  it('says so where the machine has none of them', () => {
    const empty = new HostFixture();
    try {
      expect(() => collectRootfs({ root: empty.root })).toThrow(
        expect.objectContaining({ code: 'ERR_RCX_PROGRAM_NOT_FOUND' }),
      );
    } finally {
      empty.remove();
    }
  });
});

describe('a program that cannot be taken', () => {
  it.each([
    ['missing', 'image from-host: missing: no such program on this machine'],
    ['/usr/bin/missing', 'image from-host: /usr/bin/missing: no such program on this machine'],
    ['/etc/plain', 'image from-host: /etc/plain: not an executable file'],
    ['/usr/bin', 'image from-host: /usr/bin: not an executable file'],
  ])('is an error: %s', (name, message) => {
    fixture.file('/etc/plain', 'x');
    expect(() => collect('sh', name)).toThrow(
      expect.objectContaining({ code: 'ERR_RCX_PROGRAM_NOT_FOUND', message, hint: expect.any(String) }),
    );
  });

  it('is an error: a script whose interpreter is missing', () => {
    fixture.file('/usr/bin/tool', '#!/usr/bin/gone\n', 0o755);
    expect(() => collect('tool')).toThrow('/usr/bin/gone');
  });

  it('is an error: scripts that interpret each other', () => {
    fixture.file('/usr/bin/a', '#!/usr/bin/b\n', 0o755).file('/usr/bin/b', '#!/usr/bin/a\n', 0o755);
    expect(() => collect('a')).toThrow(expect.objectContaining({ errno: 'ELOOP' }));
  });
});

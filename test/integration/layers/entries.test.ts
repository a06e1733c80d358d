import { describe, expect, test } from 'vitest';
import { scratchDirectory } from '../../support/scratch.ts';
import { TarBuilder } from '../../support/tarBuilder.ts';
import { unpackInto } from '../../support/unpacking.ts';

const scratch = scratchDirectory();
const tar = () => new TarBuilder();

describe('files', () => {
  test('content, owner, mode and time are the archive’s', async () => {
    const archive = tar().file('a', 'hello', { mode: 0o640, uid: 12, gid: 34, mtime: 1_600_000_000 }).build();
    const { tree, result } = await unpackInto(scratch, archive);
    expect(tree.a).toMatchObject({
      type: 'file',
      mode: '0640',
      owner: '12:34',
      mtime: '1600000000.000000000',
      size: 5,
    });
    expect(result).toMatchObject({ size: 5, entries: 1 });
  });

  test.each([1, 511, 512, 513, 1000])('an archive that arrives in pieces of %i bytes is the same', async (pieces) => {
    const archive = tar()
      .directory('d/')
      .pax([['path', `d/${'long'.repeat(60)}`]])
      .file('x', 'x'.repeat(1300))
      .file('d/empty')
      .file('d/exact', 'y'.repeat(512))
      .build();
    const whole = await unpackInto(scratch, archive);
    const parts = await unpackInto(scratch, archive, { pieces });
    expect(parts.tree).toEqual(whole.tree);
    expect(Object.keys(whole.tree)).toHaveLength(5);
  });

  test('setuid, setgid and sticky survive the change of owner', async () => {
    const archive = tar()
      .file('suid', 'x', { mode: 0o4755, uid: 1000 })
      .file('sgid', 'x', { mode: 0o2755, gid: 1000 })
      .directory('sticky', { mode: 0o1777 })
      .build();
    const { tree } = await unpackInto(scratch, archive);
    expect([tree.suid?.mode, tree.sgid?.mode, tree.sticky?.mode]).toEqual(['4755', '2755', '1777']);
  });

  test('a file without any permission is written all the same', async () => {
    const { tree } = await unpackInto(scratch, tar().file('a', 'secret', { mode: 0 }).build());
    expect(tree.a).toMatchObject({ mode: '0000', size: 6 });
  });

  test('the caller’s umask does not show', async () => {
    const before = process.umask(0o077);
    try {
      const archive = tar().file('a', '', { mode: 0o666 }).directory('d', { mode: 0o777 }).build();
      const { tree } = await unpackInto(scratch, archive);
      expect([tree.a?.mode, tree.d?.mode]).toEqual(['0666', '0777']);
    } finally {
      process.umask(before);
    }
  });

  test('user and group IDs above 2²¹ are read from base-256 numbers', async () => {
    const { tree } = await unpackInto(scratch, tar().file('a', '', { uid: 3_000_000_000, gid: 2_097_152 }).build());
    expect(tree.a?.owner).toBe('3000000000:2097152');
  });

  test('user and group IDs come from PAX records', async () => {
    const archive = tar()
      .pax([
        ['uid', '4000000000'],
        ['gid', '4000000001'],
      ])
      .file('a')
      .build();
    expect((await unpackInto(scratch, archive)).tree.a?.owner).toBe('4000000000:4000000001');
  });
});

describe('times', () => {
  test('PAX times have nanoseconds', async () => {
    const archive = tar()
      .pax([['mtime', '1700000000.123456789']])
      .file('a')
      .build();
    expect((await unpackInto(scratch, archive)).tree.a?.mtime).toBe('1700000000.123456789');
  });

  test('times before 1970 count their fraction forward', async () => {
    const archive = tar()
      .pax([['mtime', '-1.25']])
      .file('a')
      .file('b', '', { mtime: -5 })
      .build();
    const { tree } = await unpackInto(scratch, archive);
    expect([tree.a?.mtime, tree.b?.mtime]).toEqual(['-2.750000000', '-5.000000000']);
  });

  test('a directory keeps its time although it is filled afterwards', async () => {
    const archive = tar().directory('d', { mtime: 1000 }).directory('d/e', { mtime: 2000 }).file('d/e/f', 'x').build();
    const { tree } = await unpackInto(scratch, archive);
    expect([tree.d?.mtime, tree['d/e']?.mtime]).toEqual(['1000.000000000', '2000.000000000']);
  });

  test('a symbolic link has its own time', async () => {
    const { tree } = await unpackInto(scratch, tar().symlink('l', 'nowhere', { mtime: 77 }).build());
    expect(tree.l).toMatchObject({ type: 'symlink', target: 'nowhere', mtime: '77.000000000' });
  });
});

describe('names', () => {
  const long = `${'directory/'.repeat(30)}file`;

  test('PAX, GNU and ustar prefix long names', async () => {
    const archive = tar()
      .pax([['path', `pax/${long}`]])
      .file('short')
      .longName(`gnu/${long}`)
      .file('short', '', { format: 'gnu' })
      .file('file', '', { prefix: `ustar/${'d/'.repeat(70)}d` })
      .build();
    const { tree } = await unpackInto(scratch, archive);
    const files = Object.keys(tree).filter((path) => tree[path]?.type === 'file');
    expect(files).toEqual([`gnu/${long}`, `pax/${long}`, `ustar/${'d/'.repeat(71)}file`]);
  });

  test('long link targets, PAX and GNU', async () => {
    const archive = tar()
      .pax([['linkpath', long]])
      .symlink('pax', 'short')
      .longLinkName(long)
      .symlink('gnu', 'short', { format: 'gnu' })
      .build();
    const { tree } = await unpackInto(scratch, archive);
    expect([tree.pax?.target, tree.gnu?.target]).toEqual([long, long]);
  });

  test('names and targets that are not UTF-8 come out byte by byte', async () => {
    const name = Buffer.from([0x66, 0xff, 0xfe, 0x80, 0x2e]);
    const archive = tar()
      .file(name, 'x')
      .symlink('l', name)
      .hardlink('h', name)
      .pax([['path', name]])
      .file('short')
      .build();
    const { tree } = await unpackInto(scratch, archive);
    const bytes = name.toString('latin1');
    expect(Object.keys(tree)).toEqual(['.', bytes, 'h', 'l']);
    expect(tree.l?.target).toBe(bytes);
    expect(tree[bytes]).toMatchObject({ size: 0 });
    expect(tree.h).toMatchObject({ size: 1 });
  });

  test('UTF-8 names are not normalised: both spellings of ä are two files', async () => {
    const { tree } = await unpackInto(scratch, tar().file('\u00e4').file('a\u0308').build());
    expect(Object.keys(tree)).toHaveLength(3);
  });

  test('./, doubled slashes and inner .. are tidied', async () => {
    const archive = tar().directory('./').file('./a//b/../c', 'x').file('/abs/file').build();
    expect(Object.keys((await unpackInto(scratch, archive)).tree)).toEqual(['.', 'a', 'a/c', 'abs', 'abs/file']);
  });

  test('the root entry describes the layer’s own directory', async () => {
    const archive = tar().directory('./', { mode: 0o711, uid: 5, mtime: 99 }).file('a').build();
    const { tree } = await unpackInto(scratch, archive);
    expect(tree['.']).toMatchObject({ mode: '0711', owner: '5:0', mtime: '99.000000000' });
  });
});

describe('links', () => {
  test('hard links share one file, across directories and before their directory is described', async () => {
    const archive = tar()
      .file('a', 'data', { uid: 3 })
      .hardlink('d/b', 'a')
      .hardlink('c', './d/b')
      .directory('d')
      .build();
    const { tree } = await unpackInto(scratch, archive);
    expect([tree.c?.sameAs, tree['d/b']?.sameAs]).toEqual(['a', 'a']);
    expect(tree['d/b']?.owner).toBe('3:0');
  });

  test('a hard link to a symbolic link is another name of the link, not of what it leads to', async () => {
    const { tree } = await unpackInto(scratch, tar().file('f', 'x').symlink('s', 'f').hardlink('h', 's').build());
    expect(tree.s).toMatchObject({ type: 'symlink', sameAs: 'h' });
    expect(tree.f?.sameAs).toBeUndefined();
  });

  test('a hard link replaces what had its name; to itself it changes nothing', async () => {
    const archive = tar()
      .file('a', 'one')
      .file('b', 'two')
      .hardlink('b', 'a')
      .hardlink('a', 'a')
      .hardlink('a', 'b')
      .build();
    const { tree } = await unpackInto(scratch, archive);
    expect(tree.b).toMatchObject({ sameAs: 'a', size: 3 });
  });

  test('a hard link says nothing of the file’s owner and mode', async () => {
    const archive = tar().file('a', 'x', { mode: 0o600, uid: 1 }).hardlink('b', 'a', { mode: 0o777, uid: 2 }).build();
    expect((await unpackInto(scratch, archive)).tree.b).toMatchObject({ mode: '0600', owner: '1:0' });
  });

  test('the size of a link in its header is not content that follows', async () => {
    const archive = tar()
      .file('a', 'x')
      .hardlink('b', 'a', { size: 512 })
      .symlink('l', 'a', { size: 5 })
      .file('c')
      .build();
    expect(Object.keys((await unpackInto(scratch, archive)).tree)).toEqual(['.', 'a', 'b', 'c', 'l']);
  });
});

describe('special files', () => {
  test('devices in ustar and GNU headers, pipes', async () => {
    const archive = tar()
      .add({ name: 'null', type: '3', major: 1, minor: 3, mode: 0o666 })
      .add({ name: 'gnu', type: '3', major: 5, minor: 1, mode: 0o620, gid: 5, format: 'gnu' })
      .add({ name: 'sda', type: '4', major: 8, minor: 0, mode: 0o660 })
      .add({ name: 'pipe', type: '6', mode: 0o622, mtime: 9 })
      .build();
    const { tree } = await unpackInto(scratch, archive);
    expect(tree.null).toMatchObject({ type: 'character', device: '1:3', mode: '0666' });
    expect(tree.gnu).toMatchObject({ type: 'character', device: '5:1', mode: '0620', owner: '0:5' });
    expect(tree.sda).toMatchObject({ type: 'block', device: '8:0' });
    expect(tree.pipe).toMatchObject({ type: 'fifo', mode: '0622', mtime: '9.000000000' });
  });

  test('without privilege devices are left out and counted, pipes are not', async () => {
    const archive = tar().add({ name: 'null', type: '3', major: 1, minor: 3 }).add({ name: 'pipe', type: '6' }).build();
    const { tree, result } = await unpackInto(scratch, archive, { unprivileged: true });
    expect(Object.keys(tree)).toEqual(['.', 'pipe']);
    expect(result.skippedNodes).toBe(1);
  });
});

describe('extended attributes', () => {
  const capability = Buffer.from('0100000200200000000000000000000000000000', 'hex');

  test('file capabilities survive the change of owner and the write', async () => {
    const archive = tar()
      .pax([['SCHILY.xattr.security.capability', capability]])
      .file('ping', 'x', { uid: 7 })
      .build();
    const { tree } = await unpackInto(scratch, archive);
    expect(tree.ping?.xattrs).toEqual({ 'security.capability': `0x${capability.toString('hex')}` });
  });

  test('user and trusted attributes, with values that hold newlines, equals signs and zeros', async () => {
    const value = Buffer.from('a=b\n\0c');
    const records = [
      ['SCHILY.xattr.user.one', value],
      ['SCHILY.xattr.trusted.two', '2'],
    ] as const;
    const { tree } = await unpackInto(scratch, tar().pax(records).file('a').pax(records).directory('d').build());
    const expected = { 'user.one': `0x${value.toString('hex')}`, 'trusted.two': '0x32' };
    expect([tree.a?.xattrs, tree.d?.xattrs]).toEqual([expected, expected]);
  });

  test('symbolic links and devices have them too', async () => {
    const records = [['SCHILY.xattr.trusted.x', '1']] as const;
    const archive = tar()
      .pax(records)
      .symlink('l', '/etc/passwd')
      .pax(records)
      .add({ name: 'n', type: '3', major: 1, minor: 3 })
      .build();
    const { tree } = await unpackInto(scratch, archive);
    expect([tree.l?.xattrs, tree.n?.xattrs]).toEqual([{ 'trusted.x': '0x31' }, { 'trusted.x': '0x31' }]);
  });

  test('those of users, which only files and directories can have, are left out of everything else', async () => {
    const records = [
      ['SCHILY.xattr.user.x', '1'],
      ['SCHILY.xattr.trusted.x', '2'],
    ] as const;
    const archive = tar()
      .pax(records)
      .symlink('l', 'f')
      .pax(records)
      .add({ name: 'p', type: '6' })
      .pax(records)
      .add({ name: 'n', type: '3', major: 1, minor: 3 })
      .build();
    const { tree } = await unpackInto(scratch, archive);
    for (const name of ['l', 'p', 'n']) expect(tree[name]?.xattrs).toEqual({ 'trusted.x': '0x32' });
  });

  test('of several with one name the last one counts', async () => {
    const archive = tar()
      .pax([
        ['SCHILY.xattr.user.x', '1'],
        ['SCHILY.xattr.user.y', ''],
        ['SCHILY.xattr.user.x', '2'],
      ])
      .file('f')
      .build();
    expect((await unpackInto(scratch, archive)).tree.f?.xattrs).toEqual({ 'user.x': '0x32', 'user.y': '0x' });
  });

  test('SELinux labels and NFS ACLs belong to the machine they come from', async () => {
    const archive = tar()
      .pax([
        ['SCHILY.xattr.security.selinux', 'system_u:object_r:bin_t:s0'],
        ['SCHILY.xattr.system.nfs4_acl', 'x'],
      ])
      .file('a')
      .build();
    expect((await unpackInto(scratch, archive)).tree.a?.xattrs).toBeUndefined();
  });
});

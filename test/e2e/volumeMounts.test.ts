import { randomBytes } from 'node:crypto';
import {
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { expectFailure, newStore, type Store } from '../support/cli.ts';
import { extendImage } from '../support/registryImages.ts';
import { TarBuilder } from '../support/tarBuilder.ts';

let store: Store;
/** Debian with directories to fill volumes from, and `VOLUME`s. */
let image: string;
beforeAll(async () => {
  store = await newStore({ images: true });
  const layer = new TarBuilder()
    .directory('srv/app', { mode: 0o2750, uid: 1000, gid: 1001 })
    .file('srv/app/a', 'content\n', { mode: 0o4755, uid: 7, gid: 8, mtime: 1_000_000_000 })
    .hardlink('srv/app/b', 'srv/app/a')
    .symlink('srv/app/link', '/etc/hostname')
    .add({ name: 'srv/app/pipe', type: '6', mode: 0o600 })
    .add({ name: 'srv/app/null', type: '3', major: 1, minor: 3, mode: 0o666 })
    .pax([['SCHILY.xattr.user.colour', 'red']])
    .file('srv/app/marked', 'x')
    .directory('srv/app/sub', { mode: 0o700, uid: 3 })
    .file('srv/app/sub/deep', 'deep\n')
    .directory('srv/empty', { mode: 0o1777, uid: 9, gid: 10 })
    .symlink('srv/way', '../srv/app')
    .file('srv/plain', 'a file\n');
  const hide = new TarBuilder().file('srv/app/.wh.gone').file('srv/app/late', 'late\n');
  const before = new TarBuilder().file('srv/app/gone', 'gone\n');
  const tag = randomBytes(6).toString('hex');
  await extendImage(
    inject('e2e').registry,
    'library/ubuntu',
    ['latest', tag],
    [before.build(), layer.build(), hide.build()],
  );
  image = `ubuntu:${tag}`;
  await store.ok(['pull', '-q', image]);
});
afterAll(() => store.close());

const shell = (flags: string[], script: string, from = 'ubuntu') =>
  store.ok(['run', '--rm', ...flags, from, 'sh', '-c', script]);
const data = (name: string) => join(store.root, 'volumes', name, '_data');
const anonymous = async () =>
  (await store.ok(['volume', 'ls', '-q'])).split('\n').filter((name) => /^[0-9a-f]{64}$/.test(name));
const inspect = async (name: string, template: string) =>
  JSON.parse(await store.ok(['inspect', '-f', `{{json ${template}}}`, name]));

describe('a volume by its name', () => {
  it('is made on demand, and keeps what containers write', async () => {
    await shell(['-v', 'one1:/data'], 'echo kept > /data/file');
    expect(
      await shell(['-v', 'one1:/elsewhere:ro'], 'cat /elsewhere/file; touch /elsewhere/x 2>/dev/null || echo ro'),
    ).toBe('kept\nro\n');
    expect(
      await shell(['--mount', 'source=one1,target=/m,readonly'], 'cat /m/file; touch /m/x 2>/dev/null || echo ro'),
    ).toBe('kept\nro\n');
    expect(readdirSync(data('one1'))).toEqual(['file']);
  });

  it('is told of as docker does', async () => {
    const flags = ['-v', 'told1:/a', '-v', 'told1:/b:ro', '--mount', 'type=volume,src=told1,dst=/c', '-v', '/d'];
    await store.ok(['create', '--name', 'told', ...flags, '--tmpfs', '/e:size=1m', 'ubuntu', 'true']);
    const own = { Type: 'volume', Name: 'told1', Source: data('told1'), Driver: 'local', Propagation: '' };
    const mounts = await inspect('told', '.Mounts');
    expect(mounts.filter(({ Name }: { Name: string }) => Name === 'told1')).toEqual([
      { ...own, Destination: '/a', Mode: 'z', RW: true },
      { ...own, Destination: '/b', Mode: 'ro', RW: false },
      { ...own, Destination: '/c', Mode: 'z', RW: true },
    ]);
    expect(mounts).toHaveLength(4);
    const [unnamed] = await anonymous();
    expect(mounts).toContainEqual({
      ...{ Type: 'volume', Name: unnamed, Source: data(unnamed ?? ''), Driver: 'local', Propagation: '' },
      ...{ Destination: '/d', Mode: '', RW: true },
    });
    const host = await inspect('told', '.HostConfig');
    expect(host).toMatchObject({
      Binds: ['told1:/a', 'told1:/b:ro'],
      Mounts: [{ Type: 'volume', Source: 'told1', Target: '/c' }],
      Tmpfs: { '/e': 'size=1m' },
      VolumesFrom: null,
    });
    expect(await inspect('told', '.Config.Volumes')).toEqual({ '/d': {} });
    await store.ok(['rm', '-v', 'told']);
    expect(await anonymous()).toEqual([]);
  });

  it('takes labels and options of the driver with --mount', async () => {
    await shell(['--mount', 'src=lab1,dst=/l,volume-label=a=1'], 'true');
    expect(JSON.parse(await store.ok(['volume', 'inspect', '-f', '{{json .Labels}}', 'lab1']))).toEqual({ a: '1' });
    const mount = 'src=mem1,dst=/m,volume-opt=type=tmpfs,volume-opt=device=tmpfs,"volume-opt=o=size=1m,mode=700"';
    expect(
      await shell(['--mount', mount], 'stat -f -c %T /m; stat -c %a /m; df -B1 --output=size /m | tail -1'),
    ).toMatch(/^tmpfs\n700\n *1048576\n$/);
    expect(readdirSync(data('mem1'))).toEqual([]);
  });

  it('can be a directory of the host, by options of its driver', async () => {
    const host = join(store.folder, 'of-host');
    mkdirSync(host);
    await store.ok(['volume', 'create', '-o', 'type=none', '-o', `device=${host}`, '-o', 'o=bind', 'dir1']);
    await shell(['-v', 'dir1:/d'], 'echo there > /d/file');
    expect(readFileSync(join(host, 'file'), 'utf8')).toBe('there\n');
    const gone = ['volume', 'create', '-o', 'type=none', '-o', `device=${host}/none`, '-o', 'o=bind', 'dir2'];
    await store.ok(gone);
    expectFailure(await store.rcx(['run', '--rm', '-v', 'dir2:/d', 'ubuntu', 'true']), 125, /of-host\/none/);
    await store.ok(['volume', 'rm', 'dir1']);
    expect(existsSync(join(host, 'file'))).toBe(true);
  });

  it('refuses one path twice, before anything is made', async () => {
    for (const flags of [
      ['-v', 'dup1:/x', '-v', 'dup2:/x/'],
      ['-v', 'dup1:/x', '--tmpfs', '/x'],
      ['--mount', 'src=dup1,dst=/x', '-v', '/tmp:/x'],
    ]) {
      expectFailure(await store.rcx(['run', '--rm', ...flags, 'ubuntu', 'true']), 125, /Duplicate mount point: \/x/);
    }
    expect(existsSync(data('dup1'))).toBe(false);
  });

  it('is mounted into what is mounted above it, in whatever order they are given', async () => {
    expect(await shell(['-v', 'in1:/top/in', '--tmpfs', '/top'], 'touch /top/in/x; stat -f -c %T /top')).toBe(
      'tmpfs\n',
    );
    expect(readdirSync(data('in1'))).toEqual(['x']);
  });
});

describe('an empty volume', () => {
  const SHOW = 'cd /v && for f in . * ; do stat -c "%n %F %a %u:%g %h" "$f"; done; cat a sub/deep late; stat -c %Y a';

  it('gets what the image has at its path', async () => {
    const shown = await shell(['-v', 'copy1:/srv/app', '-v', 'copy1:/v'], SHOW, image);
    expect(shown.split('\n')).toEqual([
      '. directory 2750 1000:1001 3',
      'a regular file 4755 7:8 2',
      'b regular file 4755 7:8 2',
      'late regular file 644 0:0 1',
      'link symbolic link 777 0:0 1',
      'marked regular file 644 0:0 1',
      'null character special file 666 0:0 1',
      'pipe fifo 600 0:0 1',
      'sub directory 700 3:0 2',
      ...['content', 'deep', 'late', '1000000000', ''],
    ]);
    expect(statSync(join(data('copy1'), 'a')).ino).toBe(statSync(join(data('copy1'), 'b')).ino);
    const { execa } = await import('execa');
    const { stdout } = await execa('getfattr', ['-n', 'user.colour', '--only-values', join(data('copy1'), 'marked')]);
    expect(stdout).toBe('red');
    expect(readdirSync(join(data('copy1'), '..')).sort()).toEqual(['_data', 'copy.lock', 'lock', 'volume.json']);
  });

  it('gets it through a link of the image, and its owner and mode alone where there is nothing else', async () => {
    await shell(['-v', 'copy2:/srv/way'], 'true', image);
    expect(readdirSync(data('copy2'))).toContain('marked');
    await shell(['-v', 'copy3:/srv/empty'], 'true', image);
    expect(statSync(data('copy3'))).toMatchObject({ uid: 9, gid: 10 });
    expect(statSync(data('copy3')).mode & 0o7777).toBe(0o1777);
  });

  it('stays empty with nocopy, at a path that the image does not have, and below a subpath', async () => {
    await shell(['-v', 'copy4:/srv/app:nocopy'], 'true', image);
    await shell(['--mount', 'src=copy4,dst=/srv/app,volume-nocopy'], 'true', image);
    await shell(['-v', 'copy4:/not/there'], 'true', image);
    expect(readdirSync(data('copy4'))).toEqual([]);
  });

  it('is filled once: what is there is left alone', async () => {
    await shell(['-v', 'copy5:/m'], 'echo mine > /m/own');
    await shell(['-v', 'copy5:/srv/app'], 'true', image);
    expect(readdirSync(data('copy5'))).toEqual(['own']);
  });

  it('is filled under a container that has it already', async () => {
    await store.ok(['run', '-d', '--name', 'has', '-v', 'copy6:/m', 'ubuntu', 'sleep', '60']);
    await shell(['-v', 'copy6:/srv/app'], 'true', image);
    expect(await store.ok(['exec', 'has', 'cat', '/m/sub/deep'])).toBe('deep\n');
    await store.ok(['rm', '-f', 'has']);
  });

  it('refuses a path where the image has a file', async () => {
    const outcome = await store.rcx(['run', '--rm', '-v', 'copy7:/srv/plain', image, 'true']);
    expectFailure(outcome, 125, /cannot mount volume over existing file, file exists \/srv\/plain/);
    expect(await store.ok(['ps', '-aq'])).toBe('');
  });

  it('is filled by one of many that start at once', async () => {
    const runs = Array.from({ length: 5 }, () => shell(['-v', 'copy8:/srv/app'], 'ls /srv/app | wc -l', image));
    expect(new Set(await Promise.all(runs))).toEqual(new Set(['8\n']));
  });
});

describe('a volume without a name', () => {
  it('goes with a container that removes itself, and with rm -v', async () => {
    expect(await anonymous()).toEqual([]);
    await shell(['-v', '/un', '--mount', 'type=volume,dst=/un2'], 'touch /un/x /un2/x');
    expect(await anonymous()).toEqual([]);
    await store.ok(['run', '-d', '--rm', '--name', 'short', '-v', '/un', 'ubuntu', 'sleep', '60']);
    expect(await anonymous()).toHaveLength(1);
    await store.ok(['stop', '-t', '0', 'short']);
    await expect.poll(anonymous).toEqual([]);
    await store.ok(['run', '--name', 'stays', '-v', '/un', 'ubuntu', 'touch', '/un/x']);
    await store.ok(['rm', 'stays']);
    const [left = ''] = await anonymous();
    expect(readdirSync(data(left))).toEqual(['x']);
    await store.ok(['volume', 'prune', '-f']);
    await store.ok(['run', '--name', 'goes', '-v', '/un', '-v', 'named1:/n', 'ubuntu', 'true']);
    await store.ok(['rm', '-v', 'goes']);
    expect(await anonymous()).toEqual([]);
    expect(existsSync(data('named1'))).toBe(true);
  });

  it('is that of the image’s VOLUMEs, unless something else is mounted there', async () => {
    await store.ok(['run', '--name', 'base', image, 'true']);
    const changes = ['-c', 'VOLUME ["/srv/app", "/srv/new"]'];
    await store.ok(['commit', ...changes, 'base', 'with-volumes']);
    await store.ok(['rm', 'base']);
    await store.ok([
      'run',
      '--name',
      'vol',
      '-v',
      'mine1:/srv/new',
      'with-volumes',
      'sh',
      '-c',
      'echo x > /srv/app/new',
    ]);
    const mounts = await inspect('vol', '.Mounts');
    expect(
      mounts.map(({ Destination, Name }: Record<string, string>) => [Destination, /^[0-9a-f]{64}$/.test(Name ?? '')]),
    ).toEqual([
      ['/srv/new', false],
      ['/srv/app', true],
    ]);
    expect(await inspect('vol', '.Config.Volumes')).toEqual({ '/srv/app': {}, '/srv/new': {} });
    expect(readFileSync(join(mounts[1].Source, 'new'), 'utf8')).toBe('x\n');
    expect(readFileSync(join(mounts[1].Source, 'sub/deep'), 'utf8')).toBe('deep\n');
    // What is in a volume is no change of the container, and in no image and no archive of it.
    expect(await store.ok(['diff', 'vol'])).not.toContain('/srv/app/new');
    await store.ok(['commit', 'vol', 'no-content']);
    expect(
      await store.ok([
        'run',
        '--rm',
        '--entrypoint',
        'ls',
        '--mount',
        'type=image,src=no-content,dst=/i',
        'ubuntu',
        '/i/srv/app',
      ]),
    ).not.toContain('new');
    await store.ok(['rm', '-v', 'vol']);
    expect(await anonymous()).toEqual([]);
  });

  it('is removed when the container could not be made', async () => {
    const outcome = await store.rcx(['create', '-v', '/un', '-v', 'xx1:/srv/plain', image, 'true']);
    expectFailure(outcome, 1, /existing file/);
    await store.ok(['create', '--name', 'taken', 'ubuntu', 'true']);
    expectFailure(await store.rcx(['create', '--name', 'taken', '-v', '/un', 'ubuntu', 'true']), 1, /already the name/);
    await store.ok(['rm', 'taken']);
    expect(await anonymous()).toEqual([]);
  });
});

describe('--volumes-from', () => {
  it('mounts what another container has, and what it mounts goes last with it', async () => {
    const host = join(store.folder, 'borrowed');
    mkdirSync(host);
    await store.ok([
      'run',
      '--name',
      'lender',
      '-v',
      'lent1:/l',
      '-v',
      '/un',
      '-v',
      `${host}:/h:ro`,
      'ubuntu',
      'sh',
      '-c',
      'echo lent > /l/x; echo un > /un/x',
    ]);
    expect(
      await shell(['--volumes-from', 'lender'], 'cat /l/x /un/x; touch /l/y; touch /h/z 2>/dev/null || echo ro'),
    ).toBe('lent\nun\nro\n');
    expect(
      await shell(['--volumes-from', 'lender:ro', '--tmpfs', '/un'], 'ls /un; touch /l/z 2>/dev/null || echo ro'),
    ).toBe('ro\n');
    const [unnamed = ''] = await anonymous();
    expect(readdirSync(data(unnamed)), 'the borrower took it along').toEqual(['x']);
    await store.ok(['create', '--name', 'borrower', '--volumes-from', 'lender', 'ubuntu', 'true']);
    expect(await inspect('borrower', '.HostConfig.VolumesFrom')).toEqual(['lender']);
    await store.ok(['rm', '-v', 'lender']);
    expect(await anonymous(), 'another one has it').toEqual([unnamed]);
    await store.ok(['rm', '-v', 'borrower']);
    expect(await anonymous()).toEqual([]);
  });

  it('refuses what is not there', async () => {
    const refused = (text: string) => store.rcx(['run', '--rm', '--volumes-from', text, 'ubuntu', 'true']);
    expectFailure(await refused('nobody'), 125, /no such container: nobody/);
    expectFailure(await refused('nobody:rox'), 125, /invalid mode: rox/);
  });
});

describe('a part of a volume', () => {
  it('is mounted alone, a directory or a file', async () => {
    await shell(['-v', 'part1:/p'], 'mkdir -p /p/a/b; echo in > /p/a/b/file; echo out > /p/out');
    expect(
      await shell(['--mount', 'src=part1,dst=/s,volume-subpath=a/b'], 'ls -a /s; cat /s/file; echo new > /s/new'),
    ).toBe('.\n..\nfile\nin\n');
    expect(readdirSync(join(data('part1'), 'a/b'))).toEqual(['file', 'new']);
    expect(await shell(['--mount', 'src=part1,dst=/etc/one,volume-subpath=a/b/file,readonly'], 'cat /etc/one')).toBe(
      'in\n',
    );
    const missing = await store.rcx([
      'run',
      '--rm',
      '--mount',
      'src=part1,dst=/s,volume-subpath=none',
      'ubuntu',
      'true',
    ]);
    expectFailure(missing, 125, /none in .*part1.*ENOENT.*nothing of that name/);
  });
});

describe('an image', () => {
  it('is mounted read-only, all of it or a part', async () => {
    const all = ['--mount', `type=image,source=${image},target=/i`];
    expect(
      await shell(all, 'cat /i/srv/app/late; ls /i/srv/app/gone 2>&1; touch /i/x 2>&1; stat -c %u /i/srv/app'),
    ).toMatch(/^late\n.*No such file.*\n.*Read-only file system\n1000\n$/);
    const part = ['--mount', `type=image,source=${image},target=/p,image-subpath=srv/app/sub`];
    expect(await shell(part, 'cat /p/deep')).toBe('deep\n');
    const link = ['--mount', `type=image,source=${image},target=/etc/one,image-subpath=srv/way/late`];
    expect(await shell(link, 'cat /etc/one')).toBe('late\n');
    expectFailure(
      await store.rcx(['run', '--rm', '--mount', 'type=image,source=nowhere:1,target=/i', 'ubuntu', 'true']),
      125,
      /no such image/,
    );
  });

  it('stays as long as a container has it', async () => {
    await store.ok(['tag', image, 'held:1']);
    await store.ok([
      'create',
      '--name',
      'holder',
      '--mount',
      'type=image,source=held:1,target=/i',
      'ubuntu',
      'cat',
      '/i/srv/plain',
    ]);
    await store.rcx(['rmi', image, 'held:1']);
    await store.ok(['image', 'prune', '-af']);
    expect(await store.ok(['start', '-a', 'holder'])).toBe('a file\n');
    expect(await inspect('holder', '.Mounts')).toEqual([
      { Type: 'image', Name: 'held:1', Source: 'held:1', Destination: '/i', Mode: '', RW: false, Propagation: '' },
    ]);
    await store.ok(['rm', 'holder']);
  });
});

describe('cp', () => {
  it('goes into volumes and out of them, while the container runs and when it does not', async () => {
    writeFileSync(join(store.folder, 'note'), 'note\n');
    await store.ok([
      'create',
      '--name',
      'box',
      '-v',
      'cp1:/data',
      '--mount',
      'type=image,src=ubuntu,dst=/i',
      'ubuntu',
      'sleep',
      '60',
    ]);
    await store.ok(['cp', join(store.folder, 'note'), 'box:/data/stopped']);
    expect(readFileSync(join(data('cp1'), 'stopped'), 'utf8')).toBe('note\n');
    await store.ok(['start', 'box']);
    await store.ok(['cp', join(store.folder, 'note'), 'box:/data/running']);
    await store.ok(['cp', 'box:/data', join(store.folder, 'out')]);
    expect(readdirSync(join(store.folder, 'out')).sort()).toEqual(['running', 'stopped']);
    expect((await store.rcx(['cp', join(store.folder, 'note'), 'box:/i/x'])).exitCode).not.toBe(0);
    await store.ok(['rm', '-f', 'box']);
  });
});

it('gives a user’s directory to nobody else: owner and mode of a named volume are those of its first use', async () => {
  await shell(['-v', 'own1:/o'], 'chown 1234:1235 /o; chmod 700 /o');
  chownSync(data('own1'), 1234, 1235);
  await shell(['-v', 'own1:/srv/empty'], 'true', image);
  // It was empty: docker gives it the image's again.
  expect(statSync(data('own1'))).toMatchObject({ uid: 9, gid: 10 });
});

it('follows a link of the host at the source of a bind, as ever', async () => {
  mkdirSync(join(store.folder, 'real'));
  symlinkSync('real', join(store.folder, 'alias'));
  await shell(['--mount', `type=bind,source=${store.folder}/alias,target=/a`], 'touch /a/x');
  expect(readdirSync(join(store.folder, 'real'))).toEqual(['x']);
});

describe('in a user namespace', () => {
  const AUTO = ['--uidmap', '0:700000:66000'];

  it('a volume belongs to the container’s own ids, filled or written, and to those of any other container', async () => {
    const script = 'stat -c %u:%g /srv/app/a; echo mine > /srv/app/mine; chown 5:6 /srv/app/mine';
    expect(await shell([...AUTO, '-v', 'ns1:/srv/app'], script, image)).toBe('7:8\n');
    expect(statSync(join(data('ns1'), 'mine'))).toMatchObject({ uid: 5, gid: 6 });
    expect(await shell(['-v', 'ns1:/m'], 'stat -c %u:%g /m/mine /m/a')).toBe('5:6\n7:8\n');
    const other = ['--uidmap', '0:900000:66000', '-v', 'ns1:/m'];
    expect(await shell(other, 'stat -c %u:%g /m/mine; touch /m/other')).toBe('5:6\n');
    // The group is the directory's, which is setgid in the image.
    expect(statSync(join(data('ns1'), 'other'))).toMatchObject({ uid: 0, gid: 1001 });
    expect(
      await shell(
        [...AUTO, '--mount', 'src=ns1,dst=/p,volume-subpath=sub', '-v', '/un'],
        'cat /p/deep; stat -c %u /un',
      ),
    ).toBe('deep\n0\n');
  });

  it('an image cannot be mounted yet', async () => {
    const flags = [...AUTO, '--mount', `type=image,source=ubuntu,target=/i`];
    expectFailure(await store.rcx(['run', '--rm', ...flags, 'ubuntu', 'true']), 125, /in a user namespace yet/);
  });
});

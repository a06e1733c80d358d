import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readManifest } from '../../ts/store/storedImage.ts';
import { newStore, type Store } from '../support/cli.ts';
import {
  containerTree,
  differences,
  imageTree,
  withoutDirectoryTimes,
  withoutInitTimes,
} from '../support/containerTree.ts';
import { EVERYTHING } from '../support/everything.ts';
import { TestStore } from '../support/pulling.ts';
import { readTree } from '../support/tree.ts';

let store: Store;
beforeAll(async () => {
  store = await newStore({ images: true });
  await store.ok(['run', '--name', 'made', 'ubuntu', 'sh', '-c', EVERYTHING]);
  await store.ok(['commit', 'made', 'made']);
});
afterAll(() => store.close());

const idOf = async (name: string) => (await store.ok(['image', 'inspect', '-f', '{{.Id}}', name])).trimEnd();

/** Descriptor and file of the topmost layer of an image. */
function topLayer(name: string) {
  const { images, blobs } = new TestStore(store.root);
  const layer = readManifest(blobs, images.find(name).manifest).layers.at(-1);
  if (layer === undefined) throw new Error(`${name} has no layers`);
  return { ...layer, path: blobs.path(layer.digest) };
}

/** Names of what the topmost layer of an image holds, as GNU tar reads it: with a letter for the type, and a link's target. */
async function listLayer(name: string): Promise<string[]> {
  const { stdout } = await execa('tar', ['--gunzip', '--list', '--verbose', '--file', topLayer(name).path]);
  const lines = stdout.split('\n').filter((line) => line !== '');
  return lines.map((line) => line.replace(/^(.).* \d\d\d\d-\d\d-\d\d \d\d:\d\d /, '$1 '));
}

describe('the layer of a commit', () => {
  it('holds what was changed, as the image-spec has it', async () => {
    const [x, y] = ['x'.repeat(120), 'y'.repeat(200)];
    const list = (await listLayer('made')).filter((line) => !/ (usr|var)\/lib\//.test(line));
    expect(list).toEqual([
      'd etc/',
      'd etc/debian_version/',
      '- etc/debian_version/.wh..wh..opq',
      '- etc/debian_version/in',
      '- etc/.wh.issue',
      '- etc/passwd',
      'd srv/',
      'd t/',
      '- t/capable',
      'd t/dir/',
      '- t/dir/again',
      'b t/disk',
      'h t/file link to t/dir/again',
      'l t/link -> nowhere',
      'h t/link-too link to t/link',
      'c t/null',
      '- t/n\\377',
      'p t/pipe',
      'h t/pipe-too link to t/pipe',
      '- t/sparse',
      'd t/sub/',
      'd t/sub/deep/',
      '- t/suid',
      `d t/${x}/`,
      `- t/${x}/${y}`,
      'd usr/',
      'd usr/share/',
      'd usr/share/base-files/',
      '- usr/share/base-files/.wh..wh..opq',
      '- usr/share/base-files/new',
      '- usr/share/.wh.common-licenses',
      '- usr/share/pam',
      '- usr/share/.wh.perl',
      '- usr/share/.wh.zoneinfo',
      'd var/',
    ]);
  });

  it('shows a new container what the first one saw, entry by entry', async () => {
    await store.ok(['run', '--name', 'again', 'made', 'true']);
    const [first, second] = [await containerTree(store, 'made'), await containerTree(store, 'again')];
    expect(differences(withoutInitTimes(first), withoutInitTimes(second))).toEqual({});
    expect(first['t/capable']?.xattrs).toHaveProperty('security.capability');
    expect(first['t/suid']).toMatchObject({ mode: '6755', owner: '1000:2000' });
    expect(first['t/file']).toMatchObject({ sameAs: 't/dir/again', mtime: '981173106.789012345' });
    expect(first['t/sub']).toMatchObject({ owner: '3000000:3000001' });
  });

  it('is to another tool what it is to rcx', async () => {
    const bundle = join(store.folder, 'bundle');
    const name = `${join(store.root, 'images')}:docker.io/library/made:latest`;
    await execa('umoci', ['unpack', '--image', name, bundle]);
    const theirs = withoutDirectoryTimes(readTree(join(bundle, 'rootfs')));
    expect(differences(theirs, withoutDirectoryTimes(await imageTree(store, 'made')))).toEqual({});
  });

  it('leaves sockets out, which nothing can listen on any more', async () => {
    const bind = 'use Socket; socket(S, AF_UNIX, SOCK_STREAM, 0); bind(S, pack_sockaddr_un("/t/socket")) or die';
    await store.ok(['run', '--name', 'sockets', 'ubuntu', 'sh', '-c', `mkdir /t; echo > /t/file; perl -e '${bind}'`]);
    await store.ok(['commit', 'sockets', 'sockets']);
    expect(await listLayer('sockets')).toEqual(['d t/', '- t/file']);
  });

  it('is the same for the same changes, blob and all', async () => {
    const env = { SOURCE_DATE_EPOCH: '1700000000' };
    for (const name of ['one', 'two']) {
      await store.ok(['run', '--name', name, 'ubuntu', 'sh', '-c', EVERYTHING]);
      await store.ok(['commit', name, name], { env });
    }
    expect(await idOf('one')).toBe(await idOf('two'));
    expect(topLayer('one')).toEqual(topLayer('two'));
    const times = await execa('tar', ['-tvzf', topLayer('one').path, '--full-time', '--utc']);
    expect(times.stdout).toContain('2001-02-03 04:05:06.789012345 t/file');
    expect(times.stdout).toContain('2023-11-14 22:13:20           t/suid');
  });

  it('is stored once, however often the container is committed', async () => {
    const before = new TestStore(store.root).content().layers;
    await store.ok(['commit', 'made', 'made:again']);
    await store.ok(['commit', '-m', 'with a message', 'made']);
    expect(topLayer('made:again')).toEqual(topLayer('made'));
    expect(new TestStore(store.root).content().layers).toEqual(before);
  });
});

describe('what rcx puts into a container', () => {
  it('is in no layer, though the container reads it', async () => {
    const read =
      'cat /etc/hosts /etc/hostname /etc/resolv.conf /etc/mtab; ls -lR /dev /sys/fs; cat /proc/self/mounts; touch /new';
    await store.ok(['run', '--name', 'reader', 'ubuntu', 'sh', '-c', read]);
    await store.ok(['commit', 'reader', 'reader']);
    expect(await listLayer('reader')).toEqual(['- new']);
    expect(await store.ok(['diff', 'reader'])).toBe('A /new\n');
  });

  it('is in no layer even when the container writes to it', async () => {
    const write =
      'echo 10.0.0.1 db >> /etc/hosts; echo > /etc/resolv.conf; echo > /dev/shm/x; touch /dev/y; echo > /etc/own';
    await store.ok(['run', '--name', 'writer', 'ubuntu', 'sh', '-c', write]);
    await store.ok(['commit', 'writer', 'writer']);
    expect(await listLayer('writer')).toEqual(['d etc/', '- etc/own']);
    const hosts = await store.ok(['run', '--rm', 'writer', 'cat', '/etc/hosts']);
    expect(hosts).not.toContain('10.0.0.1');
  });

  it('is in no layer of a mount', async () => {
    const mounts = ['-v', `${store.folder}:/host`, '--tmpfs', '/scratch', '-v', `${store.folder}:/srv`];
    const write = 'echo > /host/written; echo > /scratch/written; echo > /srv/written; echo > /own';
    await store.ok(['run', '--name', 'mounts', ...mounts, 'ubuntu', 'sh', '-c', write]);
    expect(readFileSync(join(store.folder, 'written'), 'utf8')).toBe('\n');
    await store.ok(['commit', 'mounts', 'mounts']);
    // Where nothing was, the mount point was made in the container, as with Docker.
    expect(await listLayer('mounts')).toEqual(['d host/', '- own', 'd scratch/']);
  });
});

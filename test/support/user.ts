import { readFileSync } from 'node:fs';
import { chmod, mkdir, readdir, symlink } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { execa } from 'execa';
import { randomHex } from '../../ts/store/random.ts';

/** What an ordinary user of the tests has: subordinate ids with the programs that map them, or his own id and none of these. */
export type UserKind = 'ranges' | 'single';

/** An ordinary user that the tests make. */
export interface TestUser {
  name: string;
  uid: number;
  gid: number;
  kind: UserKind;
  /** Where his programs are. */
  path: string;
}

/** What a user has who has nothing but npm. */
const HELPERS = ['newuidmap', 'newgidmap', 'pasta', 'passt', 'slirp4netns', 'fuse-overlayfs'];

/**
 * Makes a user. Nobody can log in as him.
 * @param folder room for his programs, which he may read
 */
export async function makeUser(kind: UserKind, folder: string): Promise<TestUser> {
  const name = `rcxt${randomHex(4)}`;
  await execa('useradd', ['--no-create-home', '--home-dir', folder, '--shell', '/bin/sh', name]);
  const own = (path: string) =>
    [...readFileSync(path, 'utf8').matchAll(new RegExp(`^${name}:(\\d+):(\\d+)$`, 'gm'))].map(
      ([, first, count]) => `${first}-${Number(first) + Number(count) - 1}`,
    );
  const ranges = { subuids: own('/etc/subuid'), subgids: own('/etc/subgid') };
  for (const [which, found] of Object.entries(ranges)) {
    // Whether a new user gets ranges is for the machine's login.defs to say.
    if (kind === 'ranges' && found.length === 0)
      await execa('usermod', [`--add-${which}`, '700000000-700065535', name]);
    if (kind === 'single') for (const range of found) await execa('usermod', [`--del-${which}`, range, name]);
  }
  const [, , uid, gid] = (await execa('getent', ['passwd', name])).stdout.split(':');
  const path = kind === 'single' ? await withoutHelpers(join(folder, 'bin')) : (process.env.PATH ?? '');
  return { name, uid: Number(uid), gid: Number(gid), kind, path };
}

/** Removes him; none of his processes runs any more. */
export async function removeUser({ name }: TestUser): Promise<void> {
  await execa('userdel', [name], { reject: false });
}

/** What has to stand before a command to be run by him. */
export function asUser({ uid, gid }: Pick<TestUser, 'uid' | 'gid'>): string[] {
  return [
    '/usr/bin/setpriv',
    '--reuid',
    String(uid),
    '--regid',
    String(gid),
    '--clear-groups',
    '--inh-caps=-all',
    '--',
  ];
}

/** A directory with links to all programs but those that make a user more than he is. */
async function withoutHelpers(folder: string): Promise<string> {
  await mkdir(folder);
  await chmod(folder, 0o755);
  for (const directory of (process.env.PATH ?? '').split(delimiter)) {
    for (const name of await readdir(directory).catch(() => [])) {
      if (!HELPERS.includes(name)) await symlink(join(directory, name), join(folder, name)).catch(() => undefined);
    }
  }
  return folder;
}

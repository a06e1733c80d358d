import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { execa } from 'execa';
import type { TestProject } from 'vitest/node';
import { asUser, makeUser, removeUser, type TestUser } from './user.ts';
import { endSession } from './userSession.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    packed: Packed;
  }
}

/** What tests of the package find. */
export interface Packed {
  folder: string;
  /** Tarballs of `rcx` and of this machine's platform package. */
  tarballs: { rcx: string; platform: string };
  /** A directory with both installed by npm, and nothing else. */
  installed: string;
  /** An ordinary user; absent where the tests are not run by root. */
  user?: TestUser;
  /** Folder of the program of each major version of Node, or why there is none. */
  nodes: Record<string, { bin: string } | { missing: string }>;
}

const NODES = ['20', '22', '24', '26'];
const NODE_CACHE = resolve('.cache/nodes');

/** Packs rcx, installs the tarballs outside of the checkout, and gets each Node. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'rcx-package-'));
  await chmod(folder, 0o755);
  let user: TestUser | undefined;
  const close = async () => {
    await endSession(join(folder, 'user/run'));
    if (user !== undefined) await removeUser(user);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const tarballs = await pack(join(folder, 'packed'));
    const installed = join(folder, 'installed');
    await install(installed, [tarballs.rcx, tarballs.platform]);
    if (process.geteuid?.() === 0) {
      const home = join(folder, 'user');
      await mkdir(home);
      user = await makeUser('ranges', home);
      await execa('chown', [`${user.uid}:${user.gid}`, home]);
    }
    const nodes = Object.fromEntries(await Promise.all(NODES.map(async (major) => [major, await node(major)])));
    project.provide('packed', { folder, tarballs, installed, nodes, ...(user && { user }) });
    await makeImages(installed, folder, user);
  } catch (error) {
    await close();
    throw error;
  }
  return close;
}

async function pack(out: string): Promise<Packed['tarballs']> {
  await execa('zx', ['scripts/package.mjs', '--native', `--only=linux-${process.arch}-gnu`, `--out=${out}`], {
    preferLocal: true,
  });
  const names = await readdir(out);
  const named = (pattern: RegExp) => join(out, names.find((name) => pattern.test(name)) ?? 'missing');
  return { rcx: named(/^rcx-\d.*\.tgz$/), platform: named(/^rcx-linux-.*\.tgz$/) };
}

/** As a user does who has the tarballs and no network. */
export async function install(folder: string, packages: string[]): Promise<void> {
  await mkdir(folder);
  await writeFile(join(folder, 'package.json'), JSON.stringify({ private: true }));
  const quiet = ['--no-audit', '--no-fund', '--ignore-scripts'];
  await execa('npm', ['install', '--offline', ...quiet, ...packages], { cwd: folder });
}

async function node(major: string): Promise<Packed['nodes'][string]> {
  const folder = join(NODE_CACHE, major);
  const name = `node-linux-${process.arch}`;
  const bin = join(folder, 'node_modules', name, 'bin');
  if (existsSync(join(bin, 'node'))) return { bin };
  await mkdir(folder, { recursive: true });
  const quiet = ['--no-audit', '--no-fund', '--ignore-scripts', '--no-package-lock'];
  const { failed, stderr } = await execa('npm', ['install', '--prefix', folder, ...quiet, `${name}@${major}`], {
    reject: false,
  });
  return failed ? { missing: stderr.split('\n')[0] ?? 'npm failed' } : { bin };
}

/** Of whose store a program is to use. */
export function environment(folder: string, user?: TestUser): Record<string, string> {
  const home = join(folder, user === undefined ? 'root' : 'user');
  return { HOME: home, RCX_ROOT: join(home, 'store'), RCX_RUN: join(home, 'run'), LANG: 'C.UTF-8' };
}

async function makeImages(installed: string, folder: string, user?: TestUser): Promise<void> {
  await mkdir(join(folder, 'root'));
  for (const who of user === undefined ? [undefined] : [undefined, user]) {
    const [program = '', ...words] = [
      ...(who === undefined ? [] : asUser(who)),
      join(installed, 'node_modules/.bin/rcx'),
      ...['image', 'from-host', '--tag', 'localhost/tools', 'sh', 'cat', 'echo', 'true'],
    ];
    const env = { ...environment(folder, who), PATH: process.env.PATH ?? '' };
    await execa(program, words, { env, extendEnv: false, cwd: join(folder, who === undefined ? 'root' : 'user') });
  }
}

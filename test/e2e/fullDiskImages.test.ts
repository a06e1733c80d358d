import { randomBytes } from 'node:crypto';
import { mkdirSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { newStore, type Store } from '../support/cli.ts';
import { MountSpace } from '../support/mounts.ts';
import { RCX_BIN } from '../support/rcxBin.ts';
import { expectSoundStore } from '../support/soundStore.ts';
import { TarBuilder } from '../support/tarBuilder.ts';

const MB = 1_000_000;
/** What no compression makes smaller. */
const LARGE = 10 * MB;

let store: Store;
let space: MountSpace;
beforeAll(async () => {
  store = await newStore();
  space = await MountSpace.open();
  mkdirSync(store.root);
  await space.run('mount', '-t', 'tmpfs', '-o', 'size=800m', 'tmpfs', store.root);
});
afterAll(async () => {
  await space.close();
  await store.close();
});
beforeEach(() => resize(800 * MB));

/** Runs rcx where the store is on the small disk. */
function rcx(...args: string[]) {
  const [program, enter] = space.enter([RCX_BIN, ...args]);
  return execa(program, enter, { env: store.env, extendEnv: false, reject: false, input: '' });
}

async function ok(...args: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await rcx(...args);
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
  return stdout;
}

const resize = (bytes: number) => space.run('mount', '-o', `remount,size=${Math.round(bytes)}`, store.root);

function used(): number {
  const { blocks, bfree, bsize } = statfsSync(space.outside(store.root));
  return (blocks - bfree) * bsize;
}

/** Asserts that a command finds no room, says so in one line, and gives back what it took. */
async function expectNoRoom(room: number, ...args: string[]): Promise<void> {
  const [before, images] = [used(), await ok('images', '-aq')];
  await resize(before + room);
  const { exitCode, stdout, stderr } = await rcx(...args);
  expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
  // What was done, to what, why, and what to do.
  expect(stderr).toMatch(/^rcx: [a-z ]+ [^\n]+: no space left on device \(ENOSPC\); free some space [^\n]+$/);
  expect(used()).toBe(before);
  expect(await ok('images', '-aq')).toBe(images);
  expectSoundStore(space.outside(store.root));
  await resize(800 * MB);
}

describe('on a disk that is full', () => {
  it('a pull ends, whose smaller layers had room', async () => {
    await ok('pull', '-q', 'ubuntu');
    const before = used();
    await ok('pull', '-q', 'layered');
    const size = used() - before;
    await ok('rmi', 'layered');
    expect(used()).toBe(before);
    for (const part of [0.2, 0.9]) await expectNoRoom(size * part, 'pull', '-q', 'layered');
    await ok('pull', '-q', 'layered');
  });

  it('a commit ends, in the archive or in the tree, and the container stays', async () => {
    await ok('run', '--name', 'changed', 'ubuntu', 'sh', '-c', `head -c ${LARGE} /dev/urandom > /large`);
    for (const room of [0.5 * LARGE, 1.5 * LARGE]) await expectNoRoom(room, 'commit', 'changed', 'committed');
    expect(await ok('ps', '-a', '--format', '{{.Names}}')).toBe('changed');
    await ok('commit', 'changed', 'committed');
    expect(await ok('run', '--rm', 'committed', 'stat', '-c', '%s', '/large')).toBe(String(LARGE));
    await ok('rm', 'changed');
  });

  it('an import ends, wherever it is', async () => {
    const file = join(store.folder, 'archive.tar');
    writeFileSync(file, new TarBuilder().file('large', randomBytes(LARGE)).build());
    for (const room of [0.5 * LARGE, 1.5 * LARGE]) await expectNoRoom(room, 'import', file, 'imported');
    // As much as it takes in the end is enough: of three copies there are never more than two.
    await resize(used() + 2 * LARGE + MB);
    await ok('import', file, 'imported');
  });

  it('a push ends that compresses layers first', async () => {
    await ok('image', 'from-host', '-q', '--tag', 'host', 'sh', 'ls', 'bash');
    const name = `${inject('e2e').registry}/full/host`;
    await ok('tag', 'host', name);
    await expectNoRoom(MB, 'push', '-q', name);
    const before = used();
    await ok('push', '-q', name);
    // The plain archive gives way to the compressed one.
    expect(used()).toBeLessThan(before);
    expectSoundStore(space.outside(store.root));
    await ok('rmi', '-f', 'host', name);
    await ok('pull', '-q', name);
    expect(await ok('run', '--rm', name, 'sh', '-c', 'echo pulled')).toBe('pulled');
  });
});

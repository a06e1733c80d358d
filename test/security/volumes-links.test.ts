import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { expectFailure, newStore, type Store } from '../support/cli.ts';
import { extendImage } from '../support/registryImages.ts';
import { TarBuilder } from '../support/tarBuilder.ts';
import { readTree } from '../support/tree.ts';

let store: Store;
/** A directory of the host that everything here tries to get at. */
let victim: string;
/** Links that lead to it, or to the host's root, from wherever they stand. */
let links: Record<string, string>;
/** An image with these links in `/links`, and as `VOLUME`s. */
let image: string;
beforeAll(async () => {
  store = await newStore({ images: true });
  victim = join(store.folder, 'victim');
  mkdirSync(join(victim, 'sub'), { recursive: true });
  for (const name of ['file', 'sub/file']) writeFileSync(join(victim, name), 'of the host\n');
  const up = '../'.repeat(20);
  links = {
    absolute: victim,
    climbing: `${up}${victim.slice(1)}`,
    root: '/',
    self: '/proc/self/root',
    one: `/proc/1/root${victim}`,
    descriptor: '/proc/self/fd/3',
    working: '/proc/self/cwd',
    chain: 'climbing',
  };
  const layer = new TarBuilder().directory('links');
  for (const [name, target] of Object.entries(links)) layer.symlink(`links/${name}`, target);
  const tag = randomBytes(6).toString('hex');
  await extendImage(inject('e2e').registry, 'library/ubuntu', ['latest', tag], [layer.build()]);
  image = `ubuntu:${tag}`;
  await store.ok(['pull', '-q', image]);
});
afterAll(() => store.close());

const data = (name: string) => join(store.root, 'volumes', name, '_data');

/** Runs a script; whatever happens, the victim must be as it was, and nobody has seen what is in it. */
async function attack(flags: string[], script: string, from = image) {
  const before = readTree(victim);
  const outcome = await store.rcx(['run', '--rm', '-q', ...flags, from, '/bin/sh', '-c', script], { timeout: 30_000 });
  expect(readTree(victim)).toEqual(before);
  expect(outcome.stdout).not.toContain('of the host');
  return outcome;
}

describe('an image with links where a volume is mounted', () => {
  it('gets them where the links lead inside the container, or is refused', async () => {
    for (const name of Object.keys(links)) {
      const volume = `at-${name}`;
      const script = `echo evil > /links/${name}/file; echo evil > /links/${name}/sub/file; true`;
      for (const path of [`/links/${name}/sub`, `/links/${name}`]) await attack(['-v', `${volume}:${path}`], script);
      // Nothing of the host has filled it either.
      const content = existsSync(data(volume)) ? JSON.stringify(readTree(data(volume))) : '';
      expect(content).not.toContain('of the host');
    }
  });

  it('fills no volume from the host', async () => {
    for (const name of Object.keys(links)) {
      const volume = `from-${name}`;
      await attack(['-v', `${volume}:/links/${name}`, '--entrypoint', '/bin/true'], 'true');
      const names = existsSync(data(volume)) ? readdirSync(data(volume)) : [];
      expect(names, name).not.toContain('file');
      // The machine's own root, by its store; the container's has none.
      const root = existsSync(join(data(volume), store.root)) || existsSync(join(data(volume), 'tmp', 'rcx-e2e-'));
      expect(root, name).toBe(false);
    }
  });

  it('shows no host through an image that is mounted, or a part of it', async () => {
    for (const name of Object.keys(links)) {
      const part = `type=image,source=${image},target=/i,image-subpath=links/${name}`;
      const { stdout } = await attack(['--mount', part], `ls -A /i /i${store.root} 2>/dev/null`, 'ubuntu');
      expect(stdout).not.toContain('containers');
    }
  });
});

describe('a container that plants links in a volume', () => {
  beforeAll(async () => {
    const made = Object.entries(links).map(([name, target]) => `ln -s ${target} /v/${name}`);
    await store.ok(['run', '--rm', '-v', 'planted:/v', 'ubuntu', 'sh', '-c', `${made.join('; ')}; echo own > /v/own`]);
  });

  it('gets no part of the host for a part of the volume', async () => {
    for (const [name] of Object.entries(links)) {
      for (const below of ['', '/sub', '/etc', '/file']) {
        const mount = `source=planted,target=/s,volume-subpath=${name}${below}`;
        const outcome = await attack(['--mount', mount], 'cat /s /s/file /s/hostname; echo evil > /s/file; true');
        expect(outcome.exitCode === 0 || outcome.exitCode === 125).toBe(true);
      }
    }
  });

  it('gets the volume’s own root for a link to the root', async () => {
    const mount = ['--mount', 'source=planted,target=/s,volume-subpath=root'];
    const { stdout, exitCode } = await attack(mount, 'cat /s/own; ls -d /s/etc /s/proc 2>/dev/null');
    expect(stdout).toBe('own\n');
    expect([0, 2]).toContain(exitCode);
  });

  it('is not followed when the volume is measured, filled or removed', async () => {
    const before = readTree(victim);
    await store.ok(['system', 'df', '-v']);
    await store.ok(['run', '--rm', '-v', 'planted:/etc', 'ubuntu', 'true']);
    await store.ok(['volume', 'rm', 'planted']);
    expect(existsSync(join(store.root, 'volumes', 'planted'))).toBe(false);
    expect(readTree(victim)).toEqual(before);
    expect(readFileSync(join(victim, 'sub/file'), 'utf8')).toBe('of the host\n');
  });
});

describe('names of volumes', () => {
  it.each(['..', '../victim', '../../victim', './x', '.', '%2e%2e', 'a/../../victim', '-rf'])(
    'never become paths: %s',
    async (name) => {
      const before = readTree(victim);
      for (const args of [
        ['volume', 'rm', '--', name],
        ['volume', 'rm', '-f', '--', name],
        ['volume', 'inspect', '--', name],
      ]) {
        const { exitCode } = await store.rcx(args);
        expect([0, 1]).toContain(exitCode);
      }
      expectFailure(await store.rcx(['volume', 'create', '--', name]), 1, /volume name|invalid characters/);
      const mount = ['--mount', `"source=${name}",target=/v`];
      expectFailure(
        await store.rcx(['run', '--rm', ...mount, 'ubuntu', 'true']),
        125,
        /volume name|invalid characters/,
      );
      expect(readTree(victim)).toEqual(before);
    },
  );
});

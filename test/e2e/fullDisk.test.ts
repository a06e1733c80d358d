import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newStore, type Store } from '../support/cli.ts';
import { MountSpace } from '../support/mounts.ts';
import { RCX_BIN } from '../support/rcxBin.ts';

let store: Store;
let space: MountSpace;
beforeAll(async () => {
  store = await newStore();
  space = await MountSpace.open();
  mkdirSync(store.root);
  await space.run('mount', '-t', 'tmpfs', '-o', 'size=30m', 'tmpfs', store.root);
});
afterAll(async () => {
  await space.close();
  await store.close();
});

/** Runs rcx where the store is on the small disk. */
function rcx(...args: string[]) {
  const [program, enter] = space.enter([RCX_BIN, ...args]);
  return execa(program, enter, { env: store.env, extendEnv: false, reject: false, input: '' });
}

const used = async () => Number((await space.run('du', '--summarize', '--block-size=1', store.root)).split('\t')[0]);
const resize = (size: string) => space.run('mount', '-o', `remount,size=${size}`, store.root);

/** One line that says what is wrong. */
function expectFullDisk({ exitCode, stdout, stderr }: { exitCode?: number; stdout: string; stderr: string }): void {
  expect({ exitCode, stdout }).toEqual({ exitCode: 125, stdout: '' });
  expect(stderr).toMatch(/^rcx: [^\n]*(ENOSPC|no space)[^\n]*free some space[^\n]*$/i);
}

describe('a disk that is full', () => {
  it('stops a pull, which leaves it as empty as it was', async () => {
    expectFullDisk(await rcx('run', '--rm', '-q', 'ubuntu', 'true'));
    expect(await used()).toBeLessThan(1_000_000);
    expect((await rcx('images', '-q')).stdout).toBe('');
  });

  it('stops a load, which leaves it as empty as it was', async () => {
    const full = await newStore({ images: true });
    const archive = join(store.folder, 'layered.tar');
    await full.ok(['save', '-o', archive, 'layered']);
    await full.close();
    const { exitCode, stdout, stderr } = await rcx('load', '-i', archive);
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
    expect(stderr).toMatch(/^rcx: load: [^\n]*ENOSPC[^\n]*free some space[^\n]*$/);
    expect(await used()).toBeLessThan(1_000_000);
  });

  it('is no obstacle once there is room', async () => {
    await resize('600m');
    expect(await rcx('run', '--rm', '-q', 'ubuntu', 'echo', 'fits')).toMatchObject({ exitCode: 0, stdout: 'fits' });
  });

  it('is the program’s own problem when the program fills it', async () => {
    await resize(`${(await used()) + 5_000_000}`);
    const fill = await rcx('run', '--rm', 'ubuntu', 'sh', '-c', 'head -c 20000000 /dev/zero > /big; echo code $?');
    expect(fill).toMatchObject({ exitCode: 0, stdout: 'code 1' });
    expect(fill.stderr).toContain('No space left on device');
  });

  it('still has room for how the program that filled it ended', async () => {
    await resize(`${(await used()) + 5_000_000}`);
    const script = 'head -c 20000000 /dev/zero > /big; exit 7';
    expect(await rcx('run', '--name', 'filler', 'ubuntu', 'sh', '-c', script)).toMatchObject({ exitCode: 7 });
    expect((await rcx('ps', '-a', '--format', '{{.Names}} {{.Status}}')).stdout).toMatch(/^filler Exited \(7\)/);
    expect(await rcx('rm', 'filler')).toMatchObject({ exitCode: 0 });
  });

  it('gets room by a prune of what filled it', async () => {
    const fill = await rcx('run', '--name', 'greedy', 'ubuntu', 'sh', '-c', 'cat /dev/zero > /big; : > /more; true');
    expect(fill.stderr).toContain('No space left on device');
    expect((await rcx('image', 'prune', '-f')).exitCode).toBe(0);
    const { exitCode, stdout } = await rcx('container', 'prune', '-f');
    expect({ exitCode, stdout }).toEqual({
      exitCode: 0,
      stdout: expect.stringMatching(/^Deleted Containers:\n[0-9a-f]{64}\n\nTotal reclaimed space: [\d.]+MB$/),
    });
    expect((await rcx('system', 'check')).stdout).toMatch(/, 0 containers: ok$/);
  });

  it('stops the start of a container, of which nothing is left', async () => {
    await resize(`${await used()}`);
    expectFullDisk(await rcx('run', 'ubuntu', 'true'));
    await resize('600m');
    expect(await rcx('run', '--rm', 'ubuntu', 'echo', 'again')).toMatchObject({ exitCode: 0, stdout: 'again' });
    expect((await rcx('ps', '-aq')).stdout).toBe('');
  });
});

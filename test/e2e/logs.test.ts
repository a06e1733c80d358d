import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectFailure, newStore, type Store } from '../support/cli.ts';
import { detached, endOf, ready, removeAll } from '../support/life.ts';
import { waitUntil } from '../support/processes.ts';
import { RCX_BIN } from '../support/rcxBin.ts';

let store: Store;
beforeAll(async () => {
  store = await newStore({ images: true });
});
afterAll(async () => {
  await removeAll(store);
  await store.close();
});

/** A container that has written this, and ended. */
async function over(flags: string[], script: string): Promise<string> {
  const id = await detached(store, flags, script);
  await endOf(store, id);
  return id;
}

const logs = (...words: string[]) => store.ok(['logs', ...words]);
const files = (id: string) =>
  readdirSync(join(store.root, 'containers', id))
    .filter((name) => name.startsWith('container.log'))
    .sort();
const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => `${from + i}\n`).join('');

describe('rcx logs', () => {
  it('writes stdout to stdout and stderr to stderr, also without a newline at the end', async () => {
    const id = await over(['--name', 'both'], 'echo out; echo err >&2; printf end');
    expect(await store.rcx(['logs', id])).toEqual({
      exitCode: 0,
      signal: undefined,
      stdout: 'out\nend',
      stderr: 'err\n',
    });
    expectFailure(await store.rcx(['logs', 'no-such']), 1, /no such container/);
    expect(await logs(await over([], 'true'))).toBe('');
  });

  it('shows the last lines with --tail', async () => {
    const id = await over([], 'seq 0 999');
    expect(await logs('--tail', '3', id)).toBe(numbers(997, 1000));
    expect(await logs('-n1', id)).toBe('999\n');
    expect(await logs('--tail', '0', id)).toBe('');
    for (const all of ['all', '5000', '-1']) expect(await logs('--tail', all, id)).toBe(numbers(0, 1000));
    expectFailure(await store.rcx(['logs', '--tail', 'x', id]), 125, /number of lines/);
  });

  it('shows when each line was written with -t, and a space with --details', async () => {
    const id = await over([], 'echo one; echo two >&2');
    const { stdout, stderr } = await store.rcx(['logs', '-t', id]);
    const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z (one|two)\n$/;
    expect(stdout).toMatch(time);
    expect(stderr).toMatch(time);
    expect(await logs('--details', id)).toBe(' one\n');
    expect(await logs('-t', '--details', id)).toMatch(/Z {2}one\n$/);
  });

  it('shows what lies between --since and --until, in every way to write a time', async () => {
    const id = await over([], 'echo one; sleep 1.1; echo two; sleep 1.1; echo three');
    const times = (await logs('-t', id)).split('\n').map((line) => line.split(' ')[0] ?? '');
    const [, two = ''] = times;
    expect(await logs('--since', two, id)).toBe('two\nthree\n');
    expect(await logs('--until', two, id)).toBe('one\ntwo\n');
    expect(await logs('--since', two, '--until', two, id)).toBe('two\n');
    const seconds = String(Date.parse(two) / 1000);
    expect(await logs('--since', seconds, id)).toBe('two\nthree\n');
    expect(await logs('--until', `${Math.floor(Number(seconds)) - 60}`, id)).toBe('');
    expect(await logs('--since', '10m', id)).toBe('one\ntwo\nthree\n');
    expect(await logs('--until', '1h', id)).toBe('');
    expect(await logs('--since', '2001-02-03', '--until', '2001-02-03T04:05:06+02:00', id)).toBe('');
    expectFailure(await store.rcx(['logs', '--since', 'yesterday', id]), 125, /2026-01-31T12:00:00/);
  });

  it('keeps every byte, of long lines, of binary output, and of a burst before the end', async () => {
    const script =
      'head -c 3000000 /dev/urandom > /r; printf "\\000\\377\\r\\n" >> /r; sha256sum < /r >&2; exec cat /r';
    const id = await over([], script);
    const { stdout } = await execa(RCX_BIN, ['logs', id], {
      ...own(),
      encoding: 'buffer',
      stripFinalNewline: false,
    });
    const { stderr } = await store.rcx(['logs', id]);
    expect(`${createHash('sha256').update(stdout).digest('hex')}  -\n`).toBe(stderr);
    const long = await over([], 'head -c 100000 /dev/zero | tr "\\0" x; echo; echo short');
    expect(await logs(long)).toBe(`${'x'.repeat(100_000)}\nshort\n`);
  });

  it('ends where the log ended when it began, however fast the program goes on', async () => {
    const id = await detached(store, ['--log-opt', 'max-size=1m', '--log-opt', 'max-file=4'], 'exec yes');
    await waitUntil(async () => (await logs('--tail', '1', id)) === 'y\n');
    expect(await logs('--tail', '3', id)).toBe('y\ny\ny\n');
    expect((await logs(id)).length).toBeLessThan(3_000_000);
    await store.ok(['rm', '-f', id]);
  });

  it('ends quietly when its reader has seen enough', async () => {
    const id = await over([], 'seq 0 99999');
    const line = `"${RCX_BIN}" logs ${id} | head -2`;
    const outcome = await execa('bash', ['-o', 'pipefail', '-c', line], { ...own(), timeout: 20_000 });
    expect(outcome).toMatchObject({ stdout: '0\n1', stderr: '' });
  });

  function own() {
    return { env: store.env, extendEnv: false, reject: false } as const;
  }
});

describe('rcx logs -f', () => {
  it('goes on until the container has ended, and misses nothing', async () => {
    const id = await ready(store, ['-i'], 'echo ready; read line; seq 0 4999; echo over >&2');
    const following = store.start(['logs', '-f', id]);
    await new Promise((resolve) => following.stdout.once('data', resolve));
    await store.rcx(['attach', id], { input: 'go\n' });
    expect(await following).toMatchObject({ exitCode: 0, stdout: `ready\n${numbers(0, 5000)}`, stderr: 'over\n' });
    // Of one that has ended there is nothing to follow.
    expect(await logs('-f', '--tail', '2', id)).toBe('4999\n');
  });

  it('begins with the tail', async () => {
    const id = await ready(store, ['-i'], 'seq 0 99; echo ready; read line; echo more');
    const following = store.start(['logs', '-f', '--tail', '2', id]);
    await new Promise((resolve) => following.stdout.once('data', resolve));
    await store.rcx(['attach', id], { input: 'go\n' });
    expect((await following).stdout).toBe('99\nready\nmore\n');
  });

  it('follows across rotation', async () => {
    const flags = ['-i', '--log-opt', 'max-size=64k', '--log-opt', 'max-file=50'];
    const id = await ready(store, flags, 'echo ready; read line; seq 0 19999');
    const following = store.start(['logs', '-f', id]);
    await new Promise((resolve) => following.stdout.once('data', resolve));
    await store.rcx(['attach', id], { input: 'go\n' });
    expect((await following).stdout).toBe(`ready\n${numbers(0, 20_000)}`);
    expect(files(id).length).toBeGreaterThan(5);
  });

  it('goes on through restarts of the program', async () => {
    const id = await detached(store, ['--restart', 'on-failure:2'], 'sleep 0.2; echo run; exit 1');
    expect(await logs('-f', id)).toBe('run\nrun\nrun\n');
  });

  it('is ended by a signal, and the container is not', async () => {
    const id = await ready(store, []);
    const following = store.start(['logs', '-f', id]);
    await new Promise((resolve) => following.stdout.once('data', resolve));
    following.kill('SIGINT');
    expect((await following).stdout).toBe('ready\n');
    expect(await store.ok(['exec', id, 'echo', 'alive'])).toBe('alive\n');
  });
});

describe('--log-driver and --log-opt', () => {
  it('keep nothing with none, which logs says', async () => {
    const id = await over(['--log-driver', 'none', '--name', 'silent'], 'echo lost');
    expectFailure(await store.rcx(['logs', 'silent']), 1, /silent: its output is not kept; .*--log-driver none/);
    expect(files(id)).toEqual([]);
    expect(await store.ok(['run', '--rm', '--log-driver', 'none', 'ubuntu', 'echo', 'shown'])).toBe('shown\n');
  });

  it('keep so many files of such a size', async () => {
    const id = await over(['--log-opt', 'max-size=20k', '--log-opt', 'max-file=3'], 'seq 0 4999');
    expect(files(id)).toEqual(['container.log', 'container.log.1', 'container.log.2']);
    const shown = await logs(id);
    expect(numbers(0, 5000).endsWith(shown)).toBe(true);
    expect(shown.split('\n').length).toBeGreaterThan(300);
    expect(await logs('--tail', '400', id)).toBe(numbers(4600, 5000));
    const one = await over(['--log-opt', 'max-size=20k'], 'seq 0 4999');
    expect(files(one)).toEqual(['container.log']);
  });

  it('refuse what they do not know', async () => {
    for (const [flag, value] of [
      ['--log-driver', 'syslog'],
      ['--log-opt', 'max-size=x'],
      ['--log-opt', 'max-file=0'],
      ['--log-opt', 'max-file=3'],
      ['--log-opt', 'colour=red'],
    ] as const) {
      expectFailure(await store.rcx(['run', '--rm', flag, value, 'ubuntu', 'true']), 125, /log/);
    }
  });
});

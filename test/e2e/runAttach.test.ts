import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { expectFailure, newStore, type Store } from '../support/cli.ts';
import { OBEYS, removeAll, written } from '../support/life.ts';

let store: Store;
beforeAll(async () => {
  store = await newStore({ images: true });
});
afterEach(() => removeAll(store));
afterAll(() => store.close());

const BOTH = ['ubuntu', 'sh', '-c', 'echo out; echo err >&2'];

describe('run --attach', () => {
  it.each([
    [['-a', 'stderr'], '', 'err\n'],
    [['-a', 'stdout', '-a', 'stdout'], 'out\n', ''],
    [['--attach=STDOUT', '--attach', 'stderr'], 'out\n', 'err\n'],
    [['-a', 'stdin', '-a', 'stdout'], 'out\n', ''],
  ])('%j connects no other stream', async (flags, stdout, stderr) => {
    expect(await store.rcx(['run', '--rm', ...flags, ...BOTH])).toMatchObject({ exitCode: 0, stdout, stderr });
  });

  it('keeps in the log what is not connected', async () => {
    await store.ok(['run', '--name', 'logged', '-a', 'stderr', ...BOTH]);
    expect(await store.rcx(['logs', 'logged'])).toMatchObject({ stdout: 'out\n', stderr: 'err\n' });
  });

  it('passes input on only with stdin, and then prints the id where no output is connected', async () => {
    const cat = ['ubuntu', 'timeout', '2', 'cat'];
    const attached = await store.rcx(['run', '-i', '-a', 'stdin', ...cat], { input: 'typed\n' });
    expect(attached).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^[0-9a-f]{64}\n$/) });
    expect(await store.ok(['logs', attached.stdout.trim()])).toBe('typed\n');
    const without = await store.rcx(['run', '--rm', '-i', '-a', 'stdout', ...cat], { input: 'typed\n' });
    // Nobody has given it input: it waits until its time is over.
    expect(without).toMatchObject({ exitCode: 124, stdout: '' });
  });

  it('is refused with another name, and with -d', async () => {
    expectFailure(await store.rcx(['run', '-a', 'foo', ...BOTH]), 125, /stdin, stdout and stderr/);
    expectFailure(await store.rcx(['run', '-d', '-a', 'stdout', ...BOTH]), 125, /both --attach and --detach/);
  });
});

describe('run --sig-proxy', () => {
  it.each([
    [[], 0, 'exited'],
    [['--sig-proxy=false'], undefined, 'running'],
  ])('%j', async (flags, exitCode, status) => {
    const running = store.start(['run', '--name', 'signalled', ...flags, 'ubuntu', 'sh', '-c', OBEYS]);
    await written(running, /ready/);
    running.kill('SIGTERM');
    expect((await running).exitCode).toBe(exitCode);
    expect(await store.ok(['inspect', '-f', '{{.State.Status}}', 'signalled'])).toBe(`${status}\n`);
  });
});

describe('flags that choose between parts of Docker', () => {
  it('take what rcx has', async () => {
    const flags = ['--runtime', 'runc', '--isolation', 'default', '--volume-driver', 'local'];
    const id = (await store.ok(['create', ...flags, 'ubuntu', 'true'])).trim();
    expect(await store.ok(['inspect', '-f', '{{.HostConfig.Runtime}}', id])).toBe('runc\n');
  });

  it.each([
    ['--runtime', 'nvidia'],
    ['--isolation', 'hyperv'],
    ['--volume-driver', 'nfs'],
  ])('%s %s is refused', async (flag, value) => {
    expectFailure(await store.rcx(['run', flag, value, 'ubuntu', 'true']), 125, /there is only/);
  });
});

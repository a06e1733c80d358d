import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newStore, type Store } from '../support/cli.ts';
import { RCX_BIN } from '../support/rcxBin.ts';

const MIB = 1024 * 1024;

let store: Store;
beforeAll(async () => {
  store = await newStore({ images: true });
});
afterAll(() => store.close());

/** A line of the host's shell in which `rcx` is the command under test. */
function pipeline(line: string, timeout = 20_000) {
  const script = `rcx() { "${RCX_BIN}" "$@"; }; ${line}`;
  return execa('bash', ['-o', 'pipefail', '-c', script], { env: store.env, extendEnv: false, reject: false, timeout });
}

describe('stdin', () => {
  it('reaches the program with -i, to its end', async () => {
    expect(await pipeline('echo hi | rcx run -i --rm ubuntu cat')).toMatchObject({ exitCode: 0, stdout: 'hi' });
  });

  it('is empty without -i', async () => {
    expect(await pipeline('echo hi | rcx run --rm ubuntu cat')).toMatchObject({ exitCode: 0, stdout: '' });
  });

  it('does not keep a container alive whose program has ended', async () => {
    // Its stdin stays open: nothing is written to it and nobody closes it.
    const outcome = await store.start(['run', '-i', '--rm', 'ubuntu', 'echo', 'done'], { timeout: 20_000 });
    expect(outcome).toMatchObject({ exitCode: 0, stdout: 'done\n', timedOut: false });
  });

  it('may be closed by the program before it is read', async () => {
    expect(await pipeline('yes | rcx run -i --rm ubuntu head -1')).toMatchObject({ stdout: 'y', timedOut: false });
  });

  it('arrives whole, however much it is', async () => {
    const input = Buffer.alloc(20 * MIB, 'every byte of it counts\n');
    const { stdout } = await store.rcx(['run', '-i', '--rm', 'ubuntu', 'sha256sum'], { input });
    expect(stdout).toBe(`${createHash('sha256').update(input).digest('hex')}  -\n`);
  });
});

describe('stdout', () => {
  const RANDOM = 'head -c 52428800 /dev/urandom > /tmp/r; sha256sum < /tmp/r >&2; exec cat /tmp/r';

  it('of 50 MiB goes through a pipe whole', async () => {
    const { stdout, stderr, exitCode } = await pipeline(`rcx run --rm ubuntu sh -c '${RANDOM}' | sha256sum`);
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: stderr });
    expect(stdout).toMatch(/^[0-9a-f]{64} {2}-$/);
  });

  it('waits for a slow reader, who gets everything', async () => {
    const child = store.start(['run', '--rm', 'ubuntu', 'sh', '-c', RANDOM]);
    const hash = createHash('sha256');
    let pauses = 0;
    for await (const chunk of child.stdout) {
      hash.update(chunk);
      if (pauses++ % 100 === 0) await sleep(50);
    }
    const { exitCode, stderr } = await child;
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: `${hash.digest('hex')}  -\n` });
  });

  it('whose reader has gone ends the container that goes on writing', async () => {
    const begin = Date.now();
    const { stdout, timedOut } = await pipeline('rcx run --rm ubuntu yes | head -1');
    expect({ stdout, timedOut }).toEqual({ stdout: 'y', timedOut: false });
    expect(Date.now() - begin).toBeLessThan(10_000);
  });

  it('that cannot be written is an error, not a silent loss', async () => {
    const outcome = await pipeline('rcx run --rm ubuntu echo lost > /dev/full');
    expect(outcome).toMatchObject({ exitCode: 125, stderr: expect.stringMatching(/output.*ENOSPC/) });
  });

  it('goes straight to a file, bytes unchanged', async () => {
    const file = `${store.folder}/bytes`;
    await pipeline(`rcx run --rm ubuntu printf '\\000\\r\\n\\377' > ${file}; od -An -tx1 ${file}`);
    expect((await pipeline(`od -An -tx1 ${file}`)).stdout.trim()).toBe('00 0d 0a ff');
  });

  it('of processes that outlive the program still arrives', async () => {
    const stdout = await store.ok([
      'run',
      '--rm',
      '--init',
      'ubuntu',
      'sh',
      '-c',
      'echo one; (sleep 0.2; echo two) & wait',
    ]);
    expect(stdout).toBe('one\ntwo\n');
  });
});

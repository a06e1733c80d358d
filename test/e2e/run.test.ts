import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectFailure, newStore, type Store } from '../support/cli.ts';

let store: Store;
beforeAll(async () => {
  store = await newStore({ images: true });
});
afterAll(() => store.close());

describe('rcx run', () => {
  it('runs a program of the image in the image’s own file system', async () => {
    const { exitCode, stdout, stderr } = await store.rcx(['run', '--rm', 'ubuntu', 'cat', '/etc/os-release']);
    expect(stdout).toContain('PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"');
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  });

  it('runs the image’s own command when none is given', async () => {
    const stdout = await store.ok(['run', '--rm', '-i', 'ubuntu'], { input: 'echo shell $BASH_VERSION' });
    expect(stdout).toMatch(/^shell 5\./);
  });

  it('keeps stdout and stderr apart', async () => {
    const outcome = await store.rcx(['run', '--rm', 'ubuntu', 'sh', '-c', 'echo out; echo err >&2']);
    expect(outcome).toMatchObject({ exitCode: 0, stdout: 'out\n', stderr: 'err\n' });
  });

  it.each([0, 1, 42, 125, 255])('ends with the program’s exit code %i', async (code) => {
    const { exitCode } = await store.rcx(['run', '--rm', 'ubuntu', 'sh', '-c', `exit ${code}`]);
    expect(exitCode).toBe(code);
  });

  it('ends with 128 + n when signal n killed the program', async () => {
    const { exitCode, signal } = await store.rcx(['run', '--rm', '--init', 'ubuntu', 'sh', '-c', 'kill -9 $$']);
    expect({ exitCode, signal }).toEqual({ exitCode: 137, signal: undefined });
  });

  it('ends with 127 when the program does not exist', async () => {
    expectFailure(
      await store.rcx(['run', '--rm', 'ubuntu', 'no-such-program']),
      127,
      /no-such-program.*not found.*PATH/,
    );
    expectFailure(await store.rcx(['run', '--rm', 'ubuntu', '/no/such']), 127, /\/no\/such/);
  });

  it('ends with 126 when the program cannot be executed', async () => {
    expectFailure(await store.rcx(['run', '--rm', 'ubuntu', '/etc/passwd']), 126, /\/etc\/passwd.*EACCES/);
    expectFailure(await store.rcx(['run', '--rm', 'ubuntu', '/etc']), 126, /\/etc/);
  });

  it('takes what follows the image as the program’s, flags included', async () => {
    expect(await store.ok(['run', '--rm', 'ubuntu', 'echo', '--rm', '-e', '--', '-i'])).toBe('--rm -e -- -i\n');
  });
});

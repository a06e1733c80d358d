import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newStore, type Store } from '../support/cli.ts';
import { removeAll } from '../support/life.ts';

let store: Store;
beforeAll(async () => {
  store = await newStore({ images: true });
});
afterAll(async () => {
  await removeAll(store);
  await store.close();
});

/** What was done, by the lines of a trace. */
const parts = (stderr: string) => stderr.split('\n').flatMap((line) => /^ *\d+ µs {2}(.*)$/.exec(line)?.[1] ?? []);

describe('rcx run --trace', () => {
  it.each([
    ['in the foreground', ['--rm'], 'here\n'],
    ['in the background', ['-d'], undefined],
  ])('says how long each part of the launch took, %s', async (_, flags, output) => {
    const { exitCode, stdout, stderr } = await store.rcx(['run', '--trace', ...flags, 'ubuntu', 'echo', 'here']);
    expect(exitCode).toBe(0);
    if (output !== undefined) expect(stdout).toBe(output);
    const said = parts(stderr);
    expect(said).toEqual(
      expect.arrayContaining([
        'clone a process into its namespaces',
        'mount in the container: proc on /proc',
        'confine the program and execute it',
      ]),
    );
    expect(said.at(-1)).toBe('all of the launch');
    expect(stderr.trimEnd().split('\n')).toHaveLength(said.length);
  });

  it('is silent otherwise', async () => {
    expect((await store.rcx(['run', '--rm', 'ubuntu', 'true'])).stderr).toBe('');
  });
});

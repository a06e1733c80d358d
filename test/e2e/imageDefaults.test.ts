import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newStore, type Store } from '../support/cli.ts';

let store: Store;
beforeAll(async () => {
  store = await newStore({ images: true });
});
afterAll(() => store.close());

const run = (...args: string[]) => store.ok(['run', '--rm', ...args]);

describe('what the image says', () => {
  it('is its entrypoint with its command', async () => {
    expect(await run('layered')).toBe('entrypoint default words\n');
  });

  it('keeps its entrypoint when a command is given', async () => {
    expect(await run('layered', 'other', 'words')).toBe('entrypoint other words\n');
  });

  it('loses its entrypoint and command to --entrypoint', async () => {
    expect(await run('--entrypoint', 'echo', 'layered')).toBe('\n');
    expect(await run('--entrypoint', 'echo', 'layered', 'mine')).toBe('mine\n');
    expect(await run('--entrypoint', '', 'layered', 'echo', 'mine')).toBe('mine\n');
  });

  it('is its environment, working directory and user', async () => {
    const script = 'echo "$COLOUR|$GREETING|$PWD|$HOME|$(id -un):$(id -gn)"';
    expect(await run('--entrypoint', 'sh', 'layered', '-c', script)).toBe(
      'blue|hello world|/srv|/home/tester|tester:tester\n',
    );
  });

  it('counts less than the flags', async () => {
    const flags = ['-e', 'COLOUR=red', '-w', '/tmp', '-u', 'root', '--entrypoint', 'sh'];
    expect(await run(...flags, 'layered', '-c', 'echo "$COLOUR|$PWD|$HOME|$(id -u)"')).toBe('red|/tmp|/root|0\n');
  });
});

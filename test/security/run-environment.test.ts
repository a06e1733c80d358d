import { afterAll, beforeAll, expect, it } from 'vitest';
import { newStore, type Store } from '../support/cli.ts';

let store: Store;
beforeAll(async () => {
  store = await newStore({ images: true });
});
afterAll(() => store.close());

it('shows nothing of the host in the environment and command line of a container’s processes', async () => {
  const options = { env: { SECRET: 'do not tell' } };
  const script = 'cat /proc/1/environ /proc/1/cmdline /proc/self/environ | tr "\\0" "\\n"';
  const stdout = await store.ok(['run', '--rm', '--init', 'ubuntu', 'sh', '-c', script], options);
  expect(stdout).not.toContain('do not tell');
  expect(stdout).not.toContain(store.root);
});

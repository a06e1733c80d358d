import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newStore, type Store } from '../support/cli.ts';
import { wreckage } from '../support/wreckage.ts';

let store: Store;
beforeEach(async () => {
  store = await newStore();
});
afterEach(() => store.close());

/** Everything that a user would notice of an image that is only partly there. */
async function expectWholeImage(): Promise<void> {
  const script = 'cat /srv/motd /data/becomes-directory/file; stat -c %a /data/setuid; ls /data/gone 2>&1';
  const { stdout } = await store.rcx(['run', '--rm', '-q', '-u', '0', '--entrypoint', 'sh', 'layered', '-c', script]);
  expect(stdout).toBe("hello\ninside\n4755\nls: cannot access '/data/gone': No such file or directory\n");
  expect(wreckage(store.root)).toEqual([]);
}

describe('kill -9 of rcx during a pull', () => {
  it.each([
    ['before it has said anything', '', -1, 0],
    ['when a layer is downloaded', 'Downloading', 1, 0],
    ['in the middle of the largest layer', 'Extracting', 1, 250],
    ['when the first layer is complete', 'Pull complete', 1, 0],
    ['just before the end', 'Pull complete', 7, 30],
  ])('%s leaves a store in which the next pull and run succeed', async (_, words, times, delay) => {
    const pull = store.start(['pull', 'layered']);
    let said = '';
    const reached = new Promise<void>((resolve) => {
      const hear = (chunk: Buffer | string) => {
        said += chunk;
        if (said.split(words).length > times) resolve();
      };
      pull.stderr.on('data', hear);
      pull.stdout.on('data', hear);
      pull.once('exit', () => resolve());
      hear('');
    });
    await reached;
    await sleep(delay);
    pull.kill('SIGKILL');
    const { signal } = await pull;
    // Nothing of an image that is not whole is visible.
    if (signal === 'SIGKILL') expect(await store.ok(['images', '-q'])).toMatch(/^$|^[0-9a-f]{12}\n$/);
    await expectWholeImage();
  });

  it('again and again still ends in a whole image', async () => {
    for (const delay of [100, 300, 500, 700]) {
      const pull = store.start(['pull', '-q', 'layered']);
      await sleep(delay);
      pull.kill('SIGKILL');
      await pull;
    }
    await expectWholeImage();
  });
});

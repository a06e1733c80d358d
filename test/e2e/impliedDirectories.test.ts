import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { newStore, type Store } from '../support/cli.ts';
import { extendImage } from '../support/registryImages.ts';
import { TarBuilder } from '../support/tarBuilder.ts';

let store: Store;
beforeAll(async () => {
  const layer = new TarBuilder().file('tmp/file', 'x').file('root/file', 'y').build();
  await extendImage(inject('e2e').registry, 'library/ubuntu', ['latest', 'implied'], [layer]);
  store = await newStore({ images: true });
});
afterAll(() => store.close());

describe('an image whose last layer has files and not their directories', () => {
  it('has the directories of the layers below, for everybody who may use them', async () => {
    const script = 'stat -c "%a %n" /tmp /root && echo z > /tmp/mine && cat /tmp/file /tmp/mine';
    const output = await store.ok([
      'run',
      '--name',
      'writer',
      '-q',
      '-u',
      '1234',
      'ubuntu:implied',
      'sh',
      '-c',
      script,
    ]);
    expect(output).toBe('1777 /tmp\n700 /root\nxz\n');
  });

  it('has them in what is committed and exported, too', async () => {
    await store.ok(['commit', 'writer', 'committed']);
    expect(await store.ok(['run', '--rm', 'committed', 'stat', '-c', '%a', '/tmp', '/root'])).toBe('1777\n700\n');
    expect(await store.ok(['diff', 'writer'])).toBe('C /tmp\nA /tmp/mine\n');
    await store.ok(['rm', 'writer']);
  });
});

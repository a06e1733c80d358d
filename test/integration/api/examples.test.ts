import { join } from 'node:path';
import { execa } from 'execa';
import { beforeAll, expect, it } from 'vitest';
import { engineWithImage, IMAGE } from '../../support/apiEngine.ts';
import { describeWith } from '../../support/requires.ts';
import { scratchDirectory } from '../../support/scratch.ts';

const REDIS = 'localhost/redis:latest';

describeWith({ root: true }, 'the examples', () => {
  const folder = scratchDirectory();
  const env = { RCX_ROOT: join(folder, 'root'), RCX_RUN: join(folder, 'run'), REDIS_IMAGE: REDIS };
  let layer: string;
  beforeAll(async () => {
    const engine = await engineWithImage(folder);
    layer = (await engine.images.inspect(IMAGE)).GraphDriver.Data.UpperDir as string;
  });

  const node = async (...words: string[]) => (await execa(process.execPath, words, { env })).stdout;

  it('sandbox.mjs judges programs of strangers', async () => {
    expect((await node('examples/sandbox.mjs', IMAGE)).split('\n')).toEqual([
      'a good one: ended with 0: 65534 lo',
      'one that never ends: took too long',
      'one that never stops talking: wrote too much',
      'one that eats memory: wanted too much memory',
      expect.stringMatching(/^one that multiplies: (took too long|ended with \d+: .*)$/),
      expect.stringMatching(/^one that writes where it should not: ended with [12]: .*(Read-only|Permission denied)/),
    ]);
  });

  it('build-farm.mjs builds many things at once', async () => {
    const lines = (await node('examples/build-farm.mjs', IMAGE)).split('\n');
    expect(lines).toEqual(Array.from({ length: 12 }, (_, number) => `part-${number}: four one three two`));
  });

  it('own-rootfs.mjs runs a program in a directory', async () => {
    expect(await node('examples/own-rootfs.mjs', layer, 'sh', '-c', 'echo here; echo x >/file')).toMatch(
      /^here\nended with 0; changed: .*file/,
    );
  });
});

describeWith({ root: true, commands: ['redis-server', 'redis-cli'] }, 'the example with a database', () => {
  const folder = scratchDirectory();

  it('database.test.mjs tests with a real one', async () => {
    const engine = await engineWithImage(folder);
    await engine.images.fromHost(REDIS, ['redis-server', 'redis-cli']);
    const env = { RCX_ROOT: join(folder, 'root'), RCX_RUN: join(folder, 'run'), REDIS_IMAGE: REDIS };
    const { stdout } = await execa(process.execPath, ['--test', '--test-reporter=tap', 'examples/database.test.mjs'], {
      env,
    });
    expect(stdout).toMatch(/^# pass 2$/m);
    expect(stdout).toMatch(/^# fail 0$/m);
  });
});

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, it } from 'vitest';
import { packageRoot } from '../../../ts/native/index.ts';
import { engineWithImage, IMAGE } from '../../support/apiEngine.ts';
import { describeWith } from '../../support/requires.ts';
import { scratchDirectory } from '../../support/scratch.ts';

/** `RCX_TEST_RUNS=10000` takes minutes; what leaks shows in a tenth of them as well. */
const RUNS = Number(process.env.RCX_TEST_RUNS ?? 1000);
/** By then V8 has made room for young objects, as much as it does. */
const WARM_UP = 1200;
const MOST_BYTES = 20 * 1024 ** 2;

describeWith({ root: true }, 'a process that runs one container after the other', () => {
  const folder = scratchDirectory();

  it(`has no more memory, descriptors, threads or listeners after ${RUNS} of them`, async () => {
    await engineWithImage(folder);
    const script = join(folder, 'endurance.mjs');
    const options = { root: join(folder, 'root'), run: join(folder, 'run'), config: { defaultNetwork: 'none' } };
    writeFileSync(script, program(JSON.stringify(join(packageRoot, 'dist/index.mjs')), JSON.stringify(options)));
    const { stdout } = await execa(process.execPath, ['--expose-gc', script]);
    const [before, after] = JSON.parse(stdout);
    expect(after.bytes - before.bytes).toBeLessThan(MOST_BYTES);
    expect(after.heap - before.heap).toBeLessThan(MOST_BYTES / 10);
    for (const what of ['threads', 'descriptors', 'listeners']) expect(after[what]).toBe(before[what]);
  }, 600_000);
});

/** Runs containers, and says what the process has before and afterwards. */
function program(library: string, options: string): string {
  return `
    import { getEventListeners } from 'node:events';
    import { readdirSync, readFileSync } from 'node:fs';
    import { Engine } from ${library};
    const engine = new Engine(${options});
    const { signal } = new AbortController();
    const runs = async (count) => {
      for (let done = 0; done < count; done++) await engine.run('${IMAGE}', ['echo', 'x'], { signal, timeout: 60_000 });
    };
    const now = () => {
      for (let round = 0; round < 3; round++) globalThis.gc();
      const status = readFileSync('/proc/self/status', 'utf8');
      return {
        heap: process.memoryUsage().heapUsed,
        bytes: Number(/^RssAnon:\\s+(\\d+)/m.exec(status)[1]) * 1024,
        threads: Number(/^Threads:\\s+(\\d+)/m.exec(status)[1]),
        descriptors: readdirSync('/proc/self/fd').length,
        listeners: getEventListeners(signal, 'abort').length,
      };
    };
    await runs(${WARM_UP});
    const before = now();
    await runs(${RUNS});
    console.log(JSON.stringify([before, now()]));`;
}

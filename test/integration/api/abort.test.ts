import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, expect, it } from 'vitest';
import type { Engine } from '../../../ts/index.ts';
import { engineWithImage, IMAGE } from '../../support/apiEngine.ts';
import { takeStock } from '../../support/leaks.ts';
import { waitUntil } from '../../support/processes.ts';
import { describeWith } from '../../support/requires.ts';
import { scratchDirectory } from '../../support/scratch.ts';

const ROUNDS = 300;
const AT_ONCE = 4;

describeWith({ root: true }, 'a run that is aborted', () => {
  const folder = scratchDirectory();
  let engine: Engine;
  beforeAll(async () => {
    engine = await engineWithImage(folder);
  });

  const stock = () => takeStock([join(folder, 'root/containers'), join(folder, 'run')], []);

  it(`leaves nothing, at whichever of ${ROUNDS} moments that is`, async () => {
    const begin = performance.now();
    for (let round = 0; round < 10; round++) await engine.run(IMAGE, ['sh', '-c', 'exit 0']);
    const usual = (performance.now() - begin) / 10;
    const before = stock();
    const outcomes = { whole: 0, aborted: 0 };
    const worker = async (first: number) => {
      for (let round = first; round < ROUNDS; round += AT_ONCE) {
        const abort = new AbortController();
        // From before anything is made to after the end.
        const moment = sleep(((round / ROUNDS) * 1.5 * AT_ONCE * usual) / 2).then(() => abort.abort());
        try {
          await engine.run(IMAGE, ['sh', '-c', 'exit 0'], { signal: abort.signal, tty: round % 3 === 0 });
          outcomes.whole++;
        } catch (error) {
          expect(error).toMatchObject({ code: 'ERR_RCX_ABORTED', isCanceled: true });
          outcomes.aborted++;
        }
        await moment;
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, (_, first) => worker(first)));
    // Both happened, or the moments were none.
    expect(outcomes.whole).toBeGreaterThan(10);
    expect(outcomes.aborted).toBeGreaterThan(10);
    await waitUntil(() => stock().descriptors <= before.descriptors);
    expect({ ...stock(), descriptors: before.descriptors }).toEqual(before);
    expect(readdirSync(join(folder, 'root/containers')).filter((name) => /^[0-9a-f]{64}$/.test(name))).toEqual([]);
  }, 120_000);
});

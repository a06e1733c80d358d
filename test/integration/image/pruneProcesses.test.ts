import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Engine } from '../../../ts/engine.ts';
import { pruneImages } from '../../../ts/image/prune.ts';
import { checkStore } from '../../../ts/system/check.ts';
import { bundleProgram } from '../../support/bundle.ts';
import { asTar, type WrittenLayout, writeLayout } from '../../support/layoutWriter.ts';
import { scratchDirectory } from '../../support/scratch.ts';
import { TarBuilder } from '../../support/tarBuilder.ts';

const scratch = scratchDirectory();
const ROUNDS = 20;
let program: string;
let directory: string;
let layout: WrittenLayout;

beforeAll(async () => {
  program = await bundleProgram('test/support/pullAgain.ts');
  directory = mkdtempSync(join(scratch, 'layout-'));
  const archives = ['a', 'b', 'c'].map((name) => {
    const tar = new TarBuilder().directory(name);
    for (let i = 0; i < 30; i++) tar.file(`${name}/${i}`, name.repeat(10_000));
    return tar.build();
  });
  layout = writeLayout(directory, archives, { compress: asTar });
});
afterAll(() => rmSync(dirname(program), { recursive: true, force: true }));

/** What a process that pulls the image so many times tells of each round. */
async function pulls(root: string, name: string): Promise<{ id: string; fetched: number }[]> {
  const child = spawn(process.execPath, [program, directory, root, name, String(ROUNDS)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = (await text(child.stdout)).trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line) as { id: string; fetched: number });
}

test('images can be pruned while other processes pull them again and again', async () => {
  const root = mkdtempSync(join(scratch, 'store-'));
  const engine = new Engine({ root, run: join(root, 'run') });
  const working = Promise.all([pulls(root, 'one'), pulls(root, 'one'), pulls(root, 'two')]);
  let ended = false;
  let removed = 0;
  const pruning = (async () => {
    while (!ended) {
      const { images } = await pruneImages(engine, { all: true });
      removed += images.length;
      // Whatever is there between two prunes is whole.
      expect((await checkStore(engine)).problems).toEqual([]);
      await sleep(10);
    }
  })();
  const rounds = (await working).flat();
  ended = true;
  await pruning;
  expect(rounds).toHaveLength(3 * ROUNDS);
  expect(new Set(rounds.map(({ id }) => id))).toEqual(new Set([layout.config.digest]));
  // Both did something: what was pruned was fetched again.
  expect(removed).toBeGreaterThan(5);
  expect(rounds.filter(({ fetched }) => fetched > 0).length).toBeGreaterThan(5);
  await pruneImages(engine, { all: true });
  expect(await checkStore(engine)).toMatchObject({ blobs: 0, layers: 0, images: 0, problems: [] });
});

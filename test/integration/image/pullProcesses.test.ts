import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { bundleProgram } from '../../support/bundle.ts';
import { LayoutSource } from '../../support/layoutSource.ts';
import { asTar, type WrittenLayout, writeLayout } from '../../support/layoutWriter.ts';
import { newTestStore, type TestStore } from '../../support/pulling.ts';
import { scratchDirectory } from '../../support/scratch.ts';
import { TarBuilder } from '../../support/tarBuilder.ts';

const scratch = scratchDirectory();
let program: string;
let directory: string;
let layout: WrittenLayout;
let store: TestStore;

beforeAll(async () => {
  program = await bundleProgram('test/support/pullProcess.ts');
  directory = mkdtempSync(join(scratch, 'layout-'));
  const archives = ['a', 'b', 'c'].map((name) => {
    const tar = new TarBuilder().directory(name);
    for (let i = 0; i < 200; i++) tar.file(`${name}/${i}`, name.repeat(5000));
    return tar.build();
  });
  layout = writeLayout(directory, archives, { compress: asTar });
});
afterAll(() => rmSync(dirname(program), { recursive: true, force: true }));

beforeEach(() => {
  store = newTestStore(scratch);
});

function start(name: string, delay = 0): { child: ChildProcess; exited: Promise<unknown> } {
  const args = [program, directory, store.paths.root, name, String(delay)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  return { child, exited: once(child, 'exit') };
}

/** Lines of what the process says, until there is one that `enough` accepts or it ends. */
async function lines(child: ChildProcess, enough: (line: string) => boolean = () => false): Promise<string[]> {
  const seen: string[] = [];
  if (child.stdout === null) return seen;
  const reader = createInterface({ input: child.stdout });
  return await new Promise((resolve) => {
    // The pipe stays open: closing it would end the process in another way than the test means to.
    reader
      .on('close', () => resolve(seen))
      .on('line', (line) => {
        seen.push(line);
        if (enough(line)) resolve(seen);
      });
  });
}

describe('pulls of one image in several processes', () => {
  test('all succeed, and each layer is downloaded once', async () => {
    const children = ['one', 'two', 'three', 'four'].map((name) => start(name, 2));
    const reports = await Promise.all(
      children.map(async ({ child }) => JSON.parse((await lines(child)).at(-1) ?? '{}')),
    );
    const ids = reports.map(({ id }: { id: string }) => id);
    expect(ids).toEqual(Array(4).fill(layout.config.digest));
    const fetched = reports.reduce((sum: number, report: { fetched: number }) => sum + report.fetched, 0);
    // Each may have asked for the config before another had stored it.
    expect(fetched).toBeGreaterThanOrEqual(3 + 1);
    expect(fetched).toBeLessThanOrEqual(3 + 4);
    expect(store.images.find('three').references).toHaveLength(4);
    expect(store.content().layers).toHaveLength(3);
  });
});

describe('a process that is killed in the middle of a pull', () => {
  // Moments spread over a pull of some 150 ms: download, unpacking, between the two, renames.
  test.each([0, 15, 40, 80, 120, 160])('after %i ms: the next pull succeeds and clears up', async (milliseconds) => {
    const { child, exited } = start('app', 3);
    const seen = await lines(child, (line) => line === 'downloading');
    expect(seen).toContain('downloading');
    await new Promise((resolve) => setTimeout(resolve, milliseconds));
    child.kill('SIGKILL');
    await exited;
    const image = await store.pull(new LayoutSource(directory), 'app');
    expect(image.diffIds).toEqual(layout.diffIds);
    expect(store.content().layers.filter((name) => name.startsWith('.'))).toEqual([]);
    expect(store.content().images).toEqual(['blobs', 'index.json', 'oci-layout']);
    for (const diffId of layout.diffIds)
      expect(store.layers.info(diffId)).toMatchObject({ entries: 201, size: 1_000_000 });
  });

  test('what a living process is making is left alone', async () => {
    const { child, exited } = start('slow', 40);
    await lines(child, (line) => line === 'downloading');
    const layers = store.content().layers.filter((name) => name.startsWith('.'));
    expect(layers.length).toBeGreaterThan(0);
    const other = mkdtempSync(join(scratch, 'other-'));
    writeLayout(other, [new TarBuilder().file('x').build()]);
    await store.pull(new LayoutSource(other), 'other');
    expect(store.content().layers).toEqual(expect.arrayContaining(layers));
    await exited;
    expect(child.exitCode).toBe(0);
    expect(store.images.find('slow').diffIds).toEqual(layout.diffIds);
  });
});

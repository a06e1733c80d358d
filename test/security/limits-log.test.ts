import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { newStore, type Store } from '../support/cli.ts';
import { detached, expectNothingLeft, removeAll, stateOf } from '../support/life.ts';
import { waitUntil } from '../support/processes.ts';
import { expectResponsive } from '../support/responsive.ts';

const MIB = 2 ** 20;

let store: Store;
beforeAll(async () => {
  store = await newStore({ images: true });
});
afterEach(() => removeAll(store));
afterAll(() => store.close());

/** Bytes of memory that a container's monitor has to itself, without its program's, which other monitors share. */
function monitorMemory(id: string): number {
  const text = readFileSync(`/proc/${stateOf(store, id).owner.pid}/smaps_rollup`, 'utf8');
  return [...text.matchAll(/^Private_Dirty:\s+(\d+) kB$/gm)].reduce(
    (sum, [, kilobytes]) => sum + Number(kilobytes) * 1024,
    0,
  );
}

function logSizes(id: string): number[] {
  const folder = join(store.root, 'containers', id);
  const names = readdirSync(folder).filter((name) => name.startsWith('container.log'));
  // One that is being rotated away has no size any more.
  return names.map((name) => statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0);
}

const total = (id: string) => logSizes(id).reduce((sum, size) => sum + size, 0);

describe('a container that writes without end', () => {
  it.each([
    ['short lines', 'yes'],
    ['a line without an end', 'exec cat /dev/zero'],
    ['to both streams', 'yes & exec yes >&2'],
  ])('%s has no more log than max-size and max-file, a small monitor, and others go on', async (_how, program) => {
    const id = await detached(store, ['--log-opt', 'max-size=1m', '--log-opt', 'max-file=3'], program);
    await waitUntil(() => logSizes(id).length === 3 && total(id) > 2.2 * MIB, { timeout: 30_000 });
    for (let look = 0; look < 20; look++) {
      expect(total(id)).toBeLessThanOrEqual(3 * MIB);
      expect(monitorMemory(id)).toBeLessThan(MIB);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await expectResponsive(store);
    // The last line may be of either stream.
    const last = await store.rcx(['logs', '-n', '1', id], { timeout: 30_000 });
    expect(last.exitCode).toBe(0);
    expect(`${last.stdout}${last.stderr}`).not.toBe('');
    await store.ok(['rm', '-f', id], { timeout: 30_000 });
    await expectNothingLeft(store, id, { gone: true });
  });

  it('waits for one who is attached and reads nothing, with a small monitor', async () => {
    const id = await detached(store, ['--log-opt', 'max-size=1m'], 'exec yes');
    const reader = store.start(['attach', '--no-stdin', id], { timeout: 60_000 });
    reader.stdout.pause();
    try {
      await new Promise((resolve) => setTimeout(resolve, 2000));
      expect(monitorMemory(id)).toBeLessThan(MIB);
      await expectResponsive(store);
    } finally {
      reader.kill('SIGKILL');
      await reader;
    }
    await store.ok(['rm', '-f', id], { timeout: 30_000 });
  });
});

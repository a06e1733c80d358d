import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { cgroupsOf } from '../support/cgroups.ts';
import { newStore, type Store } from '../support/cli.ts';
import { becomes, detached, endOf, expectNothingLeft, removeAll, stateOf } from '../support/life.ts';
import { waitUntil } from '../support/processes.ts';
import { expectResponsive } from '../support/responsive.ts';

const MIB = 2 ** 20;
const LIMIT = 48 * MIB;

let store: Store;
beforeAll(async () => {
  store = await newStore({ images: true });
});
afterEach(() => removeAll(store));
afterAll(() => store.close());

/** The most memory that a container has ever had. */
function peak(id: string): number {
  const files = cgroupsOf(id).flatMap((path) => [join(path, 'memory.peak'), join(path, 'memory.max_usage_in_bytes')]);
  const file = files.find((path) => existsSync(path));
  return file === undefined ? Number.NaN : Number(readFileSync(file, 'utf8'));
}

/** Takes memory until it is killed. */
const HOG = 'perl -e "while (1) { push @all, q(x) x 1000000 }"';

describe('a container that takes memory without end', () => {
  it.each([
    ['with swap as far as the machine has some', ['-m', '48m']],
    ['without swap', ['-m', '48m', '--memory-swap', '48m']],
  ])('%s never has more than --memory, is killed again and again, and others go on', async (_how, flags) => {
    const id = await detached(store, flags, `while :; do ${HOG} & ${HOG}; done`);
    await waitUntil(() => stateOf(store, id).oomKilled === true, { timeout: 30_000 });
    await expectResponsive(store);
    expect(peak(id)).toBeGreaterThan(LIMIT / 2);
    expect(peak(id)).toBeLessThanOrEqual(LIMIT);
    await store.ok(['rm', '-f', id], { timeout: 30_000 });
    await expectNothingLeft(store, id, { gone: true });
  });

  it('by files in memory, which stay when their writer is killed, is killed as a whole', async () => {
    const flags = ['-m', '48m', '--memory-swap', '48m', '--tmpfs', '/shm:size=1g'];
    const id = await detached(store, flags, 'head -c 200000000 /dev/zero > /shm/big; head -c 1000000 /shm/big | sort');
    expect(await endOf(store, id)).toBe(137);
    expect(await becomes(store, id, 'exited')).toMatchObject({ oomKilled: true });
    await expectNothingLeft(store, id);
  });
});

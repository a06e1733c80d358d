import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cgroupsOf } from '../support/cgroups.ts';
import { newStore, type Store } from '../support/cli.ts';
import { detached, expectNothingLeft } from '../support/life.ts';
import { waitUntil } from '../support/processes.ts';
import { expectResponsive } from '../support/responsive.ts';

const LIMIT = 64;

let store: Store;
beforeAll(async () => {
  store = await newStore({ images: true });
});
afterAll(() => store.close());

/** Of the cgroup that counts processes. */
function pids(id: string, file: 'pids.current' | 'pids.events'): string {
  const cgroup = cgroupsOf(id).find((path) => existsSync(join(path, 'pids.current')));
  return readFileSync(join(cgroup ?? '/none', file), 'utf8');
}

describe('a container that makes processes as fast as it can', () => {
  it.each([
    ['one after the other, each doing the same', 'perl -e "fork while 1"'],
    ['that leave their parents', 'perl -e "while (1) { fork or do { setpgrp; fork } }"'],
    ['as threads of a shell’s pipes', "bash -c 'b() { b | b & }; b; wait; sleep 600'"],
  ])('%s has no more than --pids-limit, and others go on', async (_how, bomb) => {
    const id = await detached(store, ['--init', '--pids-limit', String(LIMIT)], `${bomb}; exec sleep 600`);
    await waitUntil(() => /^max [1-9]/m.test(pids(id, 'pids.events')), { timeout: 30_000 });
    expect(Number(pids(id, 'pids.current'))).toBeLessThanOrEqual(LIMIT);
    await expectResponsive(store);
    expect(Number(pids(id, 'pids.current'))).toBeLessThanOrEqual(LIMIT);
    // There is no room for another program in it, which is said and does not hang.
    const inside = await store.rcx(['exec', id, 'true'], { timeout: 30_000 });
    if (inside.exitCode !== 0) expect(inside.stderr).toMatch(/^rcx: [^\n]+\n$/);
    await store.ok(['rm', '-f', id], { timeout: 30_000 });
    await expectNothingLeft(store, id, { gone: true });
  });
});

import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { newStore, type Store } from '../support/cli.ts';
import { logged, ready, removeAll } from '../support/life.ts';
import { expectResponsive } from '../support/responsive.ts';

let store: Store;
beforeAll(async () => {
  store = await newStore({ images: true });
});
afterEach(() => removeAll(store));
afterAll(() => store.close());

/** Files that are open on the whole machine, and how many can be (proc_sys_fs(5)). */
function openFiles(): { open: number; most: number } {
  const [open = 0, , most = 0] = readFileSync('/proc/sys/fs/file-nr', 'utf8').split('\t').map(Number);
  return { open, most };
}

describe('a container that opens files without end', () => {
  it('comes to its limits before the machine comes to its own', async () => {
    const before = openFiles().open;
    // Each of the processes opens as many as it can, and keeps them.
    const program =
      'perl -e "fork; fork; my @all; while (open(my \\$f, q(<), q(/dev/null))) { push @all, \\$f } ' +
      '\\$| = 1; print q(opened ), scalar @all, qq(: \\$!\\n); sleep 600"';
    const id = await ready(store, ['-m', '256m', '--pids-limit', '10'], `echo ready; exec ${program}`);
    await logged(store, id, /(opened \d+: Too many open files\s+){4}/);
    await expectResponsive(store);
    expect(openFiles().open).toBeLessThan(openFiles().most);
    await store.ok(['rm', '-f', id], { timeout: 30_000 });
    // All are closed again, but for what others have opened meanwhile.
    await expect.poll(() => openFiles().open, { timeout: 10_000 }).toBeLessThan(before + 2000);
  });
});

describe('a container that fills a tmpfs', () => {
  it('with files has no more of them than nr_inodes', async () => {
    const program =
      'i=0; while true > /scratch/$i; do i=$((i + 1)); done 2>/dev/null; echo "made $i"; touch /scratch/more; exec sleep 600';
    const id = await ready(store, ['--tmpfs', '/scratch:size=4m,nr_inodes=100'], `echo ready; ${program}`);
    // The root of it is one, too.
    expect(await logged(store, id, /^made \d+$/m)).toMatch(/^made 99$/m);
    expect(await logged(store, id, /touch/)).toMatch(/No space left on device/);
    await expectResponsive(store);
  });

  it('with data has no more of it than size', async () => {
    const program = 'head -c 100000000 /dev/zero > /scratch/big; wc -c < /scratch/big; exec sleep 600';
    const id = await ready(store, ['--tmpfs', '/scratch:size=4m'], `echo ready; ${program}`);
    expect(await logged(store, id, /^\d+$/m)).toMatch(/^4194304$/m);
    await expectResponsive(store);
  });

  it('has 64 MiB of /dev/shm and of /dev by default', async () => {
    const program =
      'for d in /dev/shm /dev; do head -c 100000000 /dev/zero > $d/big 2>/dev/null; wc -c < $d/big; rm $d/big; done';
    expect(await store.ok(['run', '--rm', 'ubuntu', 'sh', '-c', program])).toBe('67108864\n67108864\n');
  });
});

import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newStore, type Store } from '../support/cli.ts';

let store: Store;
beforeAll(async () => {
  store = await newStore({ images: true });
});
afterAll(() => store.close());

const shell = (script: string, ...flags: string[]) => store.ok(['run', '--rm', ...flags, 'ubuntu', 'sh', '-c', script]);

const MASKED_FILES = ['interrupts', 'kcore', 'keys', 'latency_stats', 'sched_debug', 'timer_list', 'timer_stats'];
const MASKED_DIRECTORIES = [
  '/proc/acpi',
  '/proc/asound',
  '/proc/scsi',
  '/sys/firmware',
  '/sys/devices/virtual/powercap',
];
const READ_ONLY = ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'];

/** Those of a list that this kernel has. */
const here = (paths: string[]) => paths.filter((path) => existsSync(path));

describe.each([[[]], [['--no-pivot']]])('/proc and /sys in a container %j', (flags) => {
  it('show nothing in masked files', async () => {
    const files = here(MASKED_FILES.map((name) => `/proc/${name}`));
    expect(files).not.toEqual([]);
    expect(await shell(`for f in ${files.join(' ')}; do wc -c < $f; done`, ...flags)).toBe('0\n'.repeat(files.length));
  });

  it('show nothing in masked directories, which cannot be written to', async () => {
    const directories = here(MASKED_DIRECTORIES);
    const script = `for d in ${directories.join(' ')}; do ls -A $d; touch $d/x 2>/dev/null && echo wrote $d; done; true`;
    expect(await shell(script, ...flags)).toBe('');
  });

  it('cannot be used to change the machine', async () => {
    const targets = [
      '/proc/sys/kernel/core_pattern',
      '/proc/sys/kernel/modprobe',
      '/proc/sys/vm/drop_caches',
      '/proc/sysrq-trigger',
      '/sys/kernel/uevent_helper',
      '/sys/power/state',
      '/sys/fs/cgroup/cgroup.procs',
      '/sys/fs/cgroup/memory/release_agent',
      '/sys/fs/cgroup/devices/devices.allow',
    ];
    const script = `for f in ${here(targets).join(' ')}; do (echo x > $f) 2>/dev/null && echo wrote $f; done; true`;
    expect(await shell(script, ...flags)).toBe('');
  });

  it('have their read-only parts mounted so', async () => {
    const mounts = (await shell('cat /proc/mounts', ...flags)).split('\n').map((line) => line.split(' '));
    const options = (path: string) =>
      mounts
        .filter((mount) => mount[1] === path)
        .at(-1)?.[3]
        ?.split(',');
    for (const path of here(READ_ONLY)) expect(options(path), path).toContain('ro');
    expect(options('/sys')).toEqual(expect.arrayContaining(['ro', 'nosuid', 'nodev', 'noexec']));
    expect(options('/proc')).toEqual(expect.arrayContaining(['rw', 'nosuid', 'nodev', 'noexec']));
  });
});

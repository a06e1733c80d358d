import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { cgroupHierarchies } from '../../ts/system/cgroups.ts';
import { mountTable } from '../../ts/system/mountTable.ts';
import { cgroupsOf } from '../support/cgroups.ts';
import { expectFailure, newStore, type Store } from '../support/cli.ts';
import { removeAll } from '../support/life.ts';

const hierarchies = cgroupHierarchies(mountTable());

let store: Store;
beforeAll(async () => {
  store = await newStore({ images: true });
});
afterEach(() => removeAll(store));
afterAll(() => store.close());

/** The first of the files that one of the container's cgroups has. */
function fileOf(id: string, ...names: string[]): string | undefined {
  const files = names.flatMap((name) => cgroupsOf(id).map((path) => join(path, name)));
  const file = files.find((path) => existsSync(path));
  return file === undefined ? undefined : readFileSync(file, 'utf8').trim();
}

/** A container whose limits were written by somebody who knows the runtime-spec: there is no flag for them. */
async function withResources(resources: object): Promise<string> {
  const id = (await store.ok(['create', '--name', 'box', 'ubuntu', 'sleep', '600'])).trim();
  const path = join(store.root, 'containers', id, 'config.json');
  const config = JSON.parse(readFileSync(path, 'utf8'));
  Object.assign(config.request.spec.linux.resources, resources);
  writeFileSync(path, JSON.stringify(config));
  return id;
}

describe('--cgroup-parent', () => {
  const parent = `/rcx-test-${process.pid}`;
  const placesOf = (path: string) =>
    hierarchies.map((each) => join(each.path, path)).filter((each) => existsSync(each));

  it('is where the container’s cgroups are, for all commands', async () => {
    const flags = ['--cgroup-parent', `${parent}/web`, '-m', '64m', '--pids-limit', '50'];
    const id = (await store.ok(['run', '-d', '--name', 'box', ...flags, 'ubuntu', 'sleep', '600'])).trim();
    const places = placesOf(`${parent}/web/${id}`);
    expect(places.sort()).toEqual(cgroupsOf(id).sort());
    expect(places.length).toBeGreaterThan(0);
    expect(await store.ok(['exec', 'box', 'cat', '/proc/self/cgroup'])).not.toMatch(/\.\./);
    expect(await store.ok(['stats', '--no-stream', '--format', '{{.PIDs}} {{.MemUsage}}'])).toMatch(
      /^1 .* \/ 64MiB\n$/,
    );
    expect((await store.ok(['top', 'box'])).trim().split('\n')).toHaveLength(2);
    await store.ok(['update', '-m', '128m', '--memory-swap', '256m', 'box']);
    expect(fileOf(id, 'memory.max', 'memory.limit_in_bytes')).toBe(String(128 * 2 ** 20));
    await store.ok(['pause', 'box']);
    expect(await store.ok(['inspect', '-f', '{{.State.Status}} {{.HostConfig.CgroupParent}}', 'box'])).toBe(
      `paused ${parent}/web\n`,
    );
    await store.ok(['rm', '-f', 'box']);
    expect(placesOf(parent)).toEqual([]);
  });

  it('stays when it was there before, with what somebody has set in it', async () => {
    const [own = ''] = hierarchies.map((each) => join(each.path, parent.slice(1)));
    mkdirSync(own);
    try {
      await store.ok(['run', '--rm', '--cgroup-parent', parent, '-m', '64m', 'ubuntu', 'true']);
      expect(placesOf(parent)).toEqual([own]);
    } finally {
      rmdirSync(own);
    }
  });

  it('is below where rcx makes its cgroups when it does not begin with a slash', async () => {
    const relative = parent.slice(1);
    const id = (await store.ok(['run', '-d', '--cgroup-parent', relative, 'ubuntu', 'sleep', '600'])).trim();
    expect(cgroupsOf(id).every((path) => path.endsWith(`/${relative}/${id}`))).toBe(true);
  });
});

describe('--cgroup-manager', () => {
  const canSystemd = hierarchies.every(({ version }) => version === 2) && existsSync('/run/systemd/private');

  it('cgroupfs is rcx itself', async () => {
    const id = (await store.ok(['--cgroup-manager=cgroupfs', 'run', '-d', 'ubuntu', 'sleep', '600'])).trim();
    expect(cgroupsOf(id).every((path) => path.endsWith(`/rcx/${id}`))).toBe(true);
  });

  it('systemd is a scope where it can make one, and refused elsewhere before anything is made', async () => {
    if (canSystemd) {
      const id = (await store.ok(['--cgroup-manager=systemd', 'run', '-d', 'ubuntu', 'sleep', '600'])).trim();
      expect(cgroupsOf(id).map((path) => path.replace(/.*\/cgroup/, ''))).toEqual([`/system.slice/rcx-${id}.scope`]);
      return;
    }
    const message = /(it needs cgroup v2 alone|ask systemd: \/run\/systemd\/private: .*); .*--cgroup-manager cgroupfs/;
    expectFailure(await store.rcx(['--cgroup-manager', 'systemd', 'run', 'ubuntu', 'true']), 125, message);
    const env = { RCX_CGROUP_MANAGER: 'systemd' };
    expectFailure(await store.rcx(['run', 'ubuntu', 'true'], { env }), 125, message);
    expect(await store.ok(['ps', '-aq'])).toBe('');
  });

  it('is one of the two', async () => {
    expectFailure(await store.rcx(['--cgroup-manager=banana', 'run', 'ubuntu', 'true']), 125, /cgroupfs, systemd/);
  });
});

describe('limits that only some kernels have', () => {
  const v1 = (controller: string) =>
    hierarchies.find((each) => each.version === 1 && each.controllers.includes(controller));
  const has = (controller: string, file: string) => existsSync(join(v1(controller)?.path ?? '', file));

  it.each([
    ['memory', 'memory.swappiness', ['--memory-swappiness', '10'], '10'],
    ['cpu', 'cpu.rt_runtime_us', ['--cpu-rt-runtime', '10000'], '10000'],
  ])('of %s, %s, are applied there and refused elsewhere', async (controller, file, flags, value) => {
    const outcome = await store.rcx(['run', '-d', '--name', 'box', ...flags, 'ubuntu', 'sleep', '600']);
    if (has(controller, file)) {
      expect(outcome.stderr).toBe('');
      expect(fileOf(outcome.stdout.trim(), file)).toBe(value);
    } else {
      expectFailure(outcome, 125, new RegExp(`${flags[0]}: (only cgroup v1 has it|this kernel has no)`));
      expect(await store.ok(['ps', '-aq'])).toBe('');
    }
  });
});

describe('limits of the runtime-spec without a flag', () => {
  const hugetlb = hierarchies.find(({ controllers }) => controllers.includes('hugetlb'));

  it('of huge pages are in whichever hierarchy has the controller', async () => {
    const id = await withResources({ hugepageLimits: [{ pageSize: '2MB', limit: 4 * 2 ** 20 }] });
    if (hugetlb === undefined) {
      expectFailure(await store.rcx(['start', 'box']), 1, /hugepageLimits: no cgroup hierarchy .* hugetlb controller/);
      return;
    }
    await store.ok(['start', 'box']);
    expect(fileOf(id, 'hugetlb.2MB.max', 'hugetlb.2MB.limit_in_bytes')).toBe(String(4 * 2 ** 20));
    expect(cgroupsOf(id).some((path) => path.startsWith(`${hugetlb.path}/`))).toBe(true);
  });

  it('of v2 by name are applied there, and refused where the controller is in v1', async () => {
    const id = await withResources({ unified: { 'memory.high': '50000000' } });
    const outcome = await store.rcx(['start', 'box']);
    if (hierarchies.some(({ version, controllers }) => version === 2 && controllers.includes('memory'))) {
      expect(fileOf(id, 'memory.high')).toBe('49999872');
    } else expectFailure(outcome, 1, /unified\.memory\.high: only cgroup v2 has it/);
  });

  it.each([
    [{ network: { classID: 1 } }, /linux\.resources\.network: not supported/],
    [{ memory: { kernel: 1 } }, /linux\.resources\.memory\.kernel: not supported/],
    [{ unified: { 'cgroup.procs': '1' } }, /"cgroup\.procs" is no file of a controller/],
    [{ unified: { '../../cgroup.procs': '1' } }, /is no file of a controller/],
    [{ hugepageLimits: [{ pageSize: '../2MB', limit: 1 }] }, /is no size like 2MB/],
  ])('%j is refused', async (resources, message) => {
    const id = await withResources(resources);
    expectFailure(await store.rcx(['start', 'box']), 1, message);
    expect(cgroupsOf(id)).toEqual([]);
  });
});

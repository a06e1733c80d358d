import { describe, expect, it } from 'vitest';
import { cgroupFindings } from '../../../ts/doctor/checks/cgroups.ts';
import type { CgroupHierarchy } from '../../../ts/system/cgroups.ts';
import { machine } from './machine.ts';

const UNIFIED: CgroupHierarchy = {
  version: 2,
  path: '/sys/fs/cgroup',
  controllers: ['cpuset', 'cpu', 'io', 'memory', 'pids'],
};
const v1 = (...controllers: string[]): CgroupHierarchy => ({
  version: 1,
  path: `/sys/fs/cgroup/${controllers[0]}`,
  controllers,
});
const HEAD = '#subsys_name\thierarchy\tnum_cgroups\tenabled\n';

describe('the findings about cgroups', () => {
  it('are all well with a whole v2', () => {
    const findings = cgroupFindings(machine({}), [UNIFIED]);
    expect(findings.map(({ status }) => status)).toEqual(findings.map(() => 'ok'));
    expect(findings[0]?.found).toBe('version 2: /sys/fs/cgroup');
  });

  it('say that nothing runs without any', () => {
    expect(cgroupFindings(machine({}), [])).toMatchObject([
      { status: 'missing', fix: expect.stringMatching(/^mount /) },
    ]);
  });

  it.each([
    ['was switched off', `${HEAD}memory\t0\t1\t0\n`, /cgroup_enable=memory/],
    [
      'is on a v1 hierarchy that is not mounted',
      `${HEAD}memory\t7\t1\t1\n`,
      /^mkdir .* mount -t cgroup -o memory none/,
    ],
    ['is not handed down', `${HEAD}memory\t0\t1\t1\n`, /cgroup\.subtree_control/],
  ])('name the fix when a controller %s', (_, text, fix) => {
    const without = { ...UNIFIED, controllers: ['cpu', 'pids'] };
    const findings = cgroupFindings(machine({ '/proc/cgroups': text }), [without]);
    expect(findings.find(({ name }) => name === 'cgroup memory')).toMatchObject({
      status: 'reduced',
      costs: expect.stringContaining('--memory-swap'),
      fix: expect.stringMatching(fix),
    });
  });

  it('know the disks’ controller of v1 by its other name, and that v1 may not count swap', () => {
    const hierarchies = [v1('memory'), v1('cpu', 'cpuacct'), v1('cpuset'), v1('pids'), v1('blkio'), v1('freezer')];
    const findings = cgroupFindings(machine({}), hierarchies);
    expect(findings.find(({ name }) => name === 'cgroup io')).toMatchObject({ status: 'ok' });
    expect(findings.filter(({ status }) => status !== 'ok')).toMatchObject([
      { name: 'swap limits', status: 'reduced', fix: expect.stringContaining('swapaccount=1') },
    ]);
    const counted = machine({ '/sys/fs/cgroup/memory/memory.memsw.limit_in_bytes': '1' });
    expect(cgroupFindings(counted, hierarchies).every(({ status }) => status === 'ok')).toBe(true);
  });

  it('miss the freezer where there is neither v2 nor that of v1', () => {
    const findings = cgroupFindings(machine({}), [v1('memory')]);
    expect(findings.find(({ name }) => name === 'cgroup freezer')).toMatchObject({ status: 'reduced' });
  });
});

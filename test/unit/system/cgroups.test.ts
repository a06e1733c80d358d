import { describe, expect, it } from 'vitest';
import { cgroupHierarchies, cgroupVersion } from '../../../ts/system/cgroups.ts';
import { parseMountTable } from '../../../ts/system/mountTable.ts';

const V2 = '30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 master:1 - cgroup2 cgroup2 rw,nsdelegate\n';
const V1 = `31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct
35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
40 31 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,xattr,name=systemd
`;
const UNIFIED = '41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n';

function layout(text: string, unified: string[] = []) {
  const hierarchies = cgroupHierarchies(parseMountTable(text), () => unified);
  return { hierarchies, version: cgroupVersion(hierarchies) };
}

describe('the cgroup layout', () => {
  it('is version 2 where one hierarchy has everything', () => {
    expect(layout(V2, ['cpu', 'memory'])).toEqual({
      hierarchies: [{ version: 2, path: '/sys/fs/cgroup', controllers: ['cpu', 'memory'] }],
      version: '2',
    });
  });

  it('is version 1 with a hierarchy for each, those without controllers left out', () => {
    expect(layout(V1)).toEqual({
      hierarchies: [
        { version: 1, path: '/sys/fs/cgroup/cpu,cpuacct', controllers: ['cpu', 'cpuacct'] },
        { version: 1, path: '/sys/fs/cgroup/memory', controllers: ['memory'] },
      ],
      version: '1',
    });
  });

  it('stays version 1 beside a version 2 that only tracks processes', () => {
    expect(layout(V1 + UNIFIED).version).toBe('1');
  });

  it('is both where controllers are in both', () => {
    expect(layout(V1 + UNIFIED, ['hugetlb']).version).toBe('1+2');
  });

  it('is none where nothing is mounted', () => {
    expect(layout('')).toEqual({ hierarchies: [], version: 'none' });
  });
});

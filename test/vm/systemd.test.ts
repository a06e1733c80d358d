import { expect, it } from 'vitest';
import { missingSystemd } from '../support/vm/disk.ts';
import { describeMachine } from '../support/vm/machine.ts';

const MIB = 2 ** 20;

describeMachine(
  'a container whose cgroup systemd makes',
  (vm) => {
    it('has a scope with its limits, and nothing else is in it', () => {
      expect(vm.result('systemd-run')).toMatchObject({ exitCode: 0, stderr: '' });
      const files = [
        `memory.max:${64 * MIB}`,
        `memory.swap.max:${36 * MIB}`,
        `memory.low:${32 * MIB}`,
        ...['cpu.max:50000 100000', 'cpu.weight:59', 'cpuset.cpus:0', 'pids.max:20', '1', ''],
      ];
      expect(vm.output('systemd-files').split('\n')).toEqual(files);
    });

    it('is known to systemd with them', () => {
      expect(vm.output('systemd-show').trim().split('\n').sort()).toEqual([
        'ActiveState=active',
        'AllowedCPUs=0',
        'CPUQuotaPerSecUSec=500ms',
        'CPUWeight=59',
        'Delegate=yes',
        `MemoryMax=${64 * MIB}`,
        `MemorySwapMax=${36 * MIB}`,
        'Slice=system.slice',
        'TasksMax=20',
      ]);
    });

    it('lets others in', () => {
      expect(vm.output('systemd-exec')).toBe('0::/\n');
    });

    it('has the limits of an update still after systemd has looked through its units', () => {
      expect(vm.result('systemd-update')).toMatchObject({ exitCode: 0, stderr: '' });
      expect(vm.result('systemd-reload').exitCode).toBe(0);
      const files = vm.output('systemd-updated').split('\n');
      expect(files).toEqual(
        expect.arrayContaining([
          `memory.max:${80 * MIB}`,
          `memory.swap.max:${40 * MIB}`,
          'pids.max:25',
          'cpu.weight:59',
        ]),
      );
    });

    it('can be in a slice by name, also when it is run again', () => {
      expect(vm.result('systemd-slice')).toMatchObject({ exitCode: 0, stderr: '' });
      expect(vm.result('systemd-restart')).toMatchObject({ exitCode: 0, stdout: 'sliced\n', stderr: '' });
      expect(vm.output('systemd-slice-place')).toMatch(/^\.\/made\.slice\/made-web\.slice\/rcx-[0-9a-f]{64}\.scope\n$/);
    });

    it('cannot be where no slice is', () => {
      expect(vm.result('systemd-bad-parent')).toMatchObject({ exitCode: 1, stdout: '' });
      expect(vm.result('systemd-bad-parent').stderr).toMatch(/--cgroup-parent "\/made" is no slice of systemd/);
    });

    it('leaves nothing', () => {
      expect(vm.result('systemd-rm')).toMatchObject({ exitCode: 0, stdout: 'scoped\n', stderr: '' });
      expect(vm.output('systemd-left')).toBe('');
    });
  },
  missingSystemd(),
);

import { expect, it } from 'vitest';
import { describeMachine } from '../support/vm/machine.ts';

const PROCESS = /^system_u:system_r:container_t:(s0:c\d+,c\d+)$/;

describeMachine('SELinux', (vm) => {
  /** Of the process; the kernel ends it with a zero. */
  const label = (check: string) => vm.output(check).replaceAll('\0', '').trim();
  const levelOf = (check: string) => PROCESS.exec(vm.line(check, 'label'))?.[1] ?? '';
  /** Where a program can write. */
  const writable = (check: string) =>
    Object.fromEntries(
      vm
        .output(check)
        .split('\n')
        .flatMap((line) => {
          const [, path = '', answer] = /^(\/\S*) (yes|no)$/.exec(line) ?? [];
          return answer === undefined ? [] : [[path, answer === 'yes']];
        }),
    );
  const inside = { '/': true, '/dev': true, '/dev/shm': true, '/dev/mqueue': true };

  it('is enforced, by a policy that keeps containers to files of containers', () => {
    expect(vm.result('selinux-policy').exitCode).toBe(0);
    expect(label('selinux-host')).toBe('system_u:system_r:host_t:s0');
  });

  it('labels nothing where the policy has no labels for containers, but refuses one that is asked for', () => {
    expect(label('selinux-none')).toBe('system_u:system_r:host_t:s0');
    expect(vm.result('selinux-none-asked').stderr).toMatch(/the policy has no labels for containers; install/);
  });

  it('gives a container’s programs a label, and its files one that they can write to', () => {
    expect(vm.result('selinux-first')).toMatchObject({ exitCode: 0, stderr: '' });
    expect(levelOf('selinux-probe')).not.toBe('');
    expect(writable('selinux-probe')).toMatchObject(inside);
    expect(vm.output('selinux-probe')).toContain('\nfiles yes\n');
    const mounts = vm.output('selinux-probe').match(/^context="(.*)"$/gm);
    expect(mounts).toEqual([`context="system_u:object_r:container_file_t:${levelOf('selinux-probe')}"`]);
    expect(label('selinux-inspect')).toBe(
      `${vm.line('selinux-probe', 'label')} system_u:object_r:container_file_t:${levelOf('selinux-probe')}`,
    );
    expect(label('selinux-read-only')).toMatch(PROCESS);
  });

  it('keeps it away from files of the host, and lets it use those that z, Z and volumes relabel', () => {
    expect(writable('selinux-probe')).toEqual({
      ...inside,
      '/plain': false,
      // A link in what was relabelled leads there.
      '/outside': false,
      '/shared': true,
      '/shared/deep': true,
      '/private': true,
      '/named': true,
    });
  });

  it('gives another container other categories: it can use what is shared and not what is private', () => {
    expect(levelOf('selinux-second')).toMatch(/^s0:c\d+,c\d+$/);
    expect(levelOf('selinux-second')).not.toBe(levelOf('selinux-probe'));
    expect(writable('selinux-second')).toEqual({
      ...inside,
      '/shared': true,
      '/shared/deep': true,
      '/private': false,
      '/named': true,
    });
  });

  it('gives it the same where it shares processes, and the files of a network that it shares', () => {
    expect(levelOf('selinux-joined')).toBe(levelOf('selinux-probe'));
    expect(writable('selinux-joined')).toEqual({ ...inside, '/private': true });
    expect(vm.result('selinux-network')).toMatchObject({ exitCode: 0, stderr: '' });
  });

  it('labels the program of a container with --init, whose PID 1 executes nothing', () => {
    expect(label('selinux-program')).toBe(vm.line('selinux-probe', 'label'));
    expect(label('selinux-pid1')).toBe('system_u:system_r:host_t:s0');
  });

  it('labels a program that can gain nothing, and one in a user namespace', () => {
    expect(label('selinux-strict')).toMatch(PROCESS);
    expect(levelOf('selinux-userns')).toMatch(/^s0:c/);
    expect(writable('selinux-userns')).toMatchObject({ ...inside, '/dev/mqueue': expect.any(Boolean), '/named': true });
  });

  it('takes parts of a label from --security-opt, and refuses what the policy does not know', () => {
    expect(label('selinux-type')).toBe('system_u:system_r:container_other_t:s0:c5,c7');
    expect(vm.result('selinux-unknown').exitCode).toBe(125);
    expect(vm.result('selinux-unknown').stderr).toMatch(
      /no_such_t.*EINVAL\); the policy of this machine has no such label/,
    );
  });

  it('leaves programs with label=disable, with --privileged and among the host’s processes as they are', () => {
    expect(vm.line('selinux-disable', 'label')).toBe('system_u:system_r:host_t:s0');
    expect(writable('selinux-disable')).toMatchObject({ '/': true, '/plain': true });
    expect(vm.output('selinux-disable')).toContain('context="system_u:object_r:container_file_t:s0:c1022,c1023"');
    for (const check of ['selinux-privileged', 'selinux-host-pid']) {
      expect(label(check)).toBe('system_u:system_r:host_t:s0');
    }
  });

  it('relabels nothing that the system needs', () => {
    expect(vm.result('selinux-system')).toMatchObject({ exitCode: 1, stdout: '' });
    expect(vm.result('selinux-system').stderr).toMatch(
      /label the container for SELinux: \/etc: the system needs it as it is/,
    );
  });

  it('leaves no mount', () => {
    expect(vm.result('selinux-mounts-left')).toMatchObject({ exitCode: 0, stdout: '' });
  });
});

import { expect, it } from 'vitest';
import { describeMachine } from '../support/vm/machine.ts';

describeMachine('rcx run', (vm) => {
  it('ends with the exit code of the program, or with 127 and 126 where there is none to run', () => {
    expect(vm.result('options')).toMatchObject({ exitCode: 42, stderr: '' });
    expect(vm.result('missing')).toMatchObject({ exitCode: 127, stdout: '' });
    expect(vm.result('missing').stderr).toMatch(/^rcx: .*\/no\/such\/program.*\n$/);
    expect(vm.result('forbidden')).toMatchObject({ exitCode: 126, stdout: '' });
    expect(vm.result('forbidden').stderr).toMatch(/^rcx: .*\/etc\/passwd.*EACCES.*\n$/);
  });

  it('runs an init before the program with --init', () => {
    expect(vm.line('options', 'first')).toMatch(/^rcx-init /);
    expect(vm.line('options', 'self')).toBe('2');
  });

  it('runs as the user and group of -u', () => {
    expect(vm.line('options', 'uid')).toBe('1000');
    expect(vm.line('options', 'gid')).toBe('1001');
  });

  it('keeps the root from being written to with --read-only, but not what --tmpfs mounts', () => {
    expect(vm.line('options', 'root')).toContain('Read-only file system');
    expect(vm.line('options', 'scratch')).toBe('text');
    expect(vm.line('options', 'scratch-mount')).toMatch(/ - tmpfs /);
  });
});

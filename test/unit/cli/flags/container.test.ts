import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GoCommand } from '../../../../cli/command.ts';
import { type ContainerFlags, containerOptions, withContainerFlags } from '../../../../cli/flags/container.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'rcx-flags-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** The options that flags become, without those that nobody has asked for. */
function options(...flags: string[]) {
  const command = withContainerFlags(new GoCommand('run').argument('<image>').passThroughOptions().exitOverride());
  command.configureOutput({ writeErr: () => undefined });
  command.helpOption('--help').action(() => undefined);
  command.parse([...flags, 'image'], { from: 'user' });
  return containerOptions([], command.opts<ContainerFlags>());
}

describe('flags of run and create', () => {
  it('become options', () => {
    expect(
      options(
        ...['--ulimit', 'nofile=1:2', '--ulimit', 'core=0', '--ulimit', 'nofile=3'],
        ...['--sysctl', 'net.core.somaxconn=5', '--oom-score-adj', '-7', '--oom-kill-disable', '--shm-size', '1m'],
        ...['--group-add', 'audio', '--group-add', '7', '--domainname', 'example', '--annotation', 'a=b=c'],
        ...['--cidfile', '/x', '--expose', '80', '--expose', '90-91/UDP'],
      ),
    ).toMatchObject({
      rlimits: [
        { name: 'nofile', soft: 3, hard: 3 },
        { name: 'core', soft: 0, hard: 0 },
      ],
      sysctls: { 'net.core.somaxconn': '5' },
      oomScoreAdj: -7,
      oomKillDisable: true,
      shmSize: 2 ** 20,
      groups: ['audio', '7'],
      domainname: 'example',
      annotations: { a: 'b=c' },
      cidFile: '/x',
      exposedPorts: ['80/tcp', '90/udp', '91/udp'],
    });
  });

  it('ask for nothing by themselves', () => {
    const given = Object.entries(options()).filter(([, value]) => value !== undefined);
    expect(Object.fromEntries(given)).toEqual({
      command: [],
      env: [],
      labels: {},
      log: {},
      mounts: [],
      noPivot: false,
    });
  });

  it('take labels from files, and those of the command line first', () => {
    const file = join(folder, 'labels');
    writeFileSync(file, '# comment\n\na=file\n  b=file\nc\n');
    expect(options('--label-file', file, '-l', 'a=mine').labels).toEqual({ a: 'mine', b: 'file', c: '' });
    expect(() => options('--label-file', join(folder, 'none'))).toThrow(
      expect.objectContaining({ code: 'ERR_RCX_ENV_FILE', step: 'read --label-file' }),
    );
  });

  it.each([
    ['--oom-score-adj', '1001'],
    ['--oom-score-adj', '-1001'],
    ['--oom-score-adj', 'x'],
    ['--shm-size', '-5'],
    ['--shm-size', 'x'],
    ['--ulimit', 'foo=1'],
    ['--sysctl', 'kernel.pid_max=5'],
    ['--expose', '80000'],
    ['--expose', '0'],
    ['--expose', '80/foo'],
    ['--device', 'x'],
    ['--device-cgroup-rule', 'x'],
    ['--gpus', 'all'],
  ])('%s %s is refused', (...flags) => {
    expect(() => options(...flags)).toThrow(expect.objectContaining({ code: 'commander.invalidArgument' }));
  });
});

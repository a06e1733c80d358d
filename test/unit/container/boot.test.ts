import { describe, expect, it } from 'vitest';
import { startsAtBoot } from '../../../ts/container/boot.ts';
import type { ContainerConfig, ContainerState, RestartPolicy } from '../../../ts/container/record.ts';

const OWNER = { pid: 1, startTime: '1', bootId: 'b' };

function starts(name: RestartPolicy['name'], state: Partial<ContainerState>): boolean {
  const config = { restart: { name, maximumRetryCount: 0 } } as ContainerConfig;
  return startsAtBoot({ folder: '/x', config, state: { status: 'exited', owner: OWNER, ...state } });
}

describe('startsAtBoot', () => {
  it.each([
    ['always', {}],
    ['always', { stopped: true, exitCode: 0 }],
    ['unless-stopped', {}],
    ['unless-stopped', { exitCode: 3 }],
    ['on-failure', {}],
  ] as const)('%s with %j', (policy, state) => {
    expect(starts(policy, state)).toBe(true);
  });

  it.each([
    ['no', {}],
    ['always', { status: 'created' }],
    ['always', { status: 'running' }],
    ['unless-stopped', { stopped: true }],
    ['on-failure', { exitCode: 1 }],
    ['on-failure', { stopped: true }],
  ] as const)('not %s with %j', (policy, state) => {
    expect(starts(policy, state)).toBe(false);
  });
});

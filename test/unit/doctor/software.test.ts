import { describe, expect, it } from 'vitest';
import { softwareFindings } from '../../../ts/doctor/checks/software.ts';

const of = (env: NodeJS.ProcessEnv, ...restarting: string[]) =>
  softwareFindings({ env, nodeVersion: 'v20.20.2', restarting });

describe('the findings about software', () => {
  it('tell what makes every command slow', () => {
    expect(of({})).toEqual([{ name: 'Node', status: 'ok', found: 'v20.20.2' }]);
    expect(of({ NODE_EXTRA_CA_CERTS: '/x.pem', NODE_OPTIONS: '' })).toMatchObject([
      {
        status: 'reduced',
        found: 'v20.20.2, NODE_EXTRA_CA_CERTS set',
        fix: expect.stringContaining('env -u NODE_EXTRA_CA_CERTS rcx'),
      },
    ]);
  });

  it('tell who will not be there after a reboot', () => {
    expect(of({}, 'web', 'db')[1]).toMatchObject({
      status: 'reduced',
      costs: 'web and 1 more will not be run again after a reboot',
      fix: expect.stringMatching(/rcx system (unit|boot)/),
    });
  });
});

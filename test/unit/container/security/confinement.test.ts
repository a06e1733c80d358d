import { describe, expect, it } from 'vitest';
import { hasAppArmor } from '../../../../ts/container/security/apparmor.ts';
import { availableCapabilities } from '../../../../ts/container/security/capabilities.ts';
import { confinementOf } from '../../../../ts/container/security/confinement.ts';
import { hasSelinux } from '../../../../ts/container/security/selinux.ts';
import { CAPABILITIES, MASKED_PATHS, READONLY_PATHS } from '../../../../ts/container/spec/defaults.ts';

const options = (...securityOpt: string[]) => confinementOf({ securityOpt });

describe('confinementOf', () => {
  it('is the default where nothing is asked for', () => {
    for (const asked of [{}, { privileged: false, capAdd: [], securityOpt: [] }]) {
      expect(confinementOf(asked)).toEqual({
        capabilities: CAPABILITIES,
        noNewPrivileges: false,
        maskedPaths: MASKED_PATHS,
        readonlyPaths: READONLY_PATHS,
        privileged: false,
        extras: {},
      });
    }
  });

  it('reads no-new-privileges in all its forms', () => {
    for (const text of [
      'no-new-privileges',
      'no-new-privileges=true',
      'no-new-privileges:true',
      'no-new-privileges=1',
    ]) {
      expect(options(text)).toMatchObject({ noNewPrivileges: true, record: { securityOpt: [text] } });
    }
    expect(options('no-new-privileges', 'no-new-privileges:false').noNewPrivileges).toBe(false);
  });

  it('opens the paths of the kernel', () => {
    expect(options('systempaths=unconfined')).toMatchObject({
      maskedPaths: [],
      readonlyPaths: [],
      privileged: false,
      record: { securityOpt: [] },
    });
  });

  it('takes the filter away', () => {
    expect(options('seccomp=unconfined').extras).toEqual({ seccomp: 'unconfined' });
    expect(options('seccomp:unconfined').extras).toEqual({ seccomp: 'unconfined' });
    expect(options('seccomp=unconfined', 'seccomp=builtin').extras).toEqual({});
  });

  it('makes a privileged container', () => {
    expect(confinementOf({ privileged: true, capDrop: ['ALL'] })).toEqual({
      capabilities: availableCapabilities(),
      noNewPrivileges: false,
      apparmor: 'unconfined',
      maskedPaths: [],
      readonlyPaths: [],
      privileged: true,
      extras: { seccomp: 'unconfined', hostDevices: true },
      record: { capAdd: [], capDrop: ['ALL'], securityOpt: ['label=disable'], privileged: true },
    });
    expect(confinementOf({ privileged: true, securityOpt: ['seccomp=builtin'] }).extras).toEqual({ hostDevices: true });
  });

  it.each([
    [''],
    ['seccomp'],
    ['seccomp='],
    ['no-new-privileges=maybe'],
    ['apparmor='],
    ['systempaths'],
    ['systempaths=all'],
    ['label'],
    ['label=colour:red'],
    ['label=type:'],
    ['privileged'],
    ['writable-cgroups=true'],
    ['disable'],
  ])('refuses %j', (text) => {
    expect(() => options(text)).toThrow(`read --security-opt: ${JSON.stringify(text)} is not valid`);
  });

  it('refuses what cannot be applied', () => {
    if (!hasSelinux()) expect(() => options('label=type:container_t')).toThrow('t: the kernel has no SELinux, or');
    expect(options('label=disable').record).toMatchObject({ securityOpt: ['label=disable'] });
    expect(() => options('seccomp=/no/such/file')).toThrow('read the seccomp profile: /no/such/file: ENOENT');
    const why = hasAppArmor() ? 'no such profile is loaded' : 'the kernel has no AppArmor';
    expect(() => options('apparmor=no-such')).toThrow(`apparmor=no-such: ${why}`);
    expect(options('apparmor=unconfined').apparmor).toBe('unconfined');
  });
});

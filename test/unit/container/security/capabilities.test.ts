import { describe, expect, it } from 'vitest';
import {
  availableCapabilities,
  capabilitiesOf,
  capabilityChange,
} from '../../../../ts/container/security/capabilities.ts';
import { ALL_CAPABILITIES, CAPABILITIES } from '../../../../ts/container/spec/defaults.ts';

const every = () => [...ALL_CAPABILITIES];
const of = (add: string[], drop: string[], available = every) => capabilitiesOf(capabilityChange(add, drop), available);
const without = (...names: string[]) => CAPABILITIES.filter((name) => !names.includes(name));

describe('capabilityChange', () => {
  it('takes names as people write them', () => {
    expect(capabilityChange(['net_admin', 'CAP_SYS_TIME', ' Sys_Time'], ['all', 'kill'])).toEqual({
      add: ['CAP_NET_ADMIN', 'CAP_SYS_TIME'],
      drop: ['ALL'],
    });
  });

  it('adds what is both added and dropped', () => {
    expect(capabilityChange(['KILL', 'MKNOD'], ['CAP_KILL', 'CHOWN'])).toEqual({
      add: ['CAP_KILL', 'CAP_MKNOD'],
      drop: ['CAP_CHOWN'],
    });
    expect(capabilityChange(['ALL', 'KILL'], ['ALL'])).toEqual({ add: ['ALL'], drop: [] });
  });

  it.each([['NET_ADMIM'], ['CAP_ALL'], [''], ['NET_ADMIN,SYS_TIME'], ['CAP_CAP_KILL']])('refuses %j', (name) => {
    expect(() => capabilityChange([name])).toThrow(`read --cap-add: unknown capability: ${JSON.stringify(name)}`);
    expect(() => capabilityChange([], [name])).toThrow(`read --cap-drop: unknown capability: ${JSON.stringify(name)}`);
  });
});

describe('capabilitiesOf', () => {
  it('is Docker’s default, more and less', () => {
    expect(of([], [])).toEqual(CAPABILITIES);
    expect(of(['SYS_TIME'], ['CHOWN', 'KILL'])).toEqual([...without('CAP_CHOWN', 'CAP_KILL'), 'CAP_SYS_TIME']);
    expect(of(['CHOWN'], [])).toEqual(CAPABILITIES);
  });

  it('is what is added alone when all are dropped, and all but what is dropped when all are added', () => {
    expect(of(['SYS_TIME'], ['ALL'])).toEqual(['CAP_SYS_TIME']);
    expect(of([], ['ALL'])).toEqual([]);
    expect(of(['ALL'], [])).toEqual(ALL_CAPABILITIES);
    expect(of(['ALL'], ['SYS_TIME'])).toEqual(ALL_CAPABILITIES.filter((name) => name !== 'CAP_SYS_TIME'));
  });

  it('leaves out of all what cannot be had, and refuses it by name', () => {
    const few = () => ['CAP_CHOWN', 'CAP_KILL'];
    expect(of(['ALL'], ['KILL'], few)).toEqual(['CAP_CHOWN']);
    expect(() => of(['SYS_ADMIN'], [], few)).toThrow('CAP_SYS_ADMIN: the kernel does not have it');
  });
});

describe('availableCapabilities', () => {
  it('is what the process holds within its bounding set', () => {
    const status = 'CapInh:\t0000000000000000\nCapPrm:\t000001ffffffffff\nCapEff:\t0\nCapBnd:\t0000000000000021\n';
    expect(availableCapabilities(status)).toEqual(['CAP_CHOWN', 'CAP_KILL']);
    expect(availableCapabilities('CapPrm:\t0000010000000001\nCapBnd:\t000001ffffffffff\n')).toEqual([
      'CAP_CHOWN',
      'CAP_CHECKPOINT_RESTORE',
    ]);
  });
});

import { describe, expect, it } from 'vitest';
import { checkDriver, driverMount } from '../../../ts/volume/driverOptions.ts';

describe('options of the local driver', () => {
  it.each([
    {},
    { type: 'tmpfs', device: 'tmpfs' },
    { type: 'tmpfs', device: 'tmpfs', o: 'size=1m,uid=1000' },
    { type: 'none', device: '/srv', o: 'bind' },
    { type: 'nfs', device: ':/export', o: 'addr=10.0.0.1,rw' },
  ])('takes %j', (options) => {
    expect(() => checkDriver('local', options)).not.toThrow();
  });

  it.each([
    [{ size: '1g' }, /quota size requested but no quota support/],
    [{ colour: 'red' }, /invalid option: "colour"/],
    [{ o: 'bind' }, /missing required option: "device"/],
    [{ type: 'tmpfs' }, /missing required option: "device"/],
    [{ device: '/srv' }, /missing required option: "type"/],
    [{ type: 'none', device: 'srv', o: 'bind' }, /no absolute path/],
    [{ type: 'nfs', device: ':/x', o: 'addr=files.example' }, /not supported/],
  ])('refuses %j', (options, message) => {
    expect(() => checkDriver(undefined, options as Record<string, string>)).toThrow(message);
  });

  it('has no other driver', () => {
    expect(() => checkDriver('rexray', {})).toThrow(/"rexray" is not there/);
  });
});

it('mounts what the options say', () => {
  expect(driverMount({ options: {} })).toBeUndefined();
  expect(driverMount({ options: { type: 'none', device: '/srv', o: 'bind,ro' } })).toEqual({
    type: 'bind',
    source: '/srv',
    options: ['bind', 'ro'],
  });
  expect(driverMount({ options: { type: 'tmpfs', device: 'tmpfs', o: 'size=1m' } })).toEqual({
    type: 'tmpfs',
    source: 'tmpfs',
    options: ['size=1m'],
  });
});

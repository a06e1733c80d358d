import { describe, expect, it } from 'vitest';
import { deviceNumbers } from '../../../../ts/container/limits/block.ts';
import { parseDeviceRate, parseDeviceSpeed, parseDeviceWeight } from '../../../../ts/container/limits/deviceFlags.ts';

describe('parseDeviceSpeed', () => {
  it.each([
    ['/dev/sda:1024', '/dev/sda', 1024],
    ['/dev/sda:10mb', '/dev/sda', 10 * 2 ** 20],
    ['/dev/sda:10M', '/dev/sda', 10 * 2 ** 20],
    ['/dev/sda:1GiB', '/dev/sda', 2 ** 30],
    ['/dev/sda:0', '/dev/sda', 0],
    ['/dev/disk/by-path/pci-0000:00:05.0:1k', '/dev/disk/by-path/pci-0000:00:05.0', 1024],
  ])('reads %s', (text, path, value) => {
    expect(parseDeviceSpeed(text)).toEqual({ path, value });
  });

  it.each(['', '/dev/sda', '/dev/sda:', '/dev/sda:-1', '/dev/sda:1.5m', '/dev/sda:1t', 'sda:1', '/etc/sda:1'])(
    'refuses %j',
    (text) => {
      expect(() => parseDeviceSpeed(text)).toThrow(/is not valid/);
    },
  );
});

describe('parseDeviceRate and parseDeviceWeight', () => {
  it('read whole numbers', () => {
    expect(parseDeviceRate('/dev/sda:4294967295')).toEqual({ path: '/dev/sda', value: 2 ** 32 - 1 });
    expect(parseDeviceWeight('/dev/sda:10')).toEqual({ path: '/dev/sda', value: 10 });
  });

  it('refuse others', () => {
    for (const text of ['/dev/sda:1k', '/dev/sda:4294967296', 'x:1']) expect(() => parseDeviceRate(text)).toThrow();
    for (const text of ['/dev/sda:9', '/dev/sda:1001', '/dev/sda:x']) expect(() => parseDeviceWeight(text)).toThrow();
  });
});

describe('deviceNumbers', () => {
  it('unpacks them as makedev packs them', () => {
    expect(deviceNumbers(0x0803)).toEqual({ major: 8, minor: 3 });
    // Above eight bits the minor number's others are to the left of the major one's: 0x103:0x12345.
    expect(deviceNumbers(0x12310345)).toEqual({ major: 0x103, minor: 0x12345 });
  });
});

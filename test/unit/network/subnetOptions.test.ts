import { describe, expect, it } from 'vitest';
import { parseSubnet6 } from '../../../ts/network/ipv6.ts';
import { readSubnets } from '../../../ts/network/subnetOptions.ts';
import { hostRoutes6, requireFree6 } from '../../../ts/network/subnets.ts';

describe('subnets of a network', () => {
  it('are one of each family at most, with their gateways', () => {
    const read = readSubnets({
      subnets: ['10.1.0.0/24', 'fd00:1::/64'],
      gateways: ['fd00:1::9', '10.1.0.9'],
    });
    expect(read.v4).toEqual({ subnet: { base: 0x0a010000, prefix: 24 }, gateway: 0x0a010009 });
    expect(read.v6?.gateway).toBe((0xfd000001n << 96n) + 9n);
    expect(read.ipv6).toBe(true);
    expect(readSubnets({}).ipv6).toBe(false);
    expect(readSubnets({ ipv6: true })).toEqual({ ipv6: true });
  });

  it.each([
    [{ subnets: ['10.1.0.0/24', '10.2.0.0/24'] }, /one of each family/],
    [{ subnets: ['fd00:1::/64', 'fd00:2::/64'] }, /one of each family/],
    [{ subnets: ['fd00::/32'] }, /from \/48 to \/120/],
    [{ subnets: ['10.1.0.0/30'] }, /from \/8 to \/29/],
    [{ subnets: ['fd00:1::/64'], ipv6: false }, /leave it out/],
    [{ gateways: ['10.1.0.1'] }, /give the --subnet that it is in/],
    [{ subnets: ['10.1.0.0/24'], gateways: ['fd00::1'] }, /give the --subnet that it is in/],
    [{ subnets: ['fd00:1::/64'], gateways: ['fd00:1::'] }, /a host in fd00:1::\/64/],
    [{ subnets: ['10.1.0.0/24'], gateways: ['10.1.0.255'] }, /a host in 10\.1\.0\.0\/24/],
  ])('%j are refused', (asked, hint) => {
    expect(() => readSubnets(asked)).toThrow(
      expect.objectContaining({ code: 'ERR_RCX_INVALID_OPTION', hint: expect.stringMatching(hint) }),
    );
  });
});

describe('IPv6 routes of the machine', () => {
  const line = (destination: string, prefix: string, device: string) =>
    `${destination} ${prefix} ${'0'.repeat(32)} 00 ${'0'.repeat(32)} 00000100 00000001 00000000 00000001 ${device}`;
  const text = [
    line('20010db8000200000000000000000000', '40', 'eth0'),
    line('fe800000000000000000000000000000', '40', 'eth0'),
    line('ff000000000000000000000000000000', '08', 'eth0'),
    line('00000000000000000000000000000000', '00', 'eth0'),
    line('20010db8000200000000000000000001', '80', 'eth0'),
    line('fd000000000000000000000000000000', '40', 'lo'),
    '',
  ].join('\n');

  it('are those that lead somewhere of their own', () => {
    expect(hostRoutes6(text)).toEqual([{ base: 0x20010db80002n << 80n, prefix: 64 }]);
  });

  it('are not to be overlapped', () => {
    const wanted = parseSubnet6('2001:db8:2::/48') ?? { base: 0n, prefix: 0 };
    expect(() => requireFree6(wanted, [], hostRoutes6(text))).toThrow(/this machine's route to 2001:db8:2::\/64/);
    expect(() => requireFree6(wanted, [{ name: 'old', subnet: wanted }], [])).toThrow(/the network old/);
    expect(() => requireFree6(parseSubnet6('2001:db8:3::/48') ?? wanted, [], hostRoutes6(text))).not.toThrow();
  });
});

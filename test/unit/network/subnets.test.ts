import { describe, expect, it } from 'vitest';
import { formatSubnet, parseSubnet, type Subnet } from '../../../ts/network/ipv4.ts';
import { freeSubnet, hostRoutes, requireFree } from '../../../ts/network/subnets.ts';

const subnets = (...texts: string[]): Subnet[] => texts.map((text) => parseSubnet(text) ?? expect.fail(text));

describe('freeSubnet', () => {
  it('is the first of Docker’s pool that nothing else has', () => {
    expect(formatSubnet(freeSubnet([], []))).toBe('172.17.0.0/16');
    expect(formatSubnet(freeSubnet(subnets('172.17.0.0/16'), subnets('172.18.5.0/24')))).toBe('172.19.0.0/16');
    expect(formatSubnet(freeSubnet([], subnets('172.16.0.0/12')))).toBe('192.168.0.0/20');
  });

  it('is refused when there is none', () => {
    expect(() => freeSubnet(subnets('172.16.0.0/12', '192.168.0.0/16'), [])).toThrow(/have all of the pool/);
  });
});

it('a subnet that somebody has is refused with the name of who has it', () => {
  const [wanted] = subnets('10.1.0.0/16') as [Subnet];
  expect(() => requireFree(wanted, [], subnets('10.2.0.0/16'))).not.toThrow();
  const others = [{ name: 'back', subnet: subnets('10.1.2.0/24')[0] as Subnet }];
  expect(() => requireFree(wanted, others, [])).toThrow(/10\.1\.0\.0\/16: Pool overlaps .*: the network back/);
  expect(() => requireFree(wanted, [], subnets('10.0.0.0/8'))).toThrow(/this machine's route to 10\.0\.0\.0\/8/);
});

it('routes are read but for the default one', () => {
  const text = [
    'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT',
    'eth0\t00000000\t0100FE0A\t0003\t0\t0\t0\t00000000\t0\t0\t0',
    'eth0\t0000FE0A\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0',
    'wg0\t0510000A\t00000000\t0005\t0\t0\t0\tFFFFFFFF\t0\t0\t0',
    '',
  ].join('\n');
  expect(hostRoutes(text).map(formatSubnet)).toEqual(['10.254.0.0/16', '10.0.16.5/32']);
});

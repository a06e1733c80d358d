import { expect, it } from 'vitest';
import {
  contains,
  formatAddress,
  formatSubnet,
  isForHost,
  overlap,
  parseAddress,
  parseSubnet,
  type Subnet,
  sizeOf,
} from '../../../ts/network/ipv4.ts';

const subnet = (text: string): Subnet => parseSubnet(text) ?? expect.fail(text);
const address = (text: string): number => parseAddress(text) ?? expect.fail(text);

it.each(['0.0.0.0', '10.1.0.255', '172.17.0.1', '255.255.255.255'])('%s is read and written', (text) => {
  expect(formatAddress(address(text))).toBe(text);
});

it.each(['', '1.2.3', '1.2.3.4.5', '1.2.3.256', '01.2.3.4', '1.2.3.-4', '1.2.3.4 ', '0x1.2.3.4', '::1', '1.2.3.4e1'])(
  '%j is no address',
  (text) => {
    expect(parseAddress(text)).toBeUndefined();
  },
);

it.each(['10.0.0.0/8', '172.17.0.0/16', '192.168.16.0/20', '10.1.2.3/32', '0.0.0.0/0'])('%s is a subnet', (text) => {
  expect(formatSubnet(subnet(text))).toBe(text);
});

it.each(['10.0.0.0', '10.0.0.1/8', '10.0.0.0/33', '10.0.0.0/08', '10.0.0.0/8/8', '10.0.0/8', '/8'])(
  '%j is none',
  (text) => {
    expect(parseSubnet(text)).toBeUndefined();
  },
);

it('a subnet has addresses for hosts between its first and its last', () => {
  const small = subnet('10.0.0.8/29');
  expect(sizeOf(small)).toBe(8);
  expect(contains(small, address('10.0.0.8'))).toBe(true);
  expect(contains(small, address('10.0.0.16'))).toBe(false);
  const hosts = Array.from({ length: 10 }, (_, index) => small.base - 1 + index).filter((each) =>
    isForHost(small, each),
  );
  expect([formatAddress(hosts[0] ?? 0), formatAddress(hosts.at(-1) ?? 0), hosts.length]).toEqual([
    '10.0.0.9',
    '10.0.0.14',
    6,
  ]);
});

it.each([
  ['10.0.0.0/8', '10.1.0.0/16', true],
  ['10.1.0.0/16', '10.0.0.0/8', true],
  ['10.1.0.0/16', '10.2.0.0/16', false],
  ['0.0.0.0/0', '192.168.0.0/24', true],
  ['10.0.0.0/24', '10.0.0.0/24', true],
])('%s and %s share addresses: %s', (one, other, expected) => {
  expect(overlap(subnet(one), subnet(other))).toBe(expected);
});

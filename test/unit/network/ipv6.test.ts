import { describe, expect, it } from 'vitest';
import {
  formatAddress6,
  formatSubnet6,
  isForHost6,
  overlap6,
  parseAddress6,
  parseSubnet6,
  randomSubnet6,
} from '../../../ts/network/ipv6.ts';

describe('an IPv6 address', () => {
  // RFC 5952, 4: lower case, no leading zeros, the first of the longest runs of zeros, never a single one.
  it.each([
    ['2001:DB8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['0:0:0:0:0:0:0:0', '::'],
    ['::1', '::1'],
    ['fd00::', 'fd00::'],
    ['fe80:0000::00ab', 'fe80::ab'],
    ['1:0:0:2:0:0:0:3', '1:0:0:2::3'],
  ])('%s is written as %s', (text, normal) => {
    expect(formatAddress6(parseAddress6(text) ?? 1n)).toBe(normal);
  });

  it.each(['', '1', ':', '1::2::3', 'fd00::g', '10.0.0.1', '::ffff:10.0.0.1', 'fe80::1%eth0', '1:2:3:4:5:6:7:8:9'])(
    '%j is none',
    (text) => {
      expect(parseAddress6(text)).toBeUndefined();
    },
  );
});

describe('an IPv6 subnet', () => {
  it('has no bits of hosts', () => {
    expect(formatSubnet6(parseSubnet6('fd00:1::/64') ?? { base: 0n, prefix: 0 })).toBe('fd00:1::/64');
    for (const text of ['fd00:1::1/64', 'fd00::/129', 'fd00::', 'fd00::/64/1', 'fd00::/-1']) {
      expect(parseSubnet6(text), text).toBeUndefined();
    }
  });

  it('has its first address for all routers', () => {
    const subnet = { base: 0xfd00n << 112n, prefix: 120 };
    expect([0n, 1n, 255n, 256n].map((host) => isForHost6(subnet, subnet.base + host))).toEqual([
      ...[false, true, true, false],
    ]);
  });

  it('overlaps those that are within, and itself', () => {
    const [one, inner, other] = ['fd00::/48', 'fd00:0:0:7::/64', 'fd00:0:1::/48'].map((text) => parseSubnet6(text));
    if (one === undefined || inner === undefined || other === undefined) throw new Error('they are subnets');
    expect([overlap6(one, inner), overlap6(inner, one), overlap6(one, one), overlap6(one, other)]).toEqual([
      ...[true, true, true, false],
    ]);
  });

  it('is a unique local one when it is made up, and another one each time', () => {
    const made = Array.from({ length: 20 }, () => formatSubnet6(randomSubnet6()));
    for (const text of made) expect(text).toMatch(/^fd[0-9a-f]{0,2}:.*::\/64$/);
    expect(new Set(made).size).toBe(20);
  });
});

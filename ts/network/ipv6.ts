import { randomBytes } from 'node:crypto';
import { isIPv6 } from 'node:net';

/** An IPv6 network: the address with all bits of hosts zero, and the number of its other bits. */
export interface Subnet6 {
  base: bigint;
  prefix: number;
}

const BITS = 128n;
const GROUP = 16n;

/** An address as a number; `undefined` for what is none, and for one of a device (`fe80::1%eth0`). */
export function parseAddress6(text: string): bigint | undefined {
  if (!isIPv6(text) || text.includes('%') || text.includes('.')) return undefined;
  const [head = '', tail] = text.split('::');
  const groups = (part: string) => (part === '' ? [] : part.split(':'));
  const [before, after] = [groups(head), groups(tail ?? '')];
  const all = [...before, ...Array<string>(8 - before.length - after.length).fill('0'), ...after];
  return all.reduce((sum, group) => (sum << GROUP) | BigInt(`0x${group}`), 0n);
}

/** As RFC 5952 has it: lower case, and the longest run of zeros left out. */
export function formatAddress6(address: bigint): string {
  const groups = Array.from({ length: 8 }, (_, index) =>
    ((address >> (GROUP * BigInt(7 - index))) & 0xffffn).toString(16),
  );
  const runs = groups.map((_, start) => {
    const end = groups.findIndex((group, index) => index >= start && group !== '0');
    return (end < 0 ? groups.length : end) - start;
  });
  const longest = Math.max(...runs);
  if (longest < 2) return groups.join(':');
  const start = runs.indexOf(longest);
  return `${groups.slice(0, start).join(':')}::${groups.slice(start + longest).join(':')}`;
}

/** `fd00:1::/64`; `undefined` for what is none, and where bits of hosts are set. */
export function parseSubnet6(text: string): Subnet6 | undefined {
  const [address = '', bits = '', ...rest] = text.split('/');
  const base = parseAddress6(address);
  const prefix = /^(0|[1-9]\d{0,2})$/.test(bits) ? Number(bits) : 129;
  if (base === undefined || prefix > 128 || rest.length > 0) return undefined;
  return base % sizeOf6({ prefix }) === 0n ? { base, prefix } : undefined;
}

export function formatSubnet6({ base, prefix }: Subnet6): string {
  return `${formatAddress6(base)}/${prefix}`;
}

export function sizeOf6({ prefix }: Pick<Subnet6, 'prefix'>): bigint {
  return 1n << (BITS - BigInt(prefix));
}

/** Whether a host may have an address: the first is that of all routers (RFC 4291, 2.6.1). */
export function isForHost6({ base, prefix }: Subnet6, address: bigint): boolean {
  return address > base && address < base + sizeOf6({ prefix });
}

export function overlap6(one: Subnet6, other: Subnet6): boolean {
  const within = (outer: Subnet6, inner: Subnet6) =>
    inner.base >= outer.base && inner.base < outer.base + sizeOf6(outer);
  return within(one, other) || within(other, one);
}

/** A unique local network that nobody else is likely to have: 40 random bits (RFC 4193, 3.2). */
export function randomSubnet6(): Subnet6 {
  const global = BigInt(`0x${randomBytes(5).toString('hex')}`);
  return { base: ((0xfdn << 40n) | global) << 80n, prefix: 64 };
}

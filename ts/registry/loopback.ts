import { BlockList, isIP } from 'node:net';

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

/** Whether a URL's host is this machine itself: `localhost`, 127.0.0.0/8, `[::1]` and their IPv4-mapped spellings. */
export function isLoopback(hostname: string): boolean {
  const address = bareAddress(hostname);
  if (isIP(address) === 0) return address === 'localhost';
  return LOOPBACK.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}

/** `[::1]` → `::1`: the brackets belong to the URL, not to the address. */
export function bareAddress(hostname: string): string {
  return hostname.replace(/^\[(.*)\]$/, '$1');
}

import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { networkFiles } from '../../../ts/container/networkFiles.ts';

const networks = { addresses: ['10.0.0.2', 'fd00::2'], gateway: '10.0.0.1' };
const host = readFileSync('/etc/resolv.conf', 'utf8').split('\n');
const search = host.filter((line) => /^\s*(search|domain)\s/.test(line));

it('in a network the name server is the container’s own', () => {
  const files = networkFiles('box', { dns: ['192.0.2.9'], dnsOptions: ['ndots:2'] }, networks);
  expect(files['resolv.conf']).toBe(['nameserver 127.0.0.11', ...search, 'options ndots:2', ''].join('\n'));
  expect(files.hosts).toMatch(/^10\.0\.0\.2\tbox\nfd00::2\tbox$/m);
});

it('search domains may be none at all', () => {
  const options = { dns: ['192.0.2.9'], dnsOptions: ['rotate'] };
  expect(networkFiles('box', { ...options, dnsSearch: ['a.test', 'b.test'] })['resolv.conf']).toBe(
    'nameserver 192.0.2.9\nsearch a.test b.test\noptions rotate\n',
  );
  expect(networkFiles('box', { ...options, dnsSearch: ['.'] })['resolv.conf']).toBe(
    'nameserver 192.0.2.9\noptions rotate\n',
  );
});

it('host-gateway is this machine’s address in the network', () => {
  const { hosts } = networkFiles('box', { addHosts: ['me:host-gateway', 'other=10.9.9.9', 'six:[fd00::9]'] }, networks);
  expect(hosts).toMatch(/10\.0\.0\.1\tme\n10\.9\.9\.9\tother\nfd00::9\tsix\n$/);
  expect(() => networkFiles('box', { addHosts: ['me:host-gateway'] })).toThrow(
    expect.objectContaining({ hint: expect.stringMatching(/there is none/) }),
  );
});

it.each([
  [{ dnsSearch: ['a b'] }, '--dns-search'],
  [{ dnsSearch: ['a\nnameserver 1.1.1.1'] }, '--dns-search'],
  [{ dnsOptions: ['ndots:x'] }, '--dns-option'],
])('%j is refused', (options, flag) => {
  expect(() => networkFiles('box', options, networks)).toThrow(
    expect.objectContaining({ code: 'ERR_RCX_INVALID_OPTION', step: `read ${flag}` }),
  );
});

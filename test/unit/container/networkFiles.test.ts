import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { networkFiles } from '../../../ts/container/networkFiles.ts';

describe('networkFiles', () => {
  it('knows localhost and the container itself', () => {
    const { hosts, hostname } = networkFiles('box', {});
    expect(hosts).toMatch(/^127\.0\.0\.1\tlocalhost$/m);
    expect(hosts).toMatch(/^::1\t.*\blocalhost\b/m);
    expect(hosts).toMatch(/^127\.0\.0\.1\tbox$/m);
    expect(hostname).toBe('box\n');
  });

  it('adds hosts, IPv6 ones too', () => {
    const { hosts } = networkFiles('box', { addHosts: ['db:10.0.0.2', 'six:fe80::1'] });
    expect(hosts.split('\n').slice(-3)).toEqual(['10.0.0.2\tdb', 'fe80::1\tsix', '']);
  });

  it('names the servers it is given, in their order, and else the host’s', () => {
    expect(networkFiles('box', { dns: ['1.1.1.1', '::1'] })['resolv.conf']).toBe(
      'nameserver 1.1.1.1\nnameserver ::1\n',
    );
    expect(networkFiles('box', {})['resolv.conf']).toBe(readFileSync('/etc/resolv.conf', 'utf8'));
  });

  it('keeps the host’s names in the host’s network', () => {
    const { hosts } = networkFiles('box', { network: 'host', addHosts: ['db:10.0.0.2'] });
    expect(hosts).toBe(`${readFileSync('/etc/hosts', 'utf8')}10.0.0.2\tdb\n`);
  });

  it.each(['', 'db', 'db:', ':10.0.0.2', 'db:host', 'db:10.0.0.2\n1.2.3.4', 'a b:10.0.0.2', 'a\nb:10.0.0.2'])(
    'refuses the host %j',
    (text) => {
      expect(() => networkFiles('box', { addHosts: [text] })).toThrow(
        expect.objectContaining({ code: 'ERR_RCX_INVALID_OPTION', step: 'read --add-host' }),
      );
    },
  );

  it.each(['', 'dns.example', '1.1.1.1 ', '1.1.1.1\noptions x'])('refuses the name server %j', (text) => {
    expect(() => networkFiles('box', { dns: [text] })).toThrow(
      expect.objectContaining({ code: 'ERR_RCX_INVALID_OPTION', step: 'read --dns' }),
    );
  });
});

import { describe, expect, it } from 'vitest';
import { proxyFor } from '../../../ts/registry/proxy.ts';

const BOTH = { HTTPS_PROXY: 'http://secure:1', HTTP_PROXY: 'http://plain:2' };

function proxy(url: string, env: NodeJS.ProcessEnv): string | undefined {
  return proxyFor(new URL(url), env)?.host;
}

describe('proxyFor', () => {
  it('chooses by scheme', () => {
    expect(proxy('https://a.test', BOTH)).toBe('secure:1');
    expect(proxy('http://a.test', BOTH)).toBe('plain:2');
    expect(proxy('https://a.test', { HTTP_PROXY: 'http://plain:2' })).toBeUndefined();
    expect(proxy('https://a.test', {})).toBeUndefined();
    expect(proxy('https://a.test', { HTTPS_PROXY: '' })).toBeUndefined();
  });

  it('takes lower-case names and a proxy without scheme', () => {
    expect(proxy('https://a.test', { https_proxy: 'low:3' })).toBe('low:3');
  });

  it.each([
    'http://127.0.0.1:5000',
    'https://localhost',
    'http://[::1]:5000',
    'http://127.8.8.8',
    'http://[::ffff:127.0.0.1]',
  ])('never for %s', (url) => expect(proxy(url, BOTH)).toBeUndefined());

  it.each([
    ['*', 'https://a.test', true],
    ['a.test', 'https://a.test', true],
    ['A.TEST', 'https://a.test', true],
    ['a.test', 'https://sub.a.test', true],
    ['a.test', 'https://nota.test', false],
    ['.a.test', 'https://sub.a.test', true],
    ['.a.test', 'https://a.test', false],
    ['*.a.test', 'https://sub.a.test', true],
    ['a.test:443', 'https://a.test', true],
    ['a.test:444', 'https://a.test', false],
    ['b.test, a.test', 'https://a.test', true],
    ['10.0.0.1', 'https://10.0.0.1', true],
    ['10.0.0.1:5000', 'https://10.0.0.1:5000', true],
    ['10.0.0.0/8', 'https://10.9.9.9', true],
    ['10.0.0.0/8', 'https://11.0.0.1', false],
    ['10.0.0.0/8', 'https://a.test', false],
    ['10.0.0.0/33', 'https://10.0.0.1', false],
    ['fd00::/8', 'https://[fd00::1]', true],
    ['fd00::1', 'https://[fd00::1]:5000', true],
    ['[fd00::1]:5000', 'https://[fd00::1]:5000', true],
    ['', 'https://a.test', false],
    ['0.0.1', 'https://10.0.0.1', false],
  ])('NO_PROXY=%s for %s: direct %s', (exceptions, url, direct) => {
    expect(proxy(url, { ...BOTH, NO_PROXY: exceptions }) === undefined).toBe(direct);
    expect(proxy(url, { ...BOTH, no_proxy: exceptions }) === undefined).toBe(direct);
  });

  it.each(['socks5://user:hunter2@p:1', 'http://', '::::'])('refuses %s without repeating it', (setting) => {
    expect(() => proxy('https://a.test', { HTTPS_PROXY: setting })).toThrow(
      expect.objectContaining({ code: 'ERR_RCX_INVALID_PROXY', message: expect.not.stringContaining('hunter2') }),
    );
  });
});

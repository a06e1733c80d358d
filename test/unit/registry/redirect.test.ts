import { describe, expect, it } from 'vitest';
import { isLoopback } from '../../../ts/registry/loopback.ts';
import { redirectTarget } from '../../../ts/registry/redirect.ts';

const FROM = new URL('https://r.test/v2/a/blobs/x');
const never = () => false;

describe('redirectTarget', () => {
  it.each([
    ['https://cdn.test/x?sig=1', 'https://cdn.test/x?sig=1'],
    ['/other', 'https://r.test/other'],
    ['y', 'https://r.test/v2/a/blobs/y'],
    ['//cdn.test/z', 'https://cdn.test/z'],
    ['https://user:secret@cdn.test/x#f', 'https://cdn.test/x'],
  ])('%s', (location, target) => expect(redirectTarget(FROM, location, never).href).toBe(target));

  it.each([[undefined], ['http://'], ['file:///etc/passwd'], ['javascript:0'], ['http://cdn.test/x']])(
    'refuses %j',
    (location) => {
      expect(() => redirectTarget(FROM, location, never)).toThrow(
        expect.objectContaining({ code: 'ERR_RCX_BAD_REDIRECT' }),
      );
    },
  );

  it('goes from HTTPS to plain HTTP only where that was allowed', () => {
    const loopback = (url: URL) => isLoopback(url.hostname);
    expect(redirectTarget(FROM, 'http://127.0.0.1:1/x', loopback).protocol).toBe('http:');
    expect(() => redirectTarget(FROM, 'http://10.0.0.1/x', loopback)).toThrow(/plain http at 10\.0\.0\.1/);
    expect(redirectTarget(new URL('http://r.test/'), 'http://cdn.test/x', never).host).toBe('cdn.test');
  });
});

describe('isLoopback', () => {
  it.each(['127.0.0.1', '127.255.255.254', '[::1]', 'localhost', '[::ffff:127.0.0.1]'])('%s', (name) =>
    expect(isLoopback(new URL(`http://${name}`).hostname)).toBe(true),
  );
  it.each(['128.0.0.1', '10.0.0.1', '[::2]', 'localhost.evil.test', '127.0.0.1.evil.test', '0.0.0.0'])(
    'not %s',
    (name) => expect(isLoopback(new URL(`http://${name}`).hostname)).toBe(false),
  );
});

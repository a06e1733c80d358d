import { describe, expect, it } from 'vitest';
import { isInsecure } from '../../../ts/registry/endpoint.ts';
import { checkRealm } from '../../../ts/registry/realm.ts';

const insecure = (url: URL) => isInsecure(url, { registries: { 'plain.test:5000': { insecure: true } } });
const check = (base: string, realm: string | undefined, withCredentials = true) =>
  checkRealm(new URL(base), realm, withCredentials, insecure).href;

describe('checkRealm', () => {
  it.each([
    ['https://r.test', 'https://auth.test/token'],
    ['https://r.test', 'http://127.0.0.1:1/token'],
    ['http://127.0.0.1:5000', 'http://localhost:1/token'],
    ['https://r.test', 'http://plain.test:5000/token'],
    ['http://plain.test:5000', 'http://auth.test/token'],
  ])('lets %s have a login sent to %s', (base, realm) => {
    expect(check(base, realm)).toBe(realm);
  });

  it.each([
    ['https://r.test', 'http://auth.test/token'],
    ['http://127.0.0.1:5000', 'http://auth.test/token'],
    ['http://localhost:5000', 'http://192.0.2.1/token'],
  ])('does not let %s have a login sent to %s in plain text', (base, realm) => {
    expect(() => check(base, realm)).toThrow(
      expect.objectContaining({
        code: 'ERR_RCX_UNSAFE_AUTHENTICATION',
        message: `${base} names a token service at ${realm}, where the login would travel unencrypted; it was not sent`,
      }),
    );
    expect(check(base, realm, false)).toBe(realm);
  });

  it.each([undefined, '', 'auth.test', 'ftp://auth.test', 'https://me:pw@auth.test/'])('refuses %j', (realm) => {
    expect(() => check('https://r.test', realm)).toThrow(
      expect.objectContaining({ code: 'ERR_RCX_UNSAFE_AUTHENTICATION' }),
    );
  });
});

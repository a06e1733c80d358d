import { describe, expect, it } from 'vitest';
import { login, registryOf } from '../../../ts/registry/login.ts';

describe('registryOf', () => {
  it.each([
    [undefined, 'docker.io'],
    ['', 'docker.io'],
    ['docker.io', 'docker.io'],
    ['index.docker.io', 'docker.io'],
    ['https://index.docker.io/v1/', 'docker.io'],
    ['r.test', 'r.test'],
    ['r.test:5000/team/app', 'r.test:5000'],
    ['HTTPS://r.test/v2/', 'r.test'],
    ['http://127.0.0.1:5000', '127.0.0.1:5000'],
    ['[::1]:5000', '[::1]:5000'],
  ])('%j is %s', (server, registry) => {
    expect(registryOf(server)).toBe(registry);
  });

  it.each(['bad host', 'https://', 'me@r.test', 'r.test:70000', '../x', 'ssh://r.test'])('refuses %j', (server) => {
    expect(() => registryOf(server)).toThrow(expect.objectContaining({ code: 'ERR_RCX_INVALID_REFERENCE' }));
  });
});

describe('login', () => {
  it.each([
    ['', 'x', 'the user name is empty'],
    ['me', '', 'the password is empty'],
    ['me:you', 'x', 'the user name has a colon'],
  ])('of %j with %j is refused before anything is sent', async (username, password, message) => {
    await expect(login({ registry: 'r.invalid', username, password }, { env: {} })).rejects.toMatchObject({
      code: 'ERR_RCX_INVALID_OPTION',
      message: `log in to r.invalid: ${message}`,
    });
  });
});

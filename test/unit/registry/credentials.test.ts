import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { askHelper } from '../../../ts/registry/credentialHelper.ts';
import { findLogin } from '../../../ts/registry/credentials.ts';

const auth = (text: string): string => Buffer.from(text).toString('base64');
const password = (username: string, secret: string) => ({ kind: 'password', username, password: secret });

let folder: string;
let env: NodeJS.ProcessEnv;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rcx-docker-'));
  await mkdir(join(folder, 'bin'));
  env = { HOME: folder, DOCKER_CONFIG: folder, PATH: `${join(folder, 'bin')}:${process.env.PATH}` };
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const configure = (document: unknown) => writeFile(join(folder, 'config.json'), JSON.stringify(document));

/** A real helper program: a shell script that keeps what it was asked. */
async function helper(name: string, script: string): Promise<void> {
  const file = join(folder, 'bin', `docker-credential-${name}`);
  await writeFile(file, `#!/bin/sh\ncat > ${folder}/asked; echo "$@" > ${folder}/arguments\n${script}\n`);
  await chmod(file, 0o755);
}

describe('findLogin', () => {
  it('finds nothing where there is no configuration', async () => {
    expect(await findLogin('docker.io', env)).toEqual({});
  });

  it.each([
    ['r.test', { 'r.test': { auth: auth('me:pa:ss') } }, password('me', 'pa:ss')],
    ['r.test', { 'https://r.test/v2/': { auth: auth('me:x') } }, password('me', 'x')],
    ['r.test:5000', { 'r.test': { auth: auth('me:x') } }, undefined],
    ['r.test', { 'r.test:5000': { auth: auth('me:x') } }, undefined],
    ['docker.io', { 'https://index.docker.io/v1/': { auth: auth('hub:x') } }, password('hub', 'x')],
    ['docker.io', { 'docker.io': { auth: auth('hub:x') } }, password('hub', 'x')],
    ['r.test', { 'r.test': { username: 'me', password: 'x' } }, password('me', 'x')],
    ['r.test', { 'r.test': { auth: auth('me:x\0\0') } }, password('me', 'x')],
    [
      'r.test',
      { 'r.test': { auth: auth('me:x'), identitytoken: 'refresh' } },
      { kind: 'identityToken', token: 'refresh' },
    ],
    ['r.test', { 'r.test': { registrytoken: 'ready' } }, { kind: 'registryToken', token: 'ready' }],
    ['r.test', { 'r.test': {} }, undefined],
    // The exact entry counts before one with the same host.
    ['r.test', { 'https://r.test': { auth: auth('b:b') }, 'r.test': { auth: auth('a:a') } }, password('a', 'a')],
    ['constructor', {}, undefined],
  ])('%s in %j', async (registry, auths, credentials) => {
    await configure({ auths });
    expect((await findLogin(registry, env)).credentials).toEqual(credentials);
  });

  it.each([
    ['{', 'not JSON'],
    ['{"auths": {"r.test": {"auth": 5}}}', '"auths.r.test.auth" is not a string'],
    ['{"auths": {"r.test": {"auth": "c2VjcmV0"}}}', 'not base64 of user:password'],
    ['{"credHelpers": {"r.test": "../../tmp/x"}}', 'not the name of a credential helper'],
    ['{"credsStore": "a b"}', 'not the name of a credential helper'],
  ])('names what is wrong, and none of the secrets: %s', async (text, message) => {
    await writeFile(join(folder, 'config.json'), text);
    await expect(findLogin('r.test', env)).rejects.toMatchObject({
      code: 'ERR_RCX_INVALID_CONFIG',
      path: join(folder, 'config.json'),
      message: expect.stringContaining(message),
    });
    await expect(findLogin('r.test', env)).rejects.toMatchObject({
      message: expect.not.stringMatching(/secret|c2VjcmV0/),
    });
  });

  it('asks the helper of the registry, then the general one, then the file', async () => {
    await helper('one', `echo '{"Username":"one","Secret":"1"}'`);
    await helper('all', `echo '{"Username":"all","Secret":"2"}'`);
    await helper('none', `echo 'credentials not found in native keychain'; exit 1`);
    await configure({
      credsStore: 'all',
      credHelpers: { 'a.test': 'one', 'b.test': 'none' },
      auths: { 'b.test': { auth: auth('f:3') } },
    });
    expect((await findLogin('a.test', env)).credentials).toEqual(password('one', '1'));
    expect((await findLogin('b.test', env)).credentials).toEqual(password('f', '3'));
    expect((await findLogin('c.test', env)).credentials).toEqual(password('all', '2'));
  });

  it('finds that of the variable before all others', async () => {
    await helper('all', `echo '{"Username":"all","Secret":"2"}'`);
    await configure({ credsStore: 'all' });
    const given = { ...env, DOCKER_AUTH_CONFIG: JSON.stringify({ auths: { 'r.test': { auth: auth('me:x') } } }) };
    expect((await findLogin('r.test', given)).credentials).toEqual(password('me', 'x'));
    expect((await findLogin('other.test', given)).credentials).toEqual(password('all', '2'));
    const broken = findLogin('r.test', { ...env, DOCKER_AUTH_CONFIG: '{"auths": secret' });
    await expect(broken).rejects.toMatchObject({
      code: 'ERR_RCX_INVALID_CONFIG',
      message: 'invalid Docker configuration in DOCKER_AUTH_CONFIG: it is not JSON',
    });
  });

  it('takes an empty file for one without logins', async () => {
    await writeFile(join(folder, 'config.json'), '\n');
    expect(await findLogin('r.test', env)).toEqual({});
  });

  it('goes on without a login when a helper is missing, and keeps the reason', async () => {
    await configure({ credsStore: 'desktop' });
    const login = await findLogin('docker.io', env);
    expect(login.credentials).toBeUndefined();
    expect(login.problem).toMatchObject({
      code: 'ERR_RCX_CREDENTIAL_HELPER',
      message: 'cannot get the login from docker-credential-desktop: there is no such program',
    });
  });
});

describe('askHelper', () => {
  it('speaks the protocol', async () => {
    await helper(
      'echo',
      `printf '{"ServerURL":"x","Username":"u","Secret":"%s"}' "$(cat ${folder}/arguments)-$(cat ${folder}/asked)"`,
    );
    expect(await askHelper('echo', 'https://index.docker.io/v1/', env)).toEqual(
      password('u', 'get-https://index.docker.io/v1/'),
    );
  });

  it('knows a token by its user name', async () => {
    await helper('token', `echo '{"Username":"<token>","Secret":"refresh"}'`);
    expect(await askHelper('token', 'r.test', env)).toEqual({ kind: 'identityToken', token: 'refresh' });
  });

  it.each([
    [`echo secret; exit 3`, 'exit code 3'],
    ['echo secret', 'not JSON'],
    [`echo '{"Secret":"secret"}'`, 'has no login'],
    [`echo '[]'`, 'has no login'],
    ['echo null', 'has no login'],
    ['kill -9 $$', 'killed by SIGKILL'],
    ['exec sleep 60', 'did not answer in time'],
  ])('tells what went wrong, and none of the output: %s', async (script, message) => {
    await helper('bad', script);
    const asking = askHelper('bad', 'r.test', env, 2000);
    await expect(asking).rejects.toMatchObject({
      code: 'ERR_RCX_CREDENTIAL_HELPER',
      message: expect.stringContaining(message),
    });
    await expect(asking).rejects.toMatchObject({ message: expect.not.stringContaining('secret') });
  });
});

import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { chown } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { findLogin } from '../../../ts/registry/credentials.ts';
import { eraseLogin, storeLogin } from '../../../ts/registry/loginStore.ts';
import { DockerFolder } from '../../support/dockerFolder.ts';
import { describeWith } from '../../support/requires.ts';

const HUB = 'https://index.docker.io/v1/';
const ME = { username: 'me', password: 'pa:ss"\\ü' };
const AUTH = Buffer.from(`${ME.username}:${ME.password}`).toString('base64');

let docker: DockerFolder;
beforeEach(() => {
  docker = new DockerFolder();
});

const mode = (path: string) => statSync(path).mode & 0o777;
const store = (registry: string, login: Parameters<typeof storeLogin>[1] = ME) =>
  storeLogin(registry, login, docker.env);
const found = async (registry: string) => (await findLogin(registry, docker.env)).credentials;

describe('a login in the file', () => {
  it('is written as Docker writes it, for nobody else to read', async () => {
    const result = await store('r.test:5000');
    expect(result).toEqual({ file: docker.file, changed: true });
    expect(docker.text()).toBe(`{\n\t"auths": {\n\t\t"r.test:5000": {\n\t\t\t"auth": "${AUTH}"\n\t\t}\n\t}\n}`);
    expect(mode(docker.file)).toBe(0o600);
    expect(await found('r.test:5000')).toEqual({ kind: 'password', ...ME });
    expect(readdirSync(docker.path).sort()).toEqual(['bin', 'config.json']);
  });

  it('makes its folder, for nobody else to look into', async () => {
    const home = join(docker.path, 'home');
    await storeLogin('r.test', ME, { HOME: home, PATH: '' });
    expect(mode(join(home, '.docker'))).toBe(0o700);
    expect(mode(join(home, '.docker/config.json'))).toBe(0o600);
  });

  it('of Docker Hub has the key that it always had', async () => {
    await store('docker.io');
    expect(JSON.parse(docker.text() ?? '').auths).toEqual({ [HUB]: { auth: AUTH } });
    expect(await found('docker.io')).toEqual({ kind: 'password', ...ME });
  });

  it('may be a token in place of the password', async () => {
    await store('r.test', { username: 'me', identityToken: 'refresh"<' });
    const auth = Buffer.from('me:').toString('base64');
    expect(JSON.parse(docker.text() ?? '').auths).toEqual({ 'r.test': { auth, identitytoken: 'refresh"<' } });
    expect(await found('r.test')).toEqual({ kind: 'identityToken', token: 'refresh"<' });
  });

  it('leaves everything else as it was', async () => {
    docker.configure(`{
  "HttpHeaders": {"X-Meta": "\\u003cb\\u003e"},
  "auths": {
    "z.test": {"auth": "${AUTH}", "email": "z@z.test"},
    "b.test": {"identitytoken": "old", "username": "x", "email": "b@b.test", "serial": 12345678901234567890}
  },
  "unknown": [1.0, {"2": 1, "1": 2}],
  "credHelpers": {"other.test": "other"}
}
`);
    await store('b.test');
    await store('a.test');
    expect(docker.text()).toBe(`{
	"auths": {
		"a.test": {
			"auth": "${AUTH}"
		},
		"z.test": {
			"auth": "${AUTH}",
			"email": "z@z.test"
		},
		"b.test": {
			"auth": "${AUTH}",
			"email": "b@b.test",
			"serial": 12345678901234567890
		}
	},
	"HttpHeaders": {
		"X-Meta": "\\u003cb\\u003e"
	},
	"unknown": [
		1.0,
		{
			"2": 1,
			"1": 2
		}
	],
	"credHelpers": {
		"other.test": "other"
	}
}`);
  });

  it('that is there already changes nothing', async () => {
    await store('r.test');
    const before = statSync(docker.file);
    expect(await store('r.test')).toEqual({ file: docker.file, changed: false });
    expect(statSync(docker.file).ino).toBe(before.ino);
  });

  it('is taken from the others’ eyes if it was not before', async () => {
    await store('r.test');
    chmodSync(docker.file, 0o644);
    expect(await store('r.test')).toMatchObject({ changed: false });
    expect(mode(docker.file)).toBe(0o600);
  });

  it.each(['{"auths": null}', '{"auths": {"r.test": null}}', '', '{"auths": {}, "auths": {"r.test": {}}}'])(
    'goes into %j, too',
    async (text) => {
      docker.configure(text);
      await store('r.test');
      expect(JSON.parse(docker.text() ?? '')).toEqual({ auths: { 'r.test': { auth: AUTH } } });
    },
  );

  it('goes where a symbolic link leads, which stays one', async () => {
    const real = join(docker.path, 'real');
    mkdirSync(real);
    writeFileSync(join(real, 'secrets.json'), '{"credHelpers":{}}', { mode: 0o644 });
    symlinkSync('real/secrets.json', join(docker.path, 'between'));
    symlinkSync('between', docker.file);
    await store('r.test');
    expect(lstatSync(docker.file).isSymbolicLink()).toBe(true);
    expect(lstatSync(join(docker.path, 'between')).isSymbolicLink()).toBe(true);
    expect(JSON.parse(readFileSync(join(real, 'secrets.json'), 'utf8')).auths).toHaveProperty(['r.test']);
    expect(mode(join(real, 'secrets.json'))).toBe(0o600);
    expect(readdirSync(real)).toEqual(['secrets.json']);
  });

  it('makes the file that a symbolic link leads to', async () => {
    symlinkSync('not/yet/there.json', docker.file);
    await store('r.test');
    expect(lstatSync(docker.file).isSymbolicLink()).toBe(true);
    expect(mode(join(docker.path, 'not/yet/there.json'))).toBe(0o600);
    expect(await found('r.test')).toEqual({ kind: 'password', ...ME });
  });

  it('does not get lost among others that are stored at the same time', async () => {
    const registries = Array.from({ length: 30 }, (_, index) => `r${index}.test`);
    await Promise.all(registries.map((registry) => store(registry)));
    expect(Object.keys(JSON.parse(docker.text() ?? '').auths)).toEqual(registries.sort());
    await Promise.all(registries.slice(1).map((registry) => eraseLogin(registry, docker.env)));
    expect(Object.keys(JSON.parse(docker.text() ?? '').auths)).toEqual(['r0.test']);
  });

  it.each(['{', '[]', '{"auths": 5}', '{"auths": {"r.test": {"auth": "c2VjcmV0"}}}'])(
    'is refused by a file that is not understood, which stays: %s',
    async (text) => {
      docker.configure(text);
      await expect(store('other.test')).rejects.toMatchObject({
        code: 'ERR_RCX_INVALID_CONFIG',
        message: expect.not.stringMatching(/secret|c2VjcmV0|pa:ss/),
      });
      expect(docker.text()).toBe(text);
    },
  );

  it('says where it could not be written', async () => {
    const failure = storeLogin('r.test', ME, { DOCKER_CONFIG: '/sys/none', PATH: '' });
    await expect(failure).rejects.toMatchObject({
      code: 'ERR_RCX_CONFIG_UNWRITABLE',
      message: expect.stringMatching(
        /^cannot write the Docker logins to \/sys\/none\/config\.json: E(PERM|ACCES|ROFS)$/,
      ),
    });
  });
});

describeWith({ root: true }, 'root in the home of somebody else', () => {
  it('leaves the file to its owner', async () => {
    await chown(docker.path, 1234, 1235);
    await store('r.test');
    expect(statSync(docker.file)).toMatchObject({ uid: 1234, gid: 1235 });
    await chown(docker.file, 2234, 2235);
    await store('other.test');
    expect(statSync(docker.file)).toMatchObject({ uid: 2234, gid: 2235 });
  });
});

describe('a credential helper', () => {
  it('gets the login on its stdin, and the file an empty entry', async () => {
    docker.keychain('safe');
    docker.configure({ credsStore: 'safe', auths: { 'r.test': { auth: AUTH, email: 'me@r.test' } } });
    expect(await store('r.test')).toEqual({ file: docker.file, changed: true, helper: 'safe' });
    const input = JSON.stringify({ ServerURL: 'r.test', Username: ME.username, Secret: ME.password });
    expect(docker.calls()).toEqual([{ arguments: ['store'], input }]);
    expect(JSON.parse(docker.text() ?? '')).toEqual({
      auths: { 'r.test': { email: 'me@r.test' } },
      credsStore: 'safe',
    });
    expect(await found('r.test')).toEqual({ kind: 'password', ...ME });
    expect(await store('r.test')).toMatchObject({ changed: false });
  });

  it('may be that of the registry', async () => {
    docker.keychain('safe');
    docker.keychain('own');
    docker.configure({ credsStore: 'safe', credHelpers: { [HUB]: 'own' } });
    expect(await store('docker.io', { username: 'me', identityToken: 'refresh' })).toMatchObject({ helper: 'own' });
    expect(docker.kept('own')).toEqual({ [HUB]: { Username: '<token>', Secret: 'refresh' } });
    expect(JSON.parse(docker.text() ?? '').auths).toEqual({ [HUB]: {} });
    expect(await found('docker.io')).toEqual({ kind: 'identityToken', token: 'refresh' });
    await store('r.test');
    expect(docker.kept('safe')).toHaveProperty(['r.test']);
  });

  it.each([
    [['docker-credential-pass', 'pass'], 'pass'],
    [['docker-credential-pass'], undefined],
    [['docker-credential-secretservice'], 'secretservice'],
    [['docker-credential-secretservice', 'pass'], undefined],
  ])('is found by its name where nothing was decided: %j', async (programs, helper) => {
    const [name = ''] = programs.map((program) => /^docker-credential-(.*)/.exec(program)?.[1]).filter(Boolean);
    docker.keychain(name);
    for (const program of programs.filter((each) => each !== `docker-credential-${name}`)) {
      docker.program(program, '#!/bin/sh\n');
    }
    const { helper: taken } = await store('r.test');
    expect(taken).toBe(helper);
    expect(JSON.parse(docker.text() ?? '').credsStore).toBe(helper);
    // From then on there is something decided.
    docker.keychain('secretservice');
    docker.program('pass', '#!/bin/sh\n');
    docker.keychain('pass');
    expect((await store('other.test')).helper).toBe(helper);
  });

  it('that fails is told, without what it printed, and nothing is written', async () => {
    docker.configure({ credsStore: 'broken' });
    docker.program('docker-credential-broken', '#!/bin/sh\ncat; cat >&2; exit 7\n');
    const before = docker.text();
    await expect(store('r.test')).rejects.toMatchObject({
      code: 'ERR_RCX_CREDENTIAL_HELPER',
      message: 'cannot store the login with docker-credential-broken: it ended with exit code 7',
    });
    expect(docker.text()).toBe(before);
  });
});

describe('eraseLogin', () => {
  it('removes a login under every name it may have', async () => {
    docker.configure({
      auths: {
        'r.test:5000': { auth: AUTH },
        'https://r.test:5000/v2/': { auth: AUTH },
        'r.test': { auth: AUTH },
        [HUB]: { auth: AUTH },
      },
      unknown: 1,
    });
    await eraseLogin('r.test:5000', docker.env);
    expect(JSON.parse(docker.text() ?? '')).toEqual({
      auths: { 'r.test': { auth: AUTH }, [HUB]: { auth: AUTH } },
      unknown: 1,
    });
    await eraseLogin('docker.io', docker.env);
    expect(Object.keys(JSON.parse(docker.text() ?? '').auths)).toEqual(['r.test']);
  });

  it('makes no file where there is none, and leaves one alone that has no such login', async () => {
    await eraseLogin('r.test', docker.env);
    expect(docker.text()).toBeUndefined();
    docker.configure('{"auths":{"x.test":{}}}');
    await eraseLogin('r.test', docker.env);
    expect(docker.text()).toBe('{"auths":{"x.test":{}}}');
  });

  it('has the helper forget it, too', async () => {
    docker.keychain('safe');
    docker.configure({ credsStore: 'safe' });
    await store('r.test');
    await eraseLogin('r.test', docker.env);
    expect(docker.kept('safe')).toEqual({});
    const asked = docker.calls().filter(({ arguments: [action] }) => action === 'erase');
    expect(asked.map(({ input }) => input)).toEqual(['r.test', 'http://r.test', 'https://r.test']);
    expect(JSON.parse(docker.text() ?? '')).toEqual({ auths: {}, credsStore: 'safe' });
  });

  it('takes the login out of the file when the helper is missing, and tells', async () => {
    docker.configure({ credsStore: 'gone', auths: { 'r.test': { auth: AUTH } } });
    await expect(eraseLogin('r.test', docker.env)).rejects.toMatchObject({
      code: 'ERR_RCX_CREDENTIAL_HELPER',
      message: 'cannot erase the login with docker-credential-gone: there is no such program',
    });
    expect(JSON.parse(docker.text() ?? '').auths).toEqual({});
  });
});

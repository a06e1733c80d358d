import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { expectFailure, newStore, type Store } from '../support/cli.ts';
import { basicAuth } from '../support/client.ts';
import { DockerFolder } from '../support/dockerFolder.ts';
import { pushImage } from '../support/push.ts';
import { RCX_BIN } from '../support/rcxBin.ts';
import { LOGIN, startRegistry, type TestRegistry } from '../support/registry.ts';
import { describeWith } from '../support/requires.ts';
import { TarBuilder } from '../support/tarBuilder.ts';

const WARNING = 'WARNING! Using --password via the CLI is insecure. Use --password-stdin.\n';

let store: Store;
let registry: TestRegistry;
let config: string;
beforeAll(async () => {
  [store, registry] = [await newStore(), await startRegistry({ login: true })];
  config = join(store.folder, '.docker/config.json');
  await pushImage(registry, 'private', 'latest', [new TarBuilder().file('secret', 'kept').build()]);
});
afterEach(() => rmSync(join(store.folder, '.docker'), { recursive: true, force: true }));
afterAll(async () => {
  await registry.close();
  await store.close();
});

const stdin = { input: `${LOGIN.password}\n` };
const logIn = (options = {}) =>
  store.rcx(['login', registry.host, '-u', LOGIN.username, '--password-stdin'], { ...stdin, ...options });
const auths = () => JSON.parse(readFileSync(config, 'utf8')).auths;
const unencrypted = () =>
  `\nWARNING! Your credentials are stored unencrypted in '${config}'.\nConfigure a credential helper to remove this warning. See\nhttps://docs.docker.com/go/credential-store/\n\n`;

describe('rcx login', () => {
  it('lets a private image be pulled, until rcx logout', async () => {
    const image = `${registry.host}/private`;
    const stranger = /login needed or refused by .*; .*log in with `rcx login 127\.0\.0\.1:\d+`/;
    expectFailure(await store.rcx(['pull', '-q', image]), 1, stranger);
    expect(await logIn()).toMatchObject({ exitCode: 0, stdout: 'Login Succeeded\n', stderr: unencrypted() });
    expect(auths()).toEqual({ [registry.host]: basicAuth(LOGIN) });
    expect(statSync(config).mode & 0o777).toBe(0o600);
    expect(await store.ok(['pull', '-q', image])).toBe(`${image}:latest\n`);
    await store.ok(['rmi', image]);
    expect(await store.rcx(['logout', registry.host])).toMatchObject({
      exitCode: 0,
      stdout: `Removing login credentials for ${registry.host}\n`,
      stderr: '',
    });
    expect(auths()).toEqual({});
    expectFailure(await store.rcx(['pull', '-q', image]), 1, stranger);
  });

  it.each([LOGIN.password, `${LOGIN.password}\n`, `${LOGIN.password}\r\n`])(
    'reads the password from stdin: %j',
    async (input) => {
      expect(await logIn({ input })).toMatchObject({ exitCode: 0 });
      expect(auths()).toEqual({ [registry.host]: basicAuth(LOGIN) });
    },
  );

  it('warns of a password on the command line, and takes it', async () => {
    const outcome = await store.rcx([
      'login',
      '-u',
      LOGIN.username,
      '-p',
      LOGIN.password,
      `http://${registry.host}/v2/`,
    ]);
    expect(outcome).toMatchObject({ exitCode: 0, stdout: 'Login Succeeded\n', stderr: WARNING + unencrypted() });
    expect(auths()).toEqual({ [registry.host]: basicAuth(LOGIN) });
  });

  it('refuses a wrong password in one line, and writes nothing', async () => {
    const wrong = { input: 'not the password' };
    const outcome = await logIn(wrong);
    expectFailure(outcome, 1, /^rcx: log in to 127.*: the user name or the password was refused by http:.*HTTP 401/);
    const debug = await store.rcx(['--debug', 'login', registry.host, '-u', 'me', '--password-stdin'], wrong);
    expect(`${outcome.stderr}${debug.stderr}`).not.toMatch(/not the password|bm90IHRoZSBwYXNzd29yZA/);
    expect(existsSync(config)).toBe(false);
  });

  it.each([
    [['-u', 'me', '-p', 'x', '--password-stdin'], /cannot specify both --password and --password-stdin/],
    [['--password-stdin'], /requires --username/],
    [['-u', '', '-p', 'x'], /the user name is empty/],
    [['-u', 'me', '-p', ''], /the password is empty/],
    [['-u', 'me', '--password-stdin'], /the password is empty/],
    [['-u', 'me:you', '--password-stdin'], /the password is empty/],
    [[], /cannot perform an interactive login from a non TTY device; .*--password-stdin/],
    [['-u', 'me'], /cannot perform an interactive login from a non TTY device/],
  ])('%j without a terminal fails in one line', async (flags, message) => {
    expectFailure(await store.rcx(['login', registry.host, ...flags]), 1, message);
    expect(existsSync(config)).toBe(false);
  });

  it.each(['bad host', 'me@r.test'])('refuses %j', async (server) => {
    expectFailure(await store.rcx(['login', server, '-u', 'me', '--password-stdin'], stdin), 1, /not a host name/);
    expectFailure(await store.rcx(['logout', server]), 1, /not a host name/);
  });

  it('tries what is stored when it is given nothing', async () => {
    await logIn();
    const again = await store.rcx(['login', registry.host]);
    expect(again).toMatchObject({ exitCode: 0, stdout: 'Login Succeeded\n' });
    expect(again.stderr).toMatch(
      /^Authenticating with existing credentials\.\.\. \[Username: tester\]\n.*run 'rcx logout' followed by 'rcx login'\n\s*$/s,
    );
    mkdirSync(join(store.folder, '.docker'), { recursive: true });
    writeFileSync(config, JSON.stringify({ auths: { [registry.host]: basicAuth({ ...LOGIN, password: 'old' }) } }));
    const expired = await store.rcx(['login', registry.host]);
    expect(expired).toMatchObject({ exitCode: 1, stdout: '' });
    expect(expired.stderr).toMatch(/\nStored credentials invalid or expired\nrcx: .*non TTY device/);
    expect(auths()).toEqual({ [registry.host]: basicAuth({ ...LOGIN, password: 'old' }) });
  });

  it('of many at the same time loses none', async () => {
    const other = await startRegistry({ login: true });
    const hosts = [registry, other].flatMap(({ host }) => [host, host.replace('127.0.0.1', 'localhost')]);
    const flags = ['-u', LOGIN.username, '--password-stdin'];
    const outcomes = await Promise.all(hosts.map((host) => store.rcx(['login', host, ...flags], stdin)));
    await other.close();
    expect(outcomes.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0, 0]);
    expect(auths()).toEqual(Object.fromEntries(hosts.map((host) => [host, basicAuth(LOGIN)])));
  });

  it('says that a variable hides what it stores', async () => {
    const env = { DOCKER_AUTH_CONFIG: JSON.stringify({ auths: {} }) };
    expect((await logIn({ env })).stderr).toContain('DOCKER_AUTH_CONFIG is set and takes precedence.');
    expect((await store.rcx(['logout', registry.host], { env })).stderr).toContain('DOCKER_AUTH_CONFIG');
  });
});

describe('with a credential helper', () => {
  let docker: DockerFolder;
  beforeEach(() => {
    docker = new DockerFolder();
    docker.keychain('safe');
    docker.configure({ credsStore: 'safe', detachKeys: 'ctrl-q' });
  });

  it('rcx login, pull and logout leave the password to it', async () => {
    const { env } = docker;
    expect(await logIn({ env })).toMatchObject({ exitCode: 0, stdout: 'Login Succeeded\n', stderr: '' });
    expect(docker.kept('safe')).toEqual({
      [registry.host]: { Username: LOGIN.username, Secret: LOGIN.password },
    });
    expect(JSON.parse(docker.text() ?? '')).toEqual({
      auths: { [registry.host]: {} },
      credsStore: 'safe',
      detachKeys: 'ctrl-q',
    });
    await store.ok(['pull', '-q', `${registry.host}/private`], { env });
    await store.ok(['logout', registry.host], { env });
    expect(docker.kept('safe')).toEqual({});
    expect(JSON.parse(docker.text() ?? '')).toMatchObject({ auths: {} });
    expect(docker.calls().flatMap((call) => call.arguments)).toEqual(['store', 'get', 'erase', 'erase', 'erase']);
  });

  it('that fails is told before anything is asked', async () => {
    docker.program('docker-credential-safe', '#!/bin/sh\nexit 1\n');
    const { exitCode, stderr } = await store.rcx(['login', registry.host], { env: docker.env });
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(
      /^WARNING: cannot get the login from docker-credential-safe: .*\nrcx: .*non TTY device.*\n$/,
    );
  });

  it('that fails, logout does not claim that the login is gone', async () => {
    docker.program('docker-credential-safe', '#!/bin/sh\nexit 1\n');
    const outcome = await store.rcx(['logout', registry.host], { env: docker.env });
    expect(outcome).toMatchObject({ exitCode: 1 });
    expect(outcome.stderr).toMatch(/^rcx: cannot erase the login with docker-credential-safe: .*\n$/);
  });
});

describeWith({ commands: ['expect', 'stty'] }, 'rcx login at a terminal', () => {
  /** Runs an expect script on a shell that logs in, and then says how that ended and what the terminal does. */
  async function talk(flags: string[], script: string): Promise<string> {
    const env = { ...store.env, TERM: 'xterm', RCX: RCX_BIN, SERVER: registry.host, FLAGS: flags.join(' ') };
    const command =
      'sh -c \'echo "pid=$$."; exec "$RCX" login $FLAGS "$SERVER"\'; echo "code=$?"; stty -a | grep -ow "[-]*echo"';
    const all = `set timeout 20\nspawn sh -c {${command}}\n${script}\nexpect eof\n`;
    return (await execa('expect', ['-c', all], { env, extendEnv: false })).stdout.replaceAll('\r', '');
  }

  /** An answer as it comes from a keyboard. */
  const answer = (question: string, keys: string) => `expect "${question}"\nsend -- "${keys}"\n`;

  it('asks for what is missing, and does not show the password', async () => {
    const name = answer('Username: ', 'testex\\177r\\r');
    const said = await talk([], name + answer('Password: ', 's3cret:pasx\\177s\\r'));
    expect(said).toMatch(/Password: \n.*\nLogin Succeeded\ncode=0\necho\b/s);
    expect(said).not.toMatch(/cret|pas[sx]\b/);
    expect(auths()).toEqual({ [registry.host]: basicAuth(LOGIN) });
  });

  it('asks only for the password of a user', async () => {
    const said = await talk(['-u', LOGIN.username], answer('Password: ', `${LOGIN.password}\\r`));
    expect(said).not.toContain('Username');
    expect(said).toMatch(/Login Succeeded\ncode=0\necho\b/);
  });

  it('takes both when they are typed ahead, and shows the first only', async () => {
    const said = await talk([], answer('Username: ', `${LOGIN.username}\\r${LOGIN.password}\\r`));
    expect(said).toMatch(/Login Succeeded\ncode=0\necho\b/);
    expect(said).not.toContain(LOGIN.password);
  });

  it('offers the name of a login that is no longer good', async () => {
    mkdirSync(join(store.folder, '.docker'));
    writeFileSync(config, JSON.stringify({ auths: { [registry.host]: basicAuth({ ...LOGIN, password: 'old' }) } }));
    const said = await talk([], answer('Username (tester): ', '\\r') + answer('Password: ', `${LOGIN.password}\\r`));
    expect(said).toMatch(/Stored credentials invalid or expired\n.*Login Succeeded\ncode=0\necho\b/s);
    expect(auths()).toEqual({ [registry.host]: basicAuth(LOGIN) });
  });

  it.each([
    ['nothing for a name', answer('Username: ', '\\r'), /the user name is empty/],
    ['nothing for a password', answer('Username: ', 'me\\r') + answer('Password: ', '\\r'), /the password is empty/],
    ['the end of the input', answer('Username: ', 'me\\r') + answer('Password: ', '\\004'), /nothing was typed/],
    ['a wrong password', answer('Username: ', 'me\\r') + answer('Password: ', 'wrong\\r'), /HTTP 401/],
  ])('fails with %s in one line, and gives the terminal back', async (_, script, message) => {
    const said = await talk([], script);
    expect(said).toMatch(/\nrcx: [^\n]+\ncode=1\necho\b/);
    expect(said).toMatch(message);
    expect(existsSync(config)).toBe(false);
  });

  it('ends at Ctrl-C, and gives the terminal back', async () => {
    const said = await talk(['-u', 'me'], answer('Password: ', 'half\\003'));
    expect(said).toMatch(/Password: \n\n?code=130\necho\b/);
    expect(said).not.toContain('half');
  });

  it.each([
    ['TERM', 143],
    ['HUP', 129],
    ['INT', 130],
    ['QUIT', 131],
  ])('gives the terminal back when SIG%s ends it', async (signal, code) => {
    const said = await talk(
      ['-u', 'me'],
      `expect -re {pid=(\\d+)\\.}\nset pid $expect_out(1,string)\nexpect "Password: "\nexec kill -${signal} $pid`,
    );
    expect(said).toMatch(new RegExp(`code=${code}\\necho\\b`));
  });
});

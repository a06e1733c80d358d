import { inspect } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { digestOf } from '../../../ts/oci/digest.ts';
import { OCI_CONFIG, OCI_MANIFEST } from '../../../ts/oci/mediaTypes.ts';
import { parseReference } from '../../../ts/oci/reference.ts';
import { Registry } from '../../../ts/registry/index.ts';
import { login } from '../../../ts/registry/login.ts';
import type { LoginOptions } from '../../../ts/registry/verifyLogin.ts';
import { selfSignedCertificate } from '../../support/certificate.ts';
import { basicAuth } from '../../support/client.ts';
import { DockerFolder } from '../../support/dockerFolder.ts';
import { startForwardProxy } from '../../support/forwardProxy.ts';
import { type HostileRegistry, type SeenRequest, startHostileRegistry } from '../../support/hostileRegistry.ts';
import { pushImage } from '../../support/push.ts';
import { LOGIN, startRegistry, type TestRegistry } from '../../support/registry.ts';

const BASIC = `Basic ${basicAuth(LOGIN).auth}`;

let docker: DockerFolder;
beforeEach(() => {
  docker = new DockerFolder();
});

/** Logs in with settings and logins of this test only. */
function logIn(registry: string, attempt: Partial<typeof LOGIN> = {}, options: LoginOptions = {}) {
  const { env, ...rest } = options;
  return login(
    { registry, ...LOGIN, ...attempt },
    { config: { registries: {} }, retry: { baseDelay: 5 }, ...rest, env: { ...docker.env, ...env } },
  );
}

const auths = () => JSON.parse(docker.text() ?? '{}').auths;

/** Asserts that a login failed in one line without the password, and that nothing was stored. */
async function expectRefused(attempt: Promise<unknown>, code: string, message: RegExp): Promise<void> {
  const error: unknown = await attempt.then(
    () => undefined,
    (failure: unknown) => failure,
  );
  expect(error).toMatchObject({ name: 'RcxError', code, message: expect.stringMatching(message) });
  expect(error).toMatchObject({ hint: expect.any(String), message: expect.not.stringContaining('\n') });
  const everything = inspect(error, { depth: 20, showHidden: true });
  for (const secret of [LOGIN.password, encodeURIComponent(LOGIN.password), basicAuth(LOGIN).auth]) {
    expect(everything).not.toContain(secret);
  }
  expect(docker.text()).toBeUndefined();
}

describe('a real registry with htpasswd', () => {
  let registry: TestRegistry;
  beforeAll(async () => {
    registry = await startRegistry({ login: true });
    await pushImage(registry, 'private', 'latest', [Buffer.from('secret')]);
  });
  afterAll(() => registry.close());

  it('lets in who has logged in', async () => {
    const result = await logIn(registry.host);
    expect(result).toEqual({ file: docker.file, changed: true, hasPassword: true });
    expect(auths()).toEqual({ [registry.host]: basicAuth(LOGIN) });
    const client = new Registry({ config: { registries: {} }, env: docker.env });
    onTestFinished(() => client.close());
    const { descriptor } = await client.fetchManifest(parseReference(`${registry.host}/private`));
    expect(descriptor.mediaType).toBe(OCI_MANIFEST);
  });

  it.each([
    ['a wrong password', { password: 'wrong' }],
    ['a wrong user', { username: 'nobody' }],
  ])('refuses %s', async (_, attempt) => {
    await expectRefused(
      logIn(registry.host, attempt),
      'ERR_RCX_UNAUTHORIZED',
      new RegExp(
        `^log in to ${registry.host}: the user name or the password was refused by ${registry.url} \\(HTTP 401`,
      ),
    );
  });

  it('has the helper keep the login', async () => {
    docker.keychain('safe');
    docker.configure({ credsStore: 'safe' });
    expect(await logIn(registry.host)).toMatchObject({ helper: 'safe' });
    expect(docker.kept('safe')[registry.host]).toEqual({ Username: LOGIN.username, Secret: LOGIN.password });
    expect(docker.text()).not.toContain(basicAuth(LOGIN).auth);
  });

  it('is not asked when the file could not be written', async () => {
    docker.configure('{');
    await expect(logIn('127.0.0.1:1')).rejects.toMatchObject({ code: 'ERR_RCX_INVALID_CONFIG' });
  });
});

describe('a registry with a token service', () => {
  let server: HostileRegistry;
  let tokens: HostileRegistry;
  let valid: Set<string>;
  beforeEach(async () => {
    [server, tokens, valid] = [await startHostileRegistry(), await startHostileRegistry(), new Set()];
    guard('/v2/', '{}');
  });
  afterEach(() => Promise.all([server.close(), tokens.close()]));

  /** Serves `body` to whoever has a valid token, and sends everybody else to the token service. */
  function guard(path: string, body: string, realm = `${tokens.url}/token`): void {
    server.on(path, ({ headers }, response) => {
      if (valid.has((headers.authorization ?? '').replace('Bearer ', ''))) {
        return void response.setHeader('content-type', OCI_MANIFEST).end(body);
      }
      const challenge = `Bearer realm="${realm}",service="the registry",scope="repository:some/thing:pull"`;
      response.writeHead(401, { 'www-authenticate': challenge }).end();
    });
  }

  /** Gives a token to the right login. */
  function serveTokens(answer: object = {}): void {
    tokens.on('/token', ({ headers }, response, nth) => {
      const isRight = headers.authorization === BASIC;
      if (!isRight) return void response.writeHead(401).end('{"details":"incorrect username or password"}');
      valid.add(`t-${nth}`);
      response.end(JSON.stringify({ token: `t-${nth}`, ...answer }));
    });
  }

  const form = ({ body }: SeenRequest) => Object.fromEntries(new URLSearchParams(body));
  const query = ({ url }: SeenRequest) => Object.fromEntries(new URL(url, 'http://x').searchParams);

  it('is asked with no scope, and for a refresh token, which is stored', async () => {
    serveTokens({ refresh_token: 'for later' });
    expect(await logIn(server.host)).toMatchObject({ hasPassword: false });
    expect(tokens.seen.map(({ method }) => method)).toEqual(['GET']);
    expect(query(tokens.seen[0] as SeenRequest)).toEqual({
      service: 'the registry',
      account: LOGIN.username,
      offline_token: 'true',
      client_id: 'rcx',
    });
    expect(auths()).toEqual({
      [server.host]: { auth: basicAuth({ ...LOGIN, password: '' }).auth, identitytoken: 'for later' },
    });
    expect(server.seenAt('/v2/').at(-1)?.headers.authorization).toBe('Bearer t-1');
    expect(server.seen.map(({ headers }) => headers.authorization)).not.toContain(BASIC);
  });

  it('takes the refresh token for a pull', async () => {
    serveTokens({ refresh_token: 'for later' });
    await logIn(server.host);
    const config = { mediaType: OCI_CONFIG, digest: digestOf(Buffer.from('x')), size: 1 };
    const manifest = { schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers: [] };
    guard('/v2/me/app/manifests/latest', JSON.stringify(manifest));
    tokens.on('/token', (request, response) => {
      if (form(request).refresh_token !== 'for later') return void response.writeHead(401).end();
      valid.add('fresh');
      response.end('{"access_token":"fresh"}');
    });
    const client = new Registry({ config: { registries: {} }, env: docker.env });
    onTestFinished(() => client.close());
    await client.fetchManifest(parseReference(`${server.host}/me/app`));
    expect(form(tokens.seen.at(-1) as SeenRequest)).toMatchObject({ grant_type: 'refresh_token' });
  });

  it.each([{}, { refresh_token: '' }, { refresh_token: 5 }])(
    'has the password stored where it gives no refresh token: %j',
    async (answer) => {
      serveTokens(answer);
      expect(await logIn(server.host)).toMatchObject({ hasPassword: true });
      expect(auths()).toEqual({ [server.host]: basicAuth(LOGIN) });
    },
  );

  it('refuses a wrong password', async () => {
    serveTokens();
    await expectRefused(
      logIn(server.host, { password: 'wrong' }),
      'ERR_RCX_UNAUTHORIZED',
      new RegExp(`refused by ${tokens.url} \\(HTTP 401: incorrect username or password\\)`),
    );
  });

  it('may refuse a token, too', async () => {
    tokens.on('/token', (_, response) => response.end('{"token":"never-valid","refresh_token":"x"}'));
    await expectRefused(logIn(server.host), 'ERR_RCX_UNAUTHORIZED', new RegExp(`refused by ${server.url}`));
  });

  it('is asked again while it is out of order', async () => {
    tokens.on('/token', (_, response, nth) => {
      if (nth < 3) return void response.writeHead(503).end();
      valid.add('t');
      response.end('{"token":"t"}');
    });
    await logIn(server.host);
    expect(auths()).toHaveProperty([server.host]);
  });

  it('does not bring the password into the error by repeating it', async () => {
    const said = `${LOGIN.password} is wrong, as is ${basicAuth(LOGIN).auth}`;
    tokens.on('/token', (_, response) => response.writeHead(403).end(JSON.stringify({ message: said })));
    await expectRefused(logIn(server.host), 'ERR_RCX_FORBIDDEN', /\(HTTP 403: … is wrong, as is …\)/);
  });

  it('gets no login of which it leads elsewhere', async () => {
    const thief = await startHostileRegistry();
    onTestFinished(() => thief.close());
    thief.on('/token', (_, response) => response.end('{"token":"stolen","refresh_token":"stolen"}'));
    valid.add('stolen');
    const location = `${thief.url}/token`;
    tokens.on('/token', (_, response) => response.writeHead(307, { location }).end());
    await expectRefused(logIn(server.host), 'ERR_RCX_BAD_REDIRECT', new RegExp(`redirects to ${thief.url}`));
    expect(thief.seen.map(({ headers }) => headers.authorization)).toEqual([undefined]);
  });

  it.each(['http://192.0.2.1/token', 'http://auth.invalid/token', 'ftp://x', ''])(
    'is not shown the password at %j',
    async (realm) => {
      guard('/v2/', '{}', realm);
      await expectRefused(logIn(server.host), 'ERR_RCX_UNSAFE_AUTHENTICATION', /token service/);
    },
  );
});

describe('a registry that is not to be trusted', () => {
  let server: HostileRegistry;
  let other: HostileRegistry;
  beforeEach(async () => {
    [server, other] = [await startHostileRegistry(), await startHostileRegistry()];
  });
  afterEach(() => Promise.all([server.close(), other.close()]));

  const askForBasic = (path: string, then: (response: Parameters<Parameters<HostileRegistry['on']>[1]>[1]) => void) =>
    server.on(path, ({ headers }, response) => {
      if (headers.authorization === undefined) {
        response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
      } else then(response);
    });

  it('cannot lead the login to another host', async () => {
    const location = `${other.url}/v2/`;
    other.on('/v2/', (_, response) => response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end());
    server.on('/v2/', (_, response) => response.writeHead(307, { location }).end());
    await expectRefused(logIn(server.host), 'ERR_RCX_BAD_REDIRECT', new RegExp(`redirects to ${other.url}`));
    other.on('/v2/', (_, response) => response.end('{}'));
    await expectRefused(logIn(server.host), 'ERR_RCX_BAD_REDIRECT', new RegExp(`redirects to ${other.url}`));
    askForBasic('/v2/', (response) => response.writeHead(307, { location }).end());
    await expectRefused(logIn(server.host), 'ERR_RCX_BAD_REDIRECT', new RegExp(`redirects to ${other.url}`));
    expect(other.seen.filter(({ headers }) => headers.authorization !== undefined)).toEqual([]);
  });

  it('cannot lead round in circles', async () => {
    askForBasic('/v2/', (response) => response.writeHead(307, { location: '/v2/' }).end());
    await expectRefused(logIn(server.host), 'ERR_RCX_BAD_REDIRECT', /more than 8 times/);
  });

  it.each([
    [404, 'ERR_RCX_REGISTRY_ERROR', /no registry at/],
    [403, 'ERR_RCX_FORBIDDEN', /refused by/],
    [204, 'ERR_RCX_REGISTRY_ERROR', /unexpected answer/],
    [500, 'ERR_RCX_REGISTRY_UNAVAILABLE', /out of order/],
  ])('is no registry with HTTP %i', async (status, code, message) => {
    // The first request finds out whether it speaks TLS.
    server.on('/v2/', (_, response) => response.writeHead(status).end());
    await expectRefused(logIn(server.host), code, message);
  });

  it.each([undefined, 'Negotiate', 'Digest realm="x"'])('that asks for %j is told', async (challenge) => {
    const headers = challenge === undefined ? {} : { 'www-authenticate': challenge };
    server.on('/v2/', (_, response) => response.writeHead(401, headers).end());
    await expectRefused(logIn(server.host), 'ERR_RCX_REGISTRY_ERROR', /in no way that is known/);
  });

  it('that asks for no login takes any, without seeing it', async () => {
    await logIn(server.host);
    expect(auths()).toEqual({ [server.host]: basicAuth(LOGIN) });
    expect(server.seen.filter(({ headers }) => headers.authorization !== undefined)).toEqual([]);
  });

  it('that is down is told', async () => {
    const { host } = other;
    await other.close();
    await expectRefused(logIn(host), 'ERR_RCX_REGISTRY_UNAVAILABLE', /cannot reach .*connection refused/);
    other = await startHostileRegistry();
  });
});

describe('a registry on another machine', () => {
  const NAME = 'registry.test:5000';
  const CONFIGURED = { registries: { [NAME]: { insecure: true } } };

  /** Answers as `NAME` does, to whoever asks the proxy. */
  async function behindProxy(tls: boolean) {
    const server = await startHostileRegistry(tls ? await selfSignedCertificate() : undefined);
    const proxy = await startForwardProxy(server.host, (request, response) => {
      if (request.headers.authorization === BASIC) response.end('{}');
      else response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
    });
    onTestFinished(() => Promise.all([server.close(), proxy.close()]).then(() => undefined));
    return { server, proxy, env: { HTTPS_PROXY: proxy.url, HTTP_PROXY: proxy.url } };
  }

  it('that speaks plain HTTP is sent no password', async () => {
    const { server, proxy, env } = await behindProxy(false);
    await expectRefused(
      logIn(NAME, {}, { env }),
      'ERR_RCX_UNSAFE_AUTHENTICATION',
      /^log in to registry\.test:5000: https:\/\/registry\.test:5000 speaks plain HTTP, over which no password is sent/,
    );
    expect(new Set(proxy.asked)).toEqual(new Set([`CONNECT ${NAME}`]));
    expect(server.seen).toEqual([]);
  });

  it('that speaks plain HTTP is sent the password where the settings call it insecure', async () => {
    const { proxy, env } = await behindProxy(false);
    await logIn(NAME, {}, { env, config: CONFIGURED });
    expect(auths()).toEqual({ [NAME]: basicAuth(LOGIN) });
    expect(proxy.asked).toContain(`http://${NAME}/v2/`);
  });

  it('must have a certificate that is trusted', async () => {
    const { server, env } = await behindProxy(true);
    await expectRefused(logIn(NAME, {}, { env }), 'ERR_RCX_REGISTRY_UNAVAILABLE', /certificate/);
    expect(server.seen).toEqual([]);
    await logIn(NAME, {}, { env, config: CONFIGURED });
    expect(auths()).toEqual({ [NAME]: basicAuth(LOGIN) });
  });

  it('may be Docker Hub, which has a key of its own', async () => {
    const { proxy, env } = await behindProxy(true);
    await logIn('docker.io', {}, { env, config: { registries: { 'docker.io': { insecure: true } } } });
    expect(auths()).toEqual({ 'https://index.docker.io/v1/': basicAuth(LOGIN) });
    expect(new Set(proxy.asked)).toEqual(new Set(['CONNECT registry-1.docker.io:443']));
  });
});

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** The login of registries started with `login: true`; the colon is there because Basic authentication splits at one. */
export const LOGIN = { username: 'tester', password: 's3cret:pass' };
/** {@link LOGIN} for the registry's htpasswd file, which must be bcrypt. */
const HTPASSWD = `${LOGIN.username}:$2y$05$abcdefghijklmnopqrstuuKqhJSfTIYV1SkiVqP0GjQATd/vnrS1a\n`;

export interface TestRegistry {
  /** `127.0.0.1:40689`, as it stands in an image name. */
  host: string;
  url: string;
  /** The storage, a plain folder: what is changed here is served. */
  root: string;
  login: typeof LOGIN | undefined;
  close(): Promise<void>;
}

/**
 * Starts a real registry (Debian's `docker-registry`) on a free loopback port, plain HTTP.
 * @param options.login ask for {@link LOGIN} by Basic authentication
 * @param options.proxy serve as a pull-through mirror of the registry at this URL
 */
export async function startRegistry(options: { login?: boolean; proxy?: string } = {}): Promise<TestRegistry> {
  const folder = await mkdtemp(join(tmpdir(), 'rcx-registry-'));
  const root = join(folder, 'root');
  await writeFile(join(folder, 'htpasswd'), HTPASSWD);
  await writeFile(join(folder, 'config.json'), JSON.stringify(configuration(folder, root, options)));
  // JSON is YAML.
  const child = spawn('docker-registry', ['serve', join(folder, 'config.json')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const close = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null && child.pid !== undefined) {
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    }
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const host = await listeningAddress(child);
    return { host, url: `http://${host}`, root, login: options.login ? LOGIN : undefined, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function configuration(folder: string, root: string, options: { login?: boolean; proxy?: string }): object {
  return {
    version: '0.1',
    log: { level: 'info', formatter: 'json' },
    storage: { filesystem: { rootdirectory: root }, delete: { enabled: true } },
    http: { addr: '127.0.0.1:0', secret: 'for tests' },
    ...(options.login && { auth: { htpasswd: { realm: 'test', path: join(folder, 'htpasswd') } } }),
    ...(options.proxy && { proxy: { remoteurl: options.proxy } }),
  };
}

async function listeningAddress(child: ChildProcess): Promise<string> {
  if (child.stderr === null) throw new Error('docker-registry was started without a pipe');
  const said: string[] = [];
  const failed = once(child, 'error').then(([error]: unknown[]) => {
    throw new Error('docker-registry (Debian package docker-registry) did not start', { cause: error });
  });
  const listening = (async () => {
    for await (const line of createInterface({ input: child.stderr as NodeJS.ReadableStream })) {
      said.push(line);
      const [, host] = /listening on (127\.0\.0\.1:\d+)/.exec(line) ?? [];
      if (host !== undefined) return host;
    }
    throw new Error(`docker-registry ended before it listened:\n${said.join('\n')}`);
  })();
  const host = await Promise.race([listening, failed]);
  // Its log goes on; a full pipe would stop it.
  child.stderr.resume();
  return host;
}

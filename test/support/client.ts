import { mkdtempSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { RcxConfig } from '../../ts/config/config.ts';
import { Registry, type RegistryOptions } from '../../ts/registry/index.ts';

/** A registry client for one test: quick retries, and no logins or proxies but those given here. */
export function testClient(
  options: Partial<RegistryOptions> & { auths?: object; docker?: object; registries?: RcxConfig['registries'] } = {},
): Registry {
  const folder = mkdtempSync(join(tmpdir(), 'rcx-docker-'));
  writeFileSync(join(folder, 'config.json'), JSON.stringify({ auths: options.auths ?? {}, ...options.docker }));
  const registry = new Registry({
    config: { registries: options.registries ?? {}, defaultNetwork: 'none' },
    ...options,
    env: { PATH: process.env.PATH, HOME: folder, DOCKER_CONFIG: folder, ...options.env },
    retry: { baseDelay: 5, ...options.retry },
  });
  onTestFinished(async () => {
    await registry.close();
    await rm(folder, { recursive: true, force: true });
  });
  return registry;
}

/** A `~/.docker/config.json` entry. */
export function basicAuth({ username, password }: { username: string; password: string }): { auth: string } {
  return { auth: Buffer.from(`${username}:${password}`).toString('base64') };
}

/** The whole of a blob. */
export async function collect(chunks: AsyncIterable<Buffer>): Promise<Buffer> {
  const all: Buffer[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all);
}

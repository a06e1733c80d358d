import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import type { TestProject } from 'vitest/node';
import { copyImage, provideImages } from './images.ts';
import { RCX_BIN } from './rcxBin.ts';
import { startRegistry } from './registry.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    e2e: E2eContext;
  }
}

/** What every end-to-end test finds. */
export interface E2eContext {
  /** Host and port of the registry that has `library/ubuntu` and `library/layered`. */
  registry: string;
  /** Configuration file in which that registry is the mirror of docker.io. */
  config: string;
  /** A store that has pulled both images. */
  template: string;
}

/** Starts the registry, fills it, and pulls its images once, as a user behind a mirror would. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  if (!existsSync(RCX_BIN)) throw new Error(`${RCX_BIN} is missing: build it with npm run build`);
  const images = await provideImages();
  const registry = await startRegistry();
  const folder = await mkdtemp(join(tmpdir(), 'rcx-e2e-'));
  const close = async () => {
    await registry.close();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await copyImage(`oci:${images.debian}:latest`, `docker://${registry.host}/library/ubuntu:latest`);
    await copyImage(`oci:${images.layered}:latest`, `docker://${registry.host}/library/layered:latest`);
    const config = join(folder, 'config.json');
    await writeFile(
      config,
      JSON.stringify({ registries: { 'docker.io': { mirrors: [registry.url] } }, defaultNetwork: 'none' }),
    );
    const template = join(folder, 'root');
    const env = { RCX_ROOT: template, RCX_RUN: join(folder, 'run'), RCX_CONFIG: config, HOME: folder };
    for (const image of ['ubuntu', 'layered']) await execa(RCX_BIN, ['pull', '--quiet', image], { env });
    project.provide('e2e', { registry: registry.host, config, template });
  } catch (error) {
    await close();
    throw error;
  }
  return close;
}

import { existsSync } from 'node:fs';
import { chmod, chown, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import type { TestProject } from 'vitest/node';
import { copyImage, provideImages } from './images.ts';
import { copyInstallation } from './installation.ts';
import { INSTALLED_BIN } from './installedBin.ts';
import { startRegistry } from './registry.ts';
import { asUser, makeUser, removeUser, type TestUser, type UserKind } from './user.ts';
import { endSession } from './userSession.ts';

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
  /** The command line under test. */
  bin: string;
  /** The ordinary user whom it is tested as; root when absent. */
  user?: TestUser;
}

/** Starts the registry, fills it, and pulls its images once, as a user behind a mirror would. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  return await setUp(project);
}

/** The same, with everything done by an ordinary user if a kind of one is given. */
export async function setUp(project: TestProject, kind?: UserKind): Promise<() => Promise<void>> {
  if (!existsSync(INSTALLED_BIN)) throw new Error(`${INSTALLED_BIN} is missing: build it with npm run build`);
  const images = await provideImages();
  const registry = await startRegistry();
  const folder = await mkdtemp(join(tmpdir(), 'rcx-e2e-'));
  let user: TestUser | undefined;
  const run = join(folder, 'run');
  const close = async () => {
    await registry.close();
    await endSession(run);
    if (user !== undefined) await removeUser(user);
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
    await chmod(folder, 0o755);
    user = kind && (await makeUser(kind, folder));
    const bin = user === undefined ? INSTALLED_BIN : await commandLineOf(user, folder);
    const template = join(folder, 'root');
    const env = { RCX_ROOT: template, RCX_RUN: run, RCX_CONFIG: config, HOME: folder };
    if (user !== undefined) {
      for (const directory of [template, run]) {
        await mkdir(directory, { mode: 0o700 });
        await chown(directory, user.uid, user.gid);
      }
    }
    const path = user?.path ?? process.env.PATH ?? '';
    for (const image of ['ubuntu', 'layered']) {
      await execa(bin, ['pull', '--quiet', image], { env: { ...env, PATH: path } });
    }
    project.provide('e2e', { registry: registry.host, config, template, bin, ...(user && { user }) });
  } catch (error) {
    await close();
    throw error;
  }
  return close;
}

/** A program that is the command line, run by a user; the checkout may be in a directory that is closed to him. */
async function commandLineOf(user: TestUser, folder: string): Promise<string> {
  const words = [...asUser(user), copyInstallation(join(folder, 'app'))];
  const program = join(folder, 'rcx');
  await writeFile(program, `#!/bin/sh\nexec ${words.join(' ')} "$@"\n`, { mode: 0o755 });
  return program;
}

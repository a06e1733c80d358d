import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { execa } from 'execa';

const CACHE = resolve('.cache/vm');

/** Runs a command of apt; a second time with fresh lists, since those of a new machine are empty or old. */
async function apt(command: string, args: readonly string[], cwd: string): Promise<string> {
  const attempt = async () => (await execa(command, args, { cwd })).stdout;
  try {
    return await attempt();
  } catch {
    await execa('apt-get', ['update']);
    return await attempt();
  }
}

/**
 * A Debian package as it would be installed, but unpacked in a folder of its own and kept there for later runs.
 * @param name a package, or one that does no more than depend on the newest of its kind
 * @returns the folder that stands for `/`
 */
export async function unpackedPackage(name: string): Promise<string> {
  const folder = join(CACHE, name);
  if (existsSync(folder)) return folder;
  await mkdir(CACHE, { recursive: true });
  const temporary = await mkdtemp(join(CACHE, '.tmp-'));
  try {
    await download(await contentPackage(name, temporary), temporary);
    await rename(join(temporary, 'unpacked'), folder);
  } catch (error) {
    // Another run was faster.
    if (!existsSync(folder)) throw error;
  } finally {
    await rm(temporary, { recursive: true });
  }
  return folder;
}

/** `linux-image-cloud-amd64` is empty but for its dependency on the kernel of the day. */
async function contentPackage(name: string, cwd: string): Promise<string> {
  const description = await apt('apt-cache', ['show', '--no-all-versions', name], cwd);
  return /^Depends: (linux-image-\S+)/m.exec(description)?.[1] ?? name;
}

async function download(name: string, folder: string): Promise<void> {
  await apt('apt-get', ['download', '--option', 'APT::Sandbox::User=root', name], folder);
  const archive = (await readdir(folder)).find((file) => file.endsWith('.deb'));
  if (archive === undefined) throw new Error(`apt-get download ${name} left no package`);
  await execa('dpkg-deb', ['--extract', archive, 'unpacked'], { cwd: folder });
}

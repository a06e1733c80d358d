import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';

const SOURCES = fileURLToPath(new URL('./images', import.meta.url));
const CACHE = fileURLToPath(new URL('../../.cache/images', import.meta.url));

/** OCI layouts, each with its image under the tag `latest`. */
export interface ImageLayouts {
  /** Debian by mmdebstrap, one layer. */
  debian: string;
  /** Several layers by buildah on top of it, with everything that layers can do to each other. */
  layered: string;
}

/** Makes the images of the end-to-end tests, once for every version of their sources (about 40 s), or finds them. */
export async function provideImages(): Promise<ImageLayouts> {
  const folder = join(CACHE, sourcesDigest());
  if (!existsSync(folder)) await build(folder);
  return { debian: join(folder, 'debian'), layered: join(folder, 'layered') };
}

/** Copies an image between places as skopeo names them: `oci:/path:tag`, `docker://127.0.0.1:5000/name:tag`. */
export async function copyImage(from: string, to: string): Promise<void> {
  await execa('skopeo', ['copy', '--quiet', '--src-tls-verify=false', '--dest-tls-verify=false', from, to]);
}

/** Renamed into place when complete: an interrupted build leaves nothing that counts, and two at once do no harm. */
async function build(folder: string): Promise<void> {
  const temporary = `${folder}.${randomBytes(4).toString('hex')}`;
  mkdirSync(temporary, { recursive: true });
  try {
    await execa('unshare', ['--mount', '--propagation', 'private', join(SOURCES, 'build.sh'), temporary]);
    if (!existsSync(folder)) renameSync(temporary, folder);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

function sourcesDigest(): string {
  const hash = createHash('sha256');
  const files = readdirSync(SOURCES, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  for (const path of files.map((file) => join(file.parentPath, file.name)).sort()) {
    hash.update(path.slice(SOURCES.length)).update('\0').update(readFileSync(path)).update('\0');
  }
  return hash.digest('hex').slice(0, 16);
}

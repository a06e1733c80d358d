import { chmodSync, chownSync, lstatSync, mkdirSync, type Stats, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const MOUNT_POINTS = ['dev', 'proc', 'sys'];
const ETC_FILES = ['hosts', 'hostname', 'resolv.conf'];

/**
 * Makes the init layer: the mount points and files that rcx itself needs, between the image and the read-write layer, so
 * that they never appear in a commit.
 *
 * overlayfs takes a directory's owner and mode from the topmost layer that has it, so they are copied from the image.
 * @param folder empty directory that becomes the layer
 * @param layers directories of the image's layers, topmost first
 */
export function makeInitLayer(folder: string, layers: readonly string[]): void {
  copyAttributes(folder, lookup(layers, '.'));
  for (const name of MOUNT_POINTS) makeDirectory(folder, name, lookup(layers, name));
  const etc = lookup(layers, 'etc');
  // A directory here would hide whatever the image's link leads to; the core then makes the files at its end.
  if (etc?.isSymbolicLink()) return;
  makeDirectory(folder, 'etc', etc);
  for (const name of ETC_FILES) writePublicFile(join(folder, 'etc', name), '');
  if (lookup(layers, 'etc/mtab') === undefined) symlinkSync('/proc/mounts', join(folder, 'etc/mtab'));
}

/** The attributes that the read-write layer's own root must have: it is the container's `/`. */
export function rootAttributes(layers: readonly string[]): Stats | undefined {
  return lookup(layers, '.');
}

/** Gives a directory the owner and mode of another; 0755 root where there is none. */
export function copyAttributes(path: string, from: Stats | undefined): void {
  if (from === undefined || !from.isDirectory()) {
    chmodSync(path, 0o755);
    return;
  }
  chownSync(path, from.uid, from.gid);
  chmodSync(path, from.mode & 0o7777);
}

/** Writes a file of the container that all its users may read, whatever this process' umask is. */
export function writePublicFile(path: string, content: string): void {
  writeFileSync(path, content);
  chmodSync(path, 0o644);
}

function makeDirectory(folder: string, name: string, from: Stats | undefined): void {
  const path = join(folder, name);
  mkdirSync(path);
  copyAttributes(path, from);
}

/** What the union of the layers has at a path. Links are not followed: they would lead to files of the host. */
function lookup(layers: readonly string[], path: string): Stats | undefined {
  for (const layer of layers) {
    const found = lookupIn(layer, path.split('/'));
    if (found === 'hidden') return undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

/** What one layer has at a path; `hidden` where a whiteout, or no directory on the way, covers what is below. */
function lookupIn(layer: string, path: readonly string[]): Stats | 'hidden' | undefined {
  const [name = '.', ...rest] = path;
  const found = lstatSync(join(layer, name), { throwIfNoEntry: false });
  if (found === undefined) return undefined;
  if (rest.length > 0) return found.isDirectory() ? lookupIn(join(layer, name), rest) : 'hidden';
  return found.isCharacterDevice() && found.rdev === 0 ? 'hidden' : found;
}

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
  for (const name of ETC_FILES) writeFileSync(join(folder, 'etc', name), '', { mode: 0o644 });
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

function makeDirectory(folder: string, name: string, from: Stats | undefined): void {
  const path = join(folder, name);
  mkdirSync(path);
  copyAttributes(path, from);
}

/** What the union of the layers has at a path: the topmost entry, unless that is a whiteout. Links are not followed. */
function lookup(layers: readonly string[], path: string): Stats | undefined {
  for (const layer of layers) {
    const found = lstatSync(join(layer, path), { throwIfNoEntry: false });
    if (found !== undefined) return found.isCharacterDevice() && found.rdev === 0 ? undefined : found;
  }
  return undefined;
}

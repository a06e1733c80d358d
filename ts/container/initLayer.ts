import { chmodSync, chownSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ByteString } from '../layer/errors.ts';
import { native } from '../native/index.ts';
import { toRcxError } from '../store/nativeError.ts';
import { type Attributes, inheritedAttributes } from './inherited.ts';

const MOUNT_POINTS = ['dev', 'proc', 'sys'] as const;
const ETC_FILES = ['hosts', 'hostname', 'resolv.conf'];

/** What the layers of an image have where rcx puts something of its own; directories only, but for `etc`. */
export interface ImageRoot extends Partial<Record<(typeof MOUNT_POINTS)[number], Attributes>> {
  /** The container's `/`. */
  root?: Attributes;
  /** A link leads elsewhere: then nothing may stand in its place. */
  etc?: Attributes | 'link';
  hasMtab: boolean;
  /** Directories whose owner and mode must be said anew, parents first; see {@link inheritedAttributes}. */
  inherited: ReadonlyMap<ByteString, Attributes>;
}

/**
 * Looks at the layers of an image, topmost first, as overlay is going to show them.
 * @param impliedIn directories that a layer only implies
 * @throws ERR_RCX_LAYER_READ
 */
export function readImageRoot(
  layers: readonly string[],
  impliedIn: (layer: string) => readonly ByteString[] = () => [],
): ImageRoot {
  try {
    const union = native().UnionTree.open([...layers]);
    const inherited = inheritedAttributes(union, layers.map(impliedIn));
    const directory = (path: string) => {
      const found = union.find(path);
      return found?.kind === 'directory' ? (inherited.get(path) ?? found) : undefined;
    };
    const etc = union.find('etc');
    const root = directory('');
    return {
      ...(root !== undefined && { root }),
      ...Object.fromEntries(MOUNT_POINTS.map((name) => [name, directory(name)] as const)),
      ...(etc?.kind === 'symlink' && { etc: 'link' }),
      ...(etc?.kind === 'directory' && { etc: inherited.get('etc') ?? etc }),
      hasMtab: union.find('etc/mtab') !== null,
      inherited,
    };
  } catch (error) {
    throw toRcxError(error, 'ERR_RCX_LAYER_READ');
  }
}

/** Whether all of it belongs to this process' user, so that he may make the like. */
export function isOwn({ root, dev, proc, sys, etc, inherited }: ImageRoot): boolean {
  const all = [root, dev, proc, sys, etc, ...inherited.values()];
  const [uid, gid] = [process.geteuid?.(), process.getegid?.()];
  return all.every((each) => each === undefined || each === 'link' || (each.uid === uid && each.gid === gid));
}

/**
 * Makes the init layer: the mount points and files that rcx itself needs, between the image and the read-write layer, so
 * that they never appear in a commit.
 *
 * overlayfs takes a directory's owner and mode from the topmost layer that has it, so they are copied from the image.
 * @param folder empty directory that becomes the layer
 */
export function makeInitLayer(folder: string, image: ImageRoot): void {
  copyAttributes(folder, image.root);
  for (const name of MOUNT_POINTS) makeDirectory(folder, name, image[name]);
  // A directory here would hide whatever the image's link leads to; the core then makes the files at its end.
  if (image.etc !== 'link') {
    makeDirectory(folder, 'etc', image.etc);
    for (const name of ETC_FILES) writePublicFile(join(folder, 'etc', name), '');
    if (!image.hasMtab) symlinkSync('/proc/mounts', join(folder, 'etc/mtab'));
  }
  for (const [path, attributes] of image.inherited) if (!isMade(path)) makeDirectory(folder, path, attributes);
}

/** Makes a layer that says again what the topmost layers of an image only imply, and nothing else. @param folder empty directory */
export function makeInheritedLayer(folder: string, image: ImageRoot): void {
  copyAttributes(folder, image.root);
  for (const [path, attributes] of image.inherited) makeDirectory(folder, path, attributes);
}

/** Whether rcx has put something of its own in the place of that directory of the image, or of one that it is in. */
function isMade(path: ByteString): boolean {
  const isWithin = (name: string) => path === name || path.startsWith(`${name}/`);
  return (
    path === 'etc' || MOUNT_POINTS.some((name) => name === path) || ETC_FILES.some((name) => isWithin(`etc/${name}`))
  );
}

/** Gives a directory the owner and mode of another; 0755 root where there is none. */
export function copyAttributes(path: string | Buffer, from: Attributes | undefined): void {
  if (from === undefined) {
    chmodSync(path, 0o755);
    return;
  }
  chownSync(path, from.uid, from.gid);
  chmodSync(path, from.mode);
}

/** Writes a file of the container that all its users may read, whatever this process' umask is. */
export function writePublicFile(path: string, content: string): void {
  writeFileSync(path, content);
  chmodSync(path, 0o644);
}

/** @param name a byte string */
function makeDirectory(folder: string, name: ByteString, from: Attributes | undefined): void {
  const path = Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(name, 'latin1')]);
  mkdirSync(path);
  copyAttributes(path, from);
}

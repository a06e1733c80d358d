import { chmodSync, chownSync } from 'node:fs';
import type { Engine } from '../../engine.ts';
import { RcxError } from '../../errors.ts';
import { sinkOptions } from '../../layer/privilege.ts';
import { type CopyRoot, native, type TreeEntry, type UnionTree } from '../../native/index.ts';
import { toRcxError } from '../../store/nativeError.ts';
import { copyUp } from '../../volume/copyUp.ts';
import { bytesOf } from '../copy/argument.ts';
import { closing } from '../copy/closing.ts';
import { withLayersRoot } from '../copy/layersRoot.ts';
import { rulesFor } from '../copy/metadata.ts';
import { transfer } from '../copy/transfer.ts';
import type { ResolvedMounts } from './resolved.ts';

/** What a container's volumes are filled from. */
export interface ImageSource {
  /** The container's folder as long as it has no name yet. */
  folder: string;
  /** Directories of its root, topmost first, all of them read-only. */
  layers: string[];
}

/**
 * Fills the volumes that are empty with what the image has at their paths, as Docker does when it makes a container.
 * @throws ERR_RCX_INVALID_MOUNT when the image has a file there, ERR_RCX_STORE, ERR_RCX_COPY and those of a launch
 */
export async function fillVolumes(
  engine: Pick<Engine, 'rootOf'>,
  { fills }: ResolvedMounts,
  source: ImageSource,
): Promise<void> {
  const [init, ...image] = source.layers;
  if (image.length === 0 || init === undefined) return;
  const union = native().UnionTree.open(source.layers);
  const { inherited } = engine.rootOf(image);
  // One after the other: an image has few volumes, and most of them are empty.
  for (const { volume, destination } of fills) {
    const path = bytesOf(destination).slice(1);
    const found = lookUp(union, path);
    if (found === 'nothing') continue;
    const simple = found === 'link' ? undefined : { ...found, ...inherited.get(path) };
    if (simple !== undefined && simple.kind !== 'directory') throw isFile(destination);
    const isEmpty = simple !== undefined && union.names(path).length === 0;
    await copyUp(volume, async (directory) => {
      if (isEmpty) putOn(directory, simple);
      else await copyFrom(source, destination, directory);
    });
  }
}

/** What stands at a path of the layers; whoever has to follow a link leaves that to the kernel. */
function lookUp(union: UnionTree, path: string): TreeEntry | 'link' | 'nothing' {
  const parts = path.split('/');
  for (let depth = 1; depth <= parts.length; depth++) {
    const found = union.find(parts.slice(0, depth).join('/'));
    if (found === null) return 'nothing';
    if (found.kind === 'symlink') return 'link';
    if (depth === parts.length) return found;
  }
  return 'nothing';
}

/**
 * Copies a directory out of the image as the kernel shows it: the layers are mounted for that time, in a mount namespace of a
 * process that does nothing else, and all links of the image end in there.
 */
async function copyFrom({ folder, layers }: ImageSource, path: string, directory: string): Promise<void> {
  await withLayersRoot(folder, layers, async (root) => {
    const from = bytesOf(path);
    const top = root.look(from, true);
    if (top === null) return;
    if (top.kind !== 'directory') throw isFile(path);
    await copyContent(root, from, directory);
    putOn(directory, top);
  });
}

async function copyContent(root: CopyRoot, from: string, directory: string): Promise<void> {
  const sink = sinkOptions();
  try {
    const reader = native().CopyReader.open(root, from, true);
    await closing(reader, async () => {
      const top = reader.next();
      if (top === null) return;
      const host = native().CopyRoot.host();
      await closing(host, async () => {
        const writer = native().CopyWriter.open(host, bytesOf(directory), sink);
        const rules = rulesFor('in', true, sink);
        await closing(writer, () => transfer([reader, top], writer, undefined, { rules }));
      });
    });
  } catch (error) {
    throw toRcxError(error, 'ERR_RCX_COPY');
  }
}

function putOn(directory: string, { uid, gid, mode }: Pick<TreeEntry, 'uid' | 'gid' | 'mode'>): void {
  chownSync(directory, uid, gid);
  chmodSync(directory, mode & 0o7777);
}

function isFile(path: string): RcxError {
  return new RcxError(`fill the volume: cannot mount volume over existing file, file exists ${path}`, {
    code: 'ERR_RCX_INVALID_MOUNT',
    step: 'fill the volume',
    path,
    hint: 'mount it on a directory, or on a path that the image does not have',
  });
}

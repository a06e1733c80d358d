import type { ByteString } from '../layer/errors.ts';
import type { TreeEntry, UnionTree } from '../native/index.ts';

/** Owner and mode of a directory. */
export type Attributes = Pick<TreeEntry, 'uid' | 'gid' | 'mode'>;

/**
 * Directories that overlay would show with the owner and mode of a layer that only implies them: an archive may hold
 * `tmp/file` and nothing of `tmp`, which by the image-spec stays as it was (layer.md, "Changeset over existing files"). A layer
 * is kept once for all images, so it cannot have what differs between them.
 * @param implied of each layer, topmost first
 * @returns what they must have, parents included, which come first
 */
export function inheritedAttributes(
  union: Pick<UnionTree, 'find' | 'described'>,
  implied: readonly (readonly ByteString[])[],
): Map<ByteString, Attributes> {
  const impliedIn = new Map<ByteString, number[]>();
  implied.forEach((paths, layer) => {
    for (const path of paths) impliedIn.set(path, [...(impliedIn.get(path) ?? []), layer]);
  });
  const described = (path: ByteString) => union.described(path, impliedIn.get(path) ?? []);
  const inherited = new Map<ByteString, Attributes>();
  // No other layer has them, and so nothing in them: an image may have a thousand directories of its program's in one.
  const ownOfOne = new Set<ByteString>();
  for (const path of [...impliedIn.keys()].sort()) {
    const meant = ownOfOne.has(parentsOf(path).at(-1) ?? '') ? null : described(path);
    if (meant === null && impliedIn.get(path)?.length === 1) ownOfOne.add(path);
    const shown = meant && union.find(path);
    if (meant === null || shown?.kind !== 'directory' || isSame(shown, meant)) continue;
    for (const parent of parentsOf(path)) {
      const attributes = inherited.get(parent) ?? described(parent) ?? union.find(parent);
      if (attributes !== null) inherited.set(parent, attributes);
    }
    inherited.set(path, meant);
  }
  return inherited;
}

function isSame(a: Attributes, b: Attributes): boolean {
  return a.mode === b.mode && a.uid === b.uid && a.gid === b.gid;
}

function parentsOf(path: ByteString): ByteString[] {
  const parts = path.split('/').slice(0, -1);
  return parts.map((_, depth) => parts.slice(0, depth + 1).join('/'));
}

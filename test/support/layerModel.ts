import { createHash } from 'node:crypto';
import type { Member, Meta } from './layerMembers.ts';
import { TarBuilder } from './tarBuilder.ts';
import type { Tree, TreeEntry } from './tree.ts';

type Entry = Omit<TreeEntry, 'sameAs'>;
type Made = Exclude<Member, { kind: 'whiteout' | 'opaque' | 'hardlink' }>;

/** A file of the tree; hard links are several paths with one node. */
interface Node {
  entry: Entry;
}

/**
 * What an image is by the words of the image-spec: each layer's members are applied in order to one tree, and a whiteout
 * removes what the layer itself has not put there. Knows nothing of overlay.
 */
export class ReferenceTree {
  readonly #nodes = new Map<string, Node>();
  /** Paths that the current layer has put there. */
  #own = new Set<string>();
  /** Directories that were there before the current layer. */
  #below = new Set<string>();
  #tar = new TarBuilder();

  /** Applies a layer and returns its archive, in which every parent is described before its first child. */
  apply(members: readonly Member[]): Buffer {
    this.#own = new Set();
    this.#below = new Set([...this.#nodes.keys()].filter((path) => this.#isDirectory(path)));
    this.#tar = new TarBuilder();
    for (const member of members) this.#apply(member);
    return this.#tar.build();
  }

  /** The tree as `readTree` would give it, without its root. */
  tree(): Tree {
    const first = new Map<Node, string>();
    const tree: Tree = {};
    for (const path of [...this.#nodes.keys()].sort(byComponents)) {
      const node = this.#nodes.get(path) as Node;
      const same = node.entry.type === 'directory' ? undefined : first.get(node);
      if (same === undefined) first.set(node, path);
      tree[path] = { ...node.entry, ...(same !== undefined && { sameAs: same }) };
    }
    return tree;
  }

  #apply(member: Member): void {
    if (member.kind === 'whiteout') this.#whiteout(member.path);
    else if (member.kind === 'opaque') this.#opaque(member.path);
    else if (member.kind === 'hardlink') this.#hardlink(member.path, member.target);
    else this.#make(member);
  }

  /** Overlay shows whiteouts in directories that only one layer has; no tool writes such, so none are generated. */
  #whiteout(path: string): void {
    const at = path.lastIndexOf('/') + 1;
    if (at > 0 && !this.#below.has(path.slice(0, at - 1))) return;
    this.#describeParents(path);
    this.#tar.file(`${path.slice(0, at)}.wh.${path.slice(at)}`);
    this.#hideBelow(path);
    if (!this.#own.has(path)) this.#nodes.delete(path);
  }

  #opaque(path: string): void {
    this.#describeParents(`${path}/x`);
    this.#tar.file(`${path}/.wh..wh..opq`);
    this.#hideBelow(path);
  }

  #hardlink(path: string, index: number): void {
    const files = [...this.#own].filter((each) => !this.#isDirectory(each));
    const target = files[index % Math.max(1, files.length)];
    if (target === undefined || `${target}/`.startsWith(`${path}/`)) return;
    // Describing the parents may put a directory in the target's place.
    this.#describeParents(path);
    const node = this.#nodes.get(target);
    if (node === undefined || node.entry.type === 'directory') return;
    this.#tar.hardlink(path, target);
    this.#replace(path, node);
  }

  #make(member: Made): void {
    const { path, meta } = member;
    this.#describeParents(path);
    if (member.kind === 'directory') {
      this.#directory(path, meta);
    } else if (member.kind === 'file') {
      this.#tar.file(path, member.content, meta);
      const bytes = Buffer.from(member.content);
      const content = createHash('sha256').update(bytes).digest('hex').slice(0, 16);
      this.#replace(path, { entry: { ...entryOf('file', meta), size: bytes.length, content } });
    } else if (member.kind === 'symlink') {
      this.#tar.symlink(path, member.target, meta);
      this.#replace(path, { entry: { ...entryOf('symlink', { ...meta, mode: 0o777 }), target: member.target } });
    } else {
      this.#tar.add({ ...meta, name: path, type: '6' });
      this.#replace(path, { entry: entryOf('fifo', meta) });
    }
  }

  #directory(path: string, meta: Meta): void {
    this.#tar.directory(path, { ...meta });
    const node = { entry: entryOf('directory', meta) };
    if (!this.#isDirectory(path)) this.#replace(path, node);
    this.#nodes.set(path, node);
    this.#own.add(path);
  }

  #describeParents(path: string): void {
    const parts = path.split('/').slice(0, -1);
    for (let depth = 1; depth <= parts.length; depth++) {
      const parent = parts.slice(0, depth).join('/');
      const described = this.#own.has(parent) && this.#isDirectory(parent);
      if (!described) this.#directory(parent, { mode: 0o755, uid: 0, mtime: 0 });
    }
  }

  #replace(path: string, node: Node): void {
    for (const each of [...this.#nodes.keys()]) {
      if (each !== path && !each.startsWith(`${path}/`)) continue;
      this.#nodes.delete(each);
      this.#own.delete(each);
    }
    this.#nodes.set(path, node);
    this.#own.add(path);
  }

  /** Removes everything below a path that the layer itself did not put there. */
  #hideBelow(path: string): void {
    for (const each of [...this.#nodes.keys()]) {
      if (each.startsWith(`${path}/`) && !this.#own.has(each)) this.#nodes.delete(each);
    }
  }

  #isDirectory(path: string): boolean {
    return this.#nodes.get(path)?.entry.type === 'directory';
  }
}

function entryOf(type: TreeEntry['type'], { mode, uid, mtime }: Meta): Entry {
  return { type, mode: mode.toString(8).padStart(4, '0'), owner: `${uid}:0`, mtime: `${mtime}.000000000` };
}

/** The order in which a walk comes by that sorts the names of each directory. */
function byComponents(a: string, b: string): number {
  const [left, right] = [a.split('/'), b.split('/')];
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    if (left[i] !== right[i]) return (left[i] ?? '') < (right[i] ?? '') ? -1 : 1;
  }
  return left.length - right.length;
}

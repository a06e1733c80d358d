import type { Engine } from '../engine.ts';
import { RcxError } from '../errors.ts';
import { type ByteString, readable } from '../layer/errors.ts';
import { native, type TreeEntry, type UnionTree } from '../native/index.ts';
import { toRcxError } from '../store/nativeError.ts';
import { findContainer } from './heal.ts';

/** Something that a container has changed of its root: added, changed or deleted. */
export interface Change {
  kind: 'A' | 'C' | 'D';
  /** Absolute. */
  path: string;
}

/**
 * What a container has changed, in the order of paths. A directory counts as changed when something in it is, as with Docker.
 * @param text name or id
 * @throws ERR_RCX_CONTAINER_NOT_FOUND, ERR_RCX_UNSUPPORTED for a container without layers, ERR_RCX_LAYER_READ
 */
export async function diffContainer(engine: Engine, text: string): Promise<Change[]> {
  const { config } = await findContainer(engine, text);
  const { overlay } = config.request.rcx;
  if (overlay === undefined) {
    throw new RcxError(`compare ${config.name} with its image: it runs in a directory and has none`, {
      code: 'ERR_RCX_UNSUPPORTED',
      step: 'compare with the image',
      path: config.name,
    });
  }
  try {
    return diffLayers(overlay.upper, overlay.lower);
  } catch (error) {
    throw toRcxError(error, 'ERR_RCX_LAYER_READ');
  }
}

/**
 * What a read-write layer changes of the layers below it.
 * @param lower topmost first
 * @throws the addon's errors
 */
export function diffLayers(upper: string, lower: readonly string[]): Change[] {
  const diff = new Diff(native().UnionTree.open([...lower]));
  const reader = native().TreeReader.open([upper], false);
  try {
    for (let entry = reader.next(); entry !== null; entry = reader.next()) diff.add(entry);
  } finally {
    reader.close();
  }
  return diff.changes;
}

/** Gets the entries of a read-write layer in the order of their paths. */
class Diff {
  readonly changes: Change[] = [];
  readonly #lower: UnionTree;
  /** Directories on the way to the current entry that are there below and were not told yet. */
  #untold: ByteString[] = [];
  /** Paths of directories that hide what is below them. */
  #hiding: ByteString[] = [];
  /** Where in the list the names are that such directories hid. */
  readonly #deleted = new Map<ByteString, number>();

  constructor(lower: UnionTree) {
    this.#lower = lower;
  }

  add(entry: TreeEntry): void {
    const { path, kind } = entry;
    // The root itself is always there.
    if (path === '') return;
    this.#untold = this.#untold.filter((above) => path.startsWith(`${above}/`));
    const below = this.#below(path);
    if (kind === 'whiteout') {
      if (below !== null) this.#tell('D', path);
    } else if (kind === 'directory' && below?.kind === 'directory') {
      this.#untold.push(path);
      if (entry.opaque) this.#hide(path);
      else if (!hasSameAttributes(entry, below)) this.#tellUntold();
    } else {
      this.#tell(below === null ? 'A' : 'C', path);
    }
  }

  /** A directory that was removed and made again: what was in it is deleted unless it is there again. */
  #hide(path: ByteString): void {
    this.#hiding.push(path);
    this.#tellUntold();
    for (const name of this.#lower.names(path)) {
      this.#deleted.set(`${path}/${name}`, this.changes.length);
      this.changes.push({ kind: 'D', path: `/${readable(`${path}/${name}`)}` });
    }
  }

  /** What the layers below have at a path, unless a directory of this layer hides it. */
  #below(path: ByteString): TreeEntry | null {
    return this.#hiding.some((above) => path.startsWith(`${above}/`)) ? null : this.#lower.find(path);
  }

  #tell(kind: Change['kind'], path: ByteString): void {
    this.#tellUntold();
    const change: Change = { kind, path: `/${readable(path)}` };
    const deleted = this.#deleted.get(path);
    // It was removed with its directory, and is there again.
    if (deleted !== undefined) this.changes[deleted] = { ...change, kind: 'C' };
    else this.changes.push(change);
  }

  #tellUntold(): void {
    const paths = this.#untold;
    this.#untold = [];
    for (const path of paths) this.changes.push({ kind: 'C', path: `/${readable(path)}` });
  }
}

function hasSameAttributes(one: TreeEntry, other: TreeEntry): boolean {
  return (
    one.mode === other.mode &&
    one.uid === other.uid &&
    one.gid === other.gid &&
    one.mtime === other.mtime &&
    one.mtimeNsec === other.mtimeNsec
  );
}

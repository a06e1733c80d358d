import type { Engine } from '../engine.ts';
import { RcxError } from '../errors.ts';
import type { ByteString } from '../layer/errors.ts';
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
  await engine.enter();
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
  readonly #lower: UnionTree;
  readonly #kinds = new Map<ByteString, Change['kind']>();
  /** Directories on the way to the current entry that are there below and were not told yet. */
  #untold: ByteString[] = [];
  /** Directories on the way to the current entry that hide what is in them below. */
  #hiding: ByteString[] = [];

  constructor(lower: UnionTree) {
    this.#lower = lower;
  }

  /** In the order of paths, a directory before what is in it. */
  get changes(): Change[] {
    const key = (path: ByteString) => path.replaceAll('/', '\0');
    const all = [...this.#kinds].map(([path, kind]) => ({ key: key(path), kind, path }));
    all.sort((one, other) => (one.key < other.key ? -1 : 1));
    return all.map(({ kind, path }) => ({ kind, path: `/${Buffer.from(path, 'latin1').toString('utf8')}` }));
  }

  add(entry: TreeEntry): void {
    const { path, kind } = entry;
    // The root itself is always there.
    if (path === '') return;
    const isAbove = (directory: ByteString) => path.startsWith(`${directory}/`);
    this.#untold = this.#untold.filter(isAbove);
    this.#hiding = this.#hiding.filter(isAbove);
    const isHidden = this.#hiding.length > 0;
    const below = this.#lower.find(path);
    if (kind === 'whiteout') {
      if (below !== null && !isHidden) this.#tell('D', path);
    } else if (kind === 'directory' && below?.kind === 'directory') {
      this.#untold.push(path);
      if (entry.opaque || isHidden) this.#hide(path);
      else if (!hasSameAttributes(entry, below)) this.#tellUntold();
    } else {
      this.#tell(below === null ? 'A' : 'C', path);
    }
  }

  /** A directory that was removed and made again: what was in it is deleted unless it comes again. */
  #hide(path: ByteString): void {
    this.#tellUntold();
    this.#hiding.push(path);
    for (const name of this.#lower.names(path)) this.#kinds.set(`${path}/${name}`, 'D');
  }

  #tell(kind: Change['kind'], path: ByteString): void {
    this.#tellUntold();
    this.#kinds.set(path, kind);
  }

  #tellUntold(): void {
    for (const path of this.#untold) this.#kinds.set(path, 'C');
    this.#untold = [];
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

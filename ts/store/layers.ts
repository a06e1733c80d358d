import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { RcxError } from '../errors.ts';
import { native, runtimePath } from '../native/index.ts';
import { type Digest, hexOf } from '../oci/digest.ts';
import { writeFileAtomic } from './atomic.ts';
import { bootId } from './boot.ts';
import { lockPath, withLock } from './lock.ts';
import { fileFailure, toRcxError } from './nativeError.ts';
import type { StorePaths } from './paths.ts';
import { discard, temporaryDirectory } from './temporary.ts';

/** `layer.json`: what is known of a layer beside its tree. */
export interface LayerInfo {
  diffId: Digest;
  /** Bytes of file content. */
  size: number;
  /** Entries of the archive. */
  entries: number;
  /** It hides all layers below it: overlay does not look for the opaque mark on a layer's root. */
  opaqueRoot?: boolean;
  /** Names in the tree and bytes of its files, holes included: whether they still are there is quickly seen. */
  tree?: { entries: number; bytes: number };
  /**
   * Directories, as byte strings, that the layer has for what is in them only: their owner and mode are those that the layers
   * below say.
   */
  implied?: string[];
  /** The boot in which it was made: see {@link LayerStore.has}. */
  boot: string;
}

/** What only whoever makes a layer can know of it. */
export type MadeLayer = Pick<LayerInfo, 'size' | 'entries' | 'opaqueRoot' | 'tree' | 'implied'>;

export interface CreateLayerOptions {
  signal?: AbortSignal | undefined;
  /** Called once if another process or pull is making the same layer. */
  onWait?: () => void;
}

/** Written by `rcx-runtime flush` and the addon, see `crates/core/src/store.rs`. */
const FLUSHED = 'flushed';

/**
 * The unpacked layers, each a directory `layers/<hex of the diff ID>` with `diff/`, the record `layer.json` and, as soon as
 * all of it is on the disk, the mark `flushed`.
 */
export class LayerStore {
  readonly #paths: StorePaths;
  /** By the path of the tree, from the records that were read: a start has no time to read them twice. */
  readonly #implied = new Map<string, readonly string[]>();

  constructor(paths: StorePaths) {
    this.#paths = paths;
  }

  /**
   * Whether the layer is there and whole. Waiting for the disk would double the time of a pull, so a layer is used before it
   * is flushed; one that was not flushed when the machine went down may lack anything, and counts as missing ever after.
   */
  has(diffId: Digest): boolean {
    const info = this.#record(diffId);
    return info !== undefined && this.#survived(info);
  }

  /** What there is of a layer; `unflushed` is one that was not completely on the disk when the machine went down. */
  state(diffId: Digest): 'whole' | 'missing' | 'unrecorded' | 'unflushed' {
    const info = this.#record(diffId);
    if (info === undefined) return existsSync(this.#directory(diffId)) ? 'unrecorded' : 'missing';
    return this.#survived(info) ? 'whole' : 'unflushed';
  }

  /** The layer's tree, for use as a lower directory of an overlay. */
  path(diffId: Digest): string {
    return join(this.#directory(diffId), 'diff');
  }

  /** @throws ERR_RCX_LAYER_NOT_FOUND */
  info(diffId: Digest): LayerInfo {
    const info = this.#record(diffId);
    if (info !== undefined && this.#survived(info)) return info;
    const why = info === undefined ? 'not in the store' : 'not completely on the disk when the machine went down';
    throw new RcxError(`read layer ${diffId}: ${why}`, {
      code: 'ERR_RCX_LAYER_NOT_FOUND',
      step: 'read layer',
      path: this.#directory(diffId),
      hint: 'pull the image again',
    });
  }

  /**
   * The trees of an image, topmost first, as overlay's `lowerdir` wants them. A layer that hides everything below ends
   * the list. One that comes again further down, as empty ones do, is left out there: overlay refuses a directory twice, and
   * all that it could show is shown by the upper one.
   * @param diffIds base layer first, as in the image's config
   */
  lowerDirectories(diffIds: readonly Digest[]): string[] {
    const paths: string[] = [];
    for (const diffId of [...diffIds].reverse()) {
      const path = this.path(diffId);
      if (!paths.includes(path)) paths.push(path);
      const { implied = [], opaqueRoot } = this.info(diffId);
      this.#implied.set(path, implied);
      if (opaqueRoot === true) break;
    }
    return paths;
  }

  /** The {@link LayerInfo.implied} directories of a layer, by the path of its tree. */
  impliedIn(tree: string): readonly string[] {
    return this.#implied.get(tree) ?? this.#recordIn(dirname(tree))?.implied ?? [];
  }

  /**
   * Makes a layer unless it is there: `fill` writes into an empty directory, which becomes visible in one step when it
   * returns. Of several makers of one layer, in any process, one works and the others wait for it.
   */
  async create(
    diffId: Digest,
    fill: (directory: string) => Promise<MadeLayer>,
    options: CreateLayerOptions = {},
  ): Promise<LayerInfo> {
    if (this.has(diffId)) return this.info(diffId);
    const make = async () => (this.has(diffId) ? this.info(diffId) : await this.#make(diffId, fill));
    return await withLock(lockPath(this.#paths, `layer-${hexOf(diffId)}`), make, options);
  }

  /** Makes a layer anew, whatever there is of it; that goes when the new one is whole. Nothing may be using it. */
  async replace(
    diffId: Digest,
    fill: (directory: string) => Promise<MadeLayer>,
    options: CreateLayerOptions = {},
  ): Promise<LayerInfo> {
    return await withLock(lockPath(this.#paths, `layer-${hexOf(diffId)}`), () => this.#make(diffId, fill), options);
  }

  async #make(diffId: Digest, fill: (directory: string) => Promise<MadeLayer>): Promise<LayerInfo> {
    const temporary = temporaryDirectory(this.#paths.layers);
    try {
      const diff = join(temporary.path, 'diff');
      explained(diff, () => mkdirSync(diff, { mode: 0o755 }));
      const info = { diffId, ...(await fill(diff)), boot: bootId() };
      const record = join(temporary.path, 'layer.json');
      explained(record, () => writeFileAtomic(record, `${JSON.stringify(info)}\n`));
      // Without its record it is not a layer, whatever left it there.
      await this.remove(diffId);
      explained(this.#directory(diffId), () => renameSync(temporary.path, this.#directory(diffId)));
      return info;
    } finally {
      await temporary.dispose();
    }
  }

  /** Removes a layer that nothing uses; it disappears in one step. */
  async remove(diffId: Digest): Promise<void> {
    this.#implied.delete(this.path(diffId));
    await discard(this.#directory(diffId));
  }

  /** Waits until layers are on the disk; for those that cannot be pulled again. */
  async flush(diffIds: readonly Digest[]): Promise<void> {
    try {
      await native().flushLayers(this.#paths.layers, this.#unflushed(diffIds).map(hexOf));
    } catch (error) {
      throw toRcxError(error, 'ERR_RCX_FLUSH');
    }
  }

  /** Has layers flushed by a process of its own, which may outlive this one. */
  flushLater(diffIds: readonly Digest[]): void {
    const names = this.#unflushed(diffIds).map(hexOf);
    if (names.length === 0) return;
    const child = spawn(runtimePath(), ['flush', this.#paths.layers, ...names], { detached: true, stdio: 'ignore' });
    // Layers that stay without their mark are as good as others until the machine goes down.
    child.on('error', () => undefined);
    child.unref();
  }

  #unflushed(diffIds: readonly Digest[]): Digest[] {
    return [...new Set(diffIds)].filter((diffId) => !existsSync(join(this.#directory(diffId), FLUSHED)));
  }

  #survived({ diffId, boot }: LayerInfo): boolean {
    return boot === bootId() || existsSync(join(this.#directory(diffId), FLUSHED));
  }

  #record(diffId: Digest): LayerInfo | undefined {
    const info = this.#recordIn(this.#directory(diffId));
    return info?.diffId === diffId ? info : undefined;
  }

  /** A record that cannot be read is none: its layer is made again. */
  #recordIn(directory: string): LayerInfo | undefined {
    try {
      return (JSON.parse(readFileSync(join(directory, 'layer.json'), 'utf8')) as LayerInfo | null) ?? undefined;
    } catch (error) {
      if (error instanceof SyntaxError || toRcxError(error, 'ERR_RCX_STORE').errno === 'ENOENT') return undefined;
      throw toRcxError(error, 'ERR_RCX_STORE');
    }
  }

  #directory(diffId: Digest): string {
    return join(this.#paths.layers, hexOf(diffId));
  }
}

function explained(path: string, body: () => void): void {
  try {
    body();
  } catch (error) {
    throw fileFailure('make a layer', path, error);
  }
}

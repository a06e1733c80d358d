import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { RcxError } from '../errors.ts';
import { native } from '../native/index.ts';
import { type Digest, hexOf } from '../oci/digest.ts';
import { writeFileAtomic } from './atomic.ts';
import { lockPath, withLock } from './lock.ts';
import { toRcxError } from './nativeError.ts';
import type { StorePaths } from './paths.ts';
import { temporaryDirectory } from './temporary.ts';

/** `layer.json`: what is known of a layer beside its tree. */
export interface LayerInfo {
  diffId: Digest;
  /** Bytes of file content. */
  size: number;
  /** Entries of the archive. */
  entries: number;
  /** It hides all layers below it: overlay does not look for the opaque mark on a layer's root. */
  opaqueRoot?: boolean;
}

export interface CreateLayerOptions {
  signal?: AbortSignal | undefined;
  /** Called once if another process or pull is making the same layer. */
  onWait?: () => void;
}

/** The unpacked layers, each a directory `layers/<hex of the diff ID>` with `diff/` and `layer.json`. */
export class LayerStore {
  readonly #paths: StorePaths;

  constructor(paths: StorePaths) {
    this.#paths = paths;
  }

  has(diffId: Digest): boolean {
    return existsSync(join(this.#directory(diffId), 'layer.json'));
  }

  /** The layer's tree, for use as a lower directory of an overlay. */
  path(diffId: Digest): string {
    return join(this.#directory(diffId), 'diff');
  }

  /** @throws ERR_RCX_LAYER_NOT_FOUND */
  info(diffId: Digest): LayerInfo {
    const path = join(this.#directory(diffId), 'layer.json');
    try {
      return JSON.parse(readFileSync(path, 'utf8')) as LayerInfo;
    } catch (cause) {
      throw new RcxError(`read layer ${diffId}: ${path}: missing or damaged`, {
        code: 'ERR_RCX_LAYER_NOT_FOUND',
        step: 'read layer',
        path,
        hint: 'pull the image again',
        cause,
      });
    }
  }

  /**
   * The trees of an image, topmost first, as overlay's `lowerdir` wants them. A layer that hides everything below ends
   * the list.
   * @param diffIds base layer first, as in the image's config
   */
  lowerDirectories(diffIds: readonly Digest[]): string[] {
    const paths: string[] = [];
    for (const diffId of [...diffIds].reverse()) {
      paths.push(this.path(diffId));
      if (this.info(diffId).opaqueRoot === true) break;
    }
    return paths;
  }

  /**
   * Makes a layer unless it is there: `fill` writes into an empty directory, which becomes visible in one step when it
   * returns. Of several makers of one layer, in any process, one works and the others wait for it.
   */
  async create(
    diffId: Digest,
    fill: (directory: string) => Promise<Omit<LayerInfo, 'diffId'>>,
    options: CreateLayerOptions = {},
  ): Promise<LayerInfo> {
    if (this.has(diffId)) return this.info(diffId);
    const make = async () => (this.has(diffId) ? this.info(diffId) : await this.#make(diffId, fill));
    return await withLock(lockPath(this.#paths, `layer-${hexOf(diffId)}`), make, options);
  }

  async #make(diffId: Digest, fill: (directory: string) => Promise<Omit<LayerInfo, 'diffId'>>): Promise<LayerInfo> {
    const temporary = temporaryDirectory(this.#paths.layers);
    try {
      const diff = join(temporary.path, 'diff');
      mkdirSync(diff, { mode: 0o755 });
      const info = { diffId, ...(await fill(diff)) };
      writeFileAtomic(join(temporary.path, 'layer.json'), `${JSON.stringify(info)}\n`);
      // Without its record it is not a layer, whatever left it there.
      await this.remove(diffId);
      renameSync(temporary.path, this.#directory(diffId));
      return info;
    } finally {
      await temporary.dispose();
    }
  }

  /** Removes a layer that nothing uses; it disappears in one step. */
  async remove(diffId: Digest): Promise<void> {
    if (!existsSync(this.#directory(diffId))) return;
    const temporary = temporaryDirectory(this.#paths.layers);
    try {
      renameSync(this.#directory(diffId), join(temporary.path, 'removed'));
    } catch (error) {
      throw toRcxError(error, 'ERR_RCX_STORE');
    } finally {
      await temporary.dispose();
    }
  }

  /** Flushes what was written to the store's file system to the disk, once for any number of layers and blobs. */
  async sync(): Promise<void> {
    try {
      await native().syncFilesystem(this.#paths.layers);
    } catch (error) {
      throw toRcxError(error, 'ERR_RCX_STORE');
    }
  }

  #directory(diffId: Digest): string {
    return join(this.#paths.layers, hexOf(diffId));
  }
}

import { join } from 'node:path';
import { isActive } from '../../container/remove.ts';
import type { Engine } from '../../engine.ts';
import { isRcxError } from '../../errors.ts';
import { unpackAgain } from '../../image/storedBlob.ts';
import { LayerPool } from '../../layer/pool.ts';
import { type Digest, hexOf } from '../../oci/digest.ts';
import type { Descriptor } from '../../oci/types.ts';
import type { Problem } from '../../store/check/findings.ts';
import type { BlobMender } from './blobs.ts';
import type { Tell } from './report.ts';

type LayerProblem = Problem & { kind: 'layer' };

/** Makes layers' trees again from their blobs. */
export class LayerMender {
  readonly #engine: Engine;
  readonly #blobs: BlobMender;
  readonly #signal: AbortSignal;
  readonly #tell: Tell;
  readonly #pool = new LayerPool();
  /** Layers that something is wrong with, until something was done about it. */
  readonly #broken: Map<Digest, LayerProblem>;
  readonly #made: Digest[] = [];

  constructor(engine: Engine, blobs: BlobMender, problems: readonly Problem[], signal: AbortSignal, tell: Tell) {
    this.#engine = engine;
    this.#blobs = blobs;
    this.#signal = signal;
    this.#tell = tell;
    const layers = problems.filter((each): each is LayerProblem => each.kind === 'layer');
    this.#broken = new Map(layers.map((each) => [each.diffId, each]));
  }

  /** Makes a layer that an image needs, if something is wrong with it; what may not be touched is left for another time. */
  async mend(diffId: Digest, blob: Descriptor): Promise<void> {
    const { layers } = this.#engine;
    // Of an image whose documents were missing nobody could tell which layers it needs.
    const isBroken = this.#broken.has(diffId) || layers.state(diffId) !== 'whole';
    if (!isBroken || !this.#blobs.isWhole(blob.digest)) return;
    const user = this.#runningUser(diffId);
    this.#broken.delete(diffId);
    if (user !== undefined) {
      const advice = `end it with: rcx rm -f ${user}, then repair again`;
      this.#tell('failed', `layer ${diffId}: the container ${user} has it as its root; ${advice}`);
      return;
    }
    try {
      const file = { path: this.#blobs.blobs.path(blob.digest), size: blob.size };
      await unpackAgain({ layers, pool: this.#pool, signal: this.#signal }, file, diffId);
      this.#made.push(diffId);
      this.#tell('repaired', `layer ${diffId}: made again from blob ${blob.digest}`);
    } catch (error) {
      this.#signal.throwIfAborted();
      if (!isRcxError(error)) throw error;
      this.#tell('failed', `layer ${diffId}: ${error.message}${error.hint === undefined ? '' : `; ${error.hint}`}`);
    }
  }

  /** Removes what nothing needs, and tells of what cannot be made again. */
  async finish(): Promise<void> {
    for (const { diffId, images, containers } of this.#broken.values()) {
      const users = [...images, ...containers.map((name) => `container ${name}`)];
      if (users.length > 0) {
        this.#tell('lost', `layer ${diffId}: needed by ${users.join(', ')}: there is no blob to make it from`);
        continue;
      }
      await this.#engine.layers.remove(diffId);
      this.#tell('removed', `layer ${diffId}: ${join(this.#engine.paths.layers, hexOf(diffId))}: nothing needs it`);
    }
    this.#engine.layers.flushLater(this.#made);
  }

  async close(): Promise<void> {
    await this.#pool.close();
  }

  /** A container that has the layer mounted, or is about to: a tree may not change under it. */
  #runningUser(diffId: Digest): string | undefined {
    const users = this.#engine.containers.list().filter(({ config }) => config.diffIds.includes(diffId));
    return users.find(isActive)?.config.name;
  }
}

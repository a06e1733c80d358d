import { mkdtempSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type PullOptions, pull } from '../../ts/image/pull.ts';
import type { ImageSource } from '../../ts/image/source.ts';
import { parseReference } from '../../ts/oci/reference.ts';
import { BlobStore } from '../../ts/store/blobs.ts';
import { ImageStore, type StoredImage } from '../../ts/store/images.ts';
import { LayerStore } from '../../ts/store/layers.ts';
import { type StorePaths, storePaths } from '../../ts/store/paths.ts';

/** A store of its own, with everything that reads it. */
export class TestStore {
  readonly paths: StorePaths;
  readonly images: ImageStore;
  readonly layers: LayerStore;
  readonly blobs: BlobStore;

  constructor(root: string) {
    this.paths = storePaths({ RCX_ROOT: root, RCX_RUN: join(root, 'run') });
    this.images = new ImageStore(this.paths);
    this.layers = new LayerStore(this.paths);
    this.blobs = new BlobStore(this.paths);
  }

  pull(registry: ImageSource, name: string, options: PullOptions = {}): Promise<StoredImage> {
    return pull({ paths: this.paths, registry }, parseReference(name), options);
  }

  /** What is in the store's own directories, without locks; layers and blobs by the start of their names. */
  content(): { layers: string[]; images: string[]; blobs: string[] } {
    const list = (...path: string[]) => {
      try {
        return readdirSync(join(this.paths.root, ...path)).sort();
      } catch {
        return [];
      }
    };
    return { layers: list('layers'), images: list('images'), blobs: list('images', 'blobs', 'sha256') };
  }
}

/** A store in a new directory below `scratch`. */
export function newTestStore(scratch: string): TestStore {
  return new TestStore(mkdtempSync(join(scratch, 'store-')));
}

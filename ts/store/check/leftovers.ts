import { join } from 'node:path';
import type { ContainerStore } from '../../container/store.ts';
import { hexOf } from '../../oci/digest.ts';
import { BlobStore } from '../blobs.ts';
import { measure } from '../diskSpace.ts';
import { type InUse, listTemporaries } from '../gc.ts';
import { LayerStore } from '../layers.ts';
import { listBlobs, listLayers } from '../listing.ts';
import type { StorePaths } from '../paths.ts';
import type { Leftover } from './findings.ts';

/** What killed commands have left in the store, but for content. */
export function findLeftovers(paths: StorePaths, containers: ContainerStore): Leftover[] {
  const temporaries = listTemporaries(paths).map(
    (path): Leftover => ({ kind: 'temporary', message: `temporary: ${path}: its maker is gone`, path }),
  );
  const links = containers.abandonedNames().map((name): Leftover => {
    const path = join(containers.folder('.names'), name);
    return { kind: 'name', message: `name: ${path}: it leads to no container`, path };
  });
  return [...temporaries, ...links];
}

/** Blobs and layers that nothing refers to, together; a pull that is under way may be about to. */
export async function findUnusedContent(paths: StorePaths, used: InUse): Promise<Leftover[]> {
  if (used.unreadable.length > 0) return [];
  const [blobStore, layerStore] = [new BlobStore(paths), new LayerStore(paths)];
  const blobs = listBlobs(paths).filter((digest) => !used.blobs.has(digest));
  const layers = listLayers(paths).filter((id) => !used.diffIds.has(id) && layerStore.state(id) === 'whole');
  if (blobs.length + layers.length === 0) return [];
  const places = [
    ...blobs.map((digest) => blobStore.path(digest)),
    ...layers.map((id) => join(paths.layers, hexOf(id))),
  ];
  const sizes = await Promise.all(places.map(async (path) => (await measure(path)).disk));
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  const what = `${blobs.length} blobs and ${layers.length} layers, ${bytes} bytes`;
  const advice = 'a pull may use them, rcx image prune removes them';
  return [{ kind: 'content', message: `content: ${paths.root}: no image has ${what}; ${advice}`, path: paths.root }];
}

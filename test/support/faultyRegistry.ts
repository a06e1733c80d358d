import { randomBytes } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { Engine } from '../../ts/engine.ts';
import { type PushedImage as PushResult, pushImage as push } from '../../ts/image/push.ts';
import { parseReference } from '../../ts/oci/reference.ts';
import type { Descriptor } from '../../ts/oci/types.ts';
import type { Registry } from '../../ts/registry/index.ts';
import type { StoredImage } from '../../ts/store/images.ts';
import { testClient } from './client.ts';
import { FaultProxy } from './faultProxy.ts';
import { LayoutSource } from './layoutSource.ts';
import { type WrittenLayout, writeLayout } from './layoutWriter.ts';
import { newTestStore, type TestStore } from './pulling.ts';
import { startRegistry, type TestRegistry } from './registry.ts';
import { TarBuilder } from './tarBuilder.ts';
import { readTree, type Tree, type TreeEntry } from './tree.ts';
import { unpackInto } from './unpacking.ts';

/** Layers that do something to each other; the first one takes a while to transfer. */
export const ARCHIVES = [
  new TarBuilder().directory('d').file('d/large', randomBytes(3_000_000)).file('d/gone', 'x').build(),
  new TarBuilder().directory('d').file('d/.wh.gone').file('d/small', randomBytes(200_000), { mode: 0o4711 }).build(),
  new TarBuilder().symlink('l', 'd/small').file('tiny', 'tiny').build(),
];

/** A real registry, and a way to it on which things go wrong. */
export class FaultyRegistry {
  readonly registry: TestRegistry;
  readonly proxy: FaultProxy;

  private constructor(registry: TestRegistry, proxy: FaultProxy) {
    this.registry = registry;
    this.proxy = proxy;
  }

  static async start(): Promise<FaultyRegistry> {
    const registry = await startRegistry();
    return new FaultyRegistry(registry, await new FaultProxy(registry.host).start());
  }

  async close(): Promise<void> {
    await this.proxy.close();
    await this.registry.close();
  }

  /** Name of an image as it is asked for by way of the proxy. */
  name(repository: string, tag = 'latest'): string {
    return `${this.proxy.host}/${repository}:${tag}`;
  }
}

/** The first line of a request for a blob. */
export const getBlob = ({ digest }: Descriptor) => new RegExp(`^GET /v2/.*/blobs/${digest}$`);
export const GET_MANIFEST = /^GET \/v2\/.*\/manifests\//;
/** The request that ends the upload of a blob. */
export const putBlob = ({ digest }: Descriptor) =>
  new RegExp(`^PUT /v2/.*/blobs/uploads/.*digest=${encodeURIComponent(digest)}`);
export const PUT_MANIFEST = /^PUT \/v2\/.*\/manifests\//;

/** A new store that has an image under that name, which no registry has yet. */
export async function storeWithImage(
  scratch: string,
  name: string,
  archives: readonly Buffer[] = ARCHIVES,
): Promise<{ store: TestStore; image: WrittenLayout }> {
  const layout = mkdtempSync(join(scratch, 'layout-'));
  const image = writeLayout(layout, archives);
  const store = newTestStore(scratch);
  await store.pull(new LayoutSource(layout), name);
  return { store, image };
}

/** Pushes an image of a store; with a client for one test, unless another is given. */
export async function pushFrom(store: TestStore, name: string, client: Registry = testClient()): Promise<PushResult> {
  class TestEngine extends Engine {
    override async registry(): Promise<Registry> {
      return client;
    }
  }
  const engine = new TestEngine({ root: store.paths.root, run: store.paths.run });
  return await push(engine, parseReference(name));
}

/** Trees of an image's layers, base first. */
export function layerTrees(store: TestStore, { diffIds }: StoredImage): Tree[] {
  return diffIds.map((diffId) => comparable(readTree(store.layers.path(diffId))));
}

/** The trees that the layers of an image must be. */
export async function treesOf(scratch: string, archives: readonly Buffer[] = ARCHIVES): Promise<Tree[]> {
  const trees: Tree[] = [];
  for (const archive of archives) trees.push(comparable((await unpackInto(scratch, archive)).tree));
  return trees;
}

/** A whiteout is dated to when it was made. */
function comparable(tree: Tree): Tree {
  const isWhiteout = ({ type, device }: TreeEntry) => type === 'character' && device === '0:0';
  const entries = Object.entries(tree).map(([path, entry]) => [
    path,
    isWhiteout(entry) ? { ...entry, mtime: '' } : entry,
  ]);
  return Object.fromEntries(entries);
}

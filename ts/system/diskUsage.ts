import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { listContainers } from '../container/heal.ts';
import { type ContainerStatus, isUp, statusOf } from '../container/status.ts';
import type { StoredContainer } from '../container/store.ts';
import type { Engine } from '../engine.ts';
import { findInUse, imagesOfContainers, layersOf } from '../image/inUse.ts';
import { type ImageRow, listImages } from '../image/list.ts';
import { hexOf } from '../oci/digest.ts';
import { BlobStore } from '../store/blobs.ts';
import { type Content, contentOf } from '../store/content.ts';
import { measure } from '../store/diskSpace.ts';
import { listBlobs, listLayers } from '../store/listing.ts';
import type { Volume } from '../volume/record.ts';
import { VolumeStore } from '../volume/store.ts';
import { VolumeUsers } from '../volume/users.ts';

/** What an image takes on the disk: its blobs and its layers' trees. Sizes are bytes of the file system's blocks. */
export interface ImageUsage extends ImageRow {
  size: number;
  /** The part that other images have in common with it. */
  shared: number;
  unique: number;
  /** Containers that were made from it. */
  containers: number;
}

/** What a container's read-write layer takes. */
export interface ContainerUsage extends StoredContainer {
  status: ContainerStatus;
  size: number;
  /** It runs. */
  active: boolean;
}

/** What a volume takes; one with options of its driver, whose content is elsewhere, takes nothing. */
export interface VolumeUsage extends Volume {
  size: number;
  /** Containers that have it. */
  links: number;
}

/** What the store takes on the disk. */
export interface DiskUsage {
  /** Each under its first name, newest first. */
  images: ImageUsage[];
  /** All blobs and layers, those that no image has included. */
  imageSpace: number;
  /** What `image prune -a` gives back. */
  imageReclaimable: number;
  containers: ContainerUsage[];
  volumes: VolumeUsage[];
}

/** Bytes by what they are: `blob sha256:…`, `layer sha256:…`. */
type Sizes = Map<string, number>;

/** Counts what the store takes, from the disk. @throws ERR_RCX_MEASURE, ERR_RCX_STORE_DAMAGED */
export async function diskUsage(engine: Engine): Promise<DiskUsage> {
  await engine.enter();
  const stored = await listContainers(engine);
  const sizes = await sizesOf(engine);
  const total = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  return {
    images: imageUsages(engine, sizes),
    imageSpace: total,
    imageReclaimable: total - pinned(engine, sizes, total),
    containers: await Promise.all(stored.map(containerUsage)),
    volumes: await volumeUsages(engine),
  };
}

async function sizesOf({ paths }: Engine): Promise<Sizes> {
  const blobs = new BlobStore(paths);
  const places = [
    ...listBlobs(paths).map((digest): [string, string] => [`blob ${digest}`, blobs.path(digest)]),
    ...listLayers(paths).map((diffId): [string, string] => [`layer ${diffId}`, join(paths.layers, hexOf(diffId))]),
  ];
  return new Map(
    await Promise.all(places.map(async ([key, path]): Promise<[string, number]> => [key, (await measure(path)).disk])),
  );
}

function keysOf({ blobs, diffIds }: Content): Set<string> {
  return new Set([...blobs.map((digest) => `blob ${digest}`), ...diffIds.map((diffId) => `layer ${diffId}`)]);
}

function sum(sizes: Sizes, keys: Iterable<string>): number {
  return [...keys].reduce((total, key) => total + (sizes.get(key) ?? 0), 0);
}

function imageUsages(engine: Engine, sizes: Sizes): ImageUsage[] {
  const blobs = new BlobStore(engine.paths);
  const users = engine.containers.configs().flatMap(({ config }) => config?.imageId ?? []);
  const rows = listImages(engine.images.list());
  const firstRows = rows.filter((row, at) => rows.findIndex(({ image }) => image === row.image) === at);
  const images = firstRows.map((row) => ({ row, keys: keysOf(contentOf(blobs, row.image.manifest)) }));
  const counts = new Map<string, number>();
  for (const key of images.flatMap(({ keys }) => [...keys])) counts.set(key, (counts.get(key) ?? 0) + 1);
  return images.map(({ row, keys }) => {
    const common = [...keys].filter((key) => (counts.get(key) ?? 0) > 1);
    const [size, shared] = [sum(sizes, keys), sum(sizes, common)];
    const containers = users.filter((id) => id === row.image.id).length;
    return { ...row, size, shared, unique: size - shared, containers };
  });
}

/** Bytes that containers need. What a record may need that cannot be read is not removed, so nothing can be promised. */
function pinned(engine: Engine, sizes: Sizes, total: number): number {
  if (findInUse(engine).unreadable.length > 0) return total;
  const blobs = new BlobStore(engine.paths);
  const used = imagesOfContainers(engine);
  const images = engine.images.list().filter(({ id }) => used.has(id));
  const layers = engine.containers.configs().flatMap(({ config }) => (config === undefined ? [] : layersOf(config)));
  const keys = images.flatMap(({ manifest }) => [...keysOf(contentOf(blobs, manifest))]);
  return sum(sizes, new Set([...keys, ...keysOf({ blobs: [], diffIds: layers })]));
}

async function volumeUsages({ paths, containers }: Engine): Promise<VolumeUsage[]> {
  const users = new VolumeUsers(containers);
  const usage = async (volume: Volume) => {
    const { disk } = await measure(volume.mountpoint);
    // The directory itself is there before anything is written.
    const root = lstatSync(volume.mountpoint, { throwIfNoEntry: false })?.blocks ?? 0;
    return { ...volume, size: Math.max(0, disk - root * 512), links: users.of(volume.name).length };
  };
  return await Promise.all(new VolumeStore(paths).list().map(usage));
}

async function containerUsage(container: StoredContainer): Promise<ContainerUsage> {
  const upper = container.config.request.rcx.overlay?.upper;
  const status = statusOf(container);
  const active = isUp(status);
  if (upper === undefined) return { ...container, status, size: 0, active };
  const { disk } = await measure(upper);
  // The root itself is there before anything is written.
  const root = lstatSync(upper, { throwIfNoEntry: false })?.blocks ?? 0;
  return { ...container, status, size: Math.max(0, disk - root * 512), active };
}

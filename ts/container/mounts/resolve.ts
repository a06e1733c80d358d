import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Engine } from '../../engine.ts';
import { RcxError } from '../../errors.ts';
import type { ExecutionConfig } from '../../oci/types.ts';
import { fileFailure } from '../../store/nativeError.ts';
import { randomHex } from '../../store/random.ts';
import { driverMount } from '../../volume/driverOptions.ts';
import { ANONYMOUS, type Volume } from '../../volume/record.ts';
import { removeAnonymous } from '../../volume/remove.ts';
import { VolumeStore } from '../../volume/store.ts';
import type { ContainerMount, ContainerOptions } from '../options.ts';
import { refuseOverProc } from '../spec/overProc.ts';
import { imageMount } from './images.ts';
import { checkTarget } from './invalid.ts';
import { askedMounts } from './point.ts';
import type { ResolvedMount, ResolvedMounts } from './resolved.ts';
import { bindMount, checkMount, tmpfsMount, volumeMount } from './single.ts';
import { isUnnamedFlag } from './unnamed.ts';
import { mountsFrom } from './volumesFrom.ts';

/** What the mounts of a container come from. */
export interface MountsInput {
  /** The container's folder. */
  folder: string;
  options: ContainerOptions;
  /** Its `Volumes` are those of the image, and those of `-v /path`. */
  execution: ExecutionConfig;
  /** Its ids are others on the host. */
  hasUserNamespace: boolean;
}

/**
 * Finds or makes all that is to be mounted in a new container. Everything is checked before anything is made.
 * @returns what has to be given to {@link releaseMounts} or {@link abandonMounts}
 * @throws ERR_RCX_INVALID_MOUNT, ERR_RCX_CONTAINER_NOT_FOUND, ERR_RCX_IMAGE_NOT_FOUND, ERR_RCX_VOLUME_CONFLICT, ERR_RCX_STORE
 */
export async function resolveMounts(engine: Engine, input: MountsInput): Promise<ResolvedMounts> {
  const { options, execution, folder, hasUserNamespace } = input;
  const volumesFrom = options.volumesFrom ?? [];
  const asked = (options.mounts ?? []).map((mount) => ({ ...mount, target: resolve('/', mount.target) }));
  const own = asked.filter((mount) => !isUnnamedFlag(mount));
  refuseDuplicates(own);
  const targets = new Set(own.map(({ target }) => target));
  const borrowed = mountsFrom(engine, volumesFrom).filter(({ point }) => !targets.has(point.destination));
  for (const { point } of borrowed) targets.add(point.destination);
  const paths = Object.keys(execution.Volumes ?? {}).map((path) => checkTarget(resolve('/', path), 'VOLUME', path));
  const unnamed = [...new Set(paths)].filter((path) => !targets.has(path));
  for (const target of unnamed) refuseOverProc({ type: 'volume', target, options: [] });
  for (const mount of own) checkMount(engine, mount, hasUserNamespace);
  const resolved: ResolvedMounts = {
    ...{ mounts: [], directories: [], fills: [], images: [], relabels: [], locks: [], anonymous: [] },
    asked: askedMounts(own, volumesFrom),
  };
  try {
    const made: ResolvedMount[] = [...(await borrow(engine, resolved, borrowed))];
    for (const mount of own) made.push(await addMount(engine, resolved, mount, folder));
    for (const target of unnamed) made.push(await addAnonymous(engine, resolved, target));
    resolved.mounts = made.sort((one, other) => depth(one) - depth(other));
    return resolved;
  } catch (error) {
    await abandonMounts(engine, resolved);
    throw error;
  }
}

/** To be called when the container's record says what it has. */
export function releaseMounts({ locks }: ResolvedMounts): void {
  for (const lock of locks) lock.release();
}

/** To be called when there will be no container. @throws ERR_RCX_REMOVE */
export async function abandonMounts(engine: Engine, resolved: ResolvedMounts): Promise<void> {
  releaseMounts(resolved);
  await removeAnonymous(engine, resolved.anonymous);
}

async function addMount(
  engine: Engine,
  resolved: ResolvedMounts,
  mount: ContainerMount,
  folder: string,
): Promise<ResolvedMount> {
  switch (mount.type) {
    case 'bind':
      makeSource(mount);
      if (mount.relabel !== undefined) resolved.relabels.push({ path: mount.source ?? '', for: mount.relabel });
      return bindMount(mount);
    case 'tmpfs':
      return tmpfsMount(mount);
    case 'image':
      return imageMount(engine, resolved, mount, folder);
    default:
      return await addVolume(engine, resolved, mount);
  }
}

/** As Docker does for `-v`: a typing error in `--mount` is worth more than a directory that nobody wanted. */
function makeSource({ source = '', bind }: ContainerMount): void {
  if (bind?.createSource !== true) return;
  try {
    mkdirSync(source, { recursive: true, mode: 0o755 });
  } catch (error) {
    // There is a file, which is as good.
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return;
    throw fileFailure('make the host path to mount', source, error);
  }
}

async function addVolume(engine: Engine, resolved: ResolvedMounts, mount: ContainerMount): Promise<ResolvedMount> {
  const { source, target, volume: wanted = {} } = mount;
  const anonymous = source === undefined;
  const labels = { ...wanted.labels, ...(anonymous && { [ANONYMOUS]: '' }) };
  const made = { labels, ...(wanted.driverOptions !== undefined && { options: wanted.driverOptions }) };
  const name = source ?? randomHex(32);
  const volume = await use(engine, resolved, name, made);
  if (anonymous) resolved.anonymous.push(name);
  const isInStore = driverMount(volume) === undefined;
  // As Docker: a volume is for all containers.
  if (isInStore) resolved.relabels.push({ path: volume.mountpoint, for: mount.relabel ?? 'shared' });
  const isFilled = wanted.noCopy !== true && wanted.subpath === undefined && isInStore;
  if (isFilled) resolved.fills.push({ volume, destination: target });
  return volumeMount(mount, volume, anonymous);
}

async function addAnonymous(engine: Engine, resolved: ResolvedMounts, target: string): Promise<ResolvedMount> {
  const mount: ContainerMount = { type: 'volume', target, options: [], flag: { name: '-v', text: target } };
  return await addVolume(engine, resolved, mount);
}

/** Those of other containers are kept from being removed as well; one that is gone already is made again, empty. */
async function borrow(
  engine: Engine,
  resolved: ResolvedMounts,
  borrowed: readonly ResolvedMount[],
): Promise<readonly ResolvedMount[]> {
  for (const { point } of borrowed) {
    if (point.type === 'volume' && point.name !== undefined) await use(engine, resolved, point.name, {});
  }
  return borrowed;
}

async function use(
  engine: Engine,
  resolved: ResolvedMounts,
  name: string,
  wanted: Parameters<VolumeStore['use']>[1],
): Promise<Volume> {
  const { volume, lock } = await new VolumeStore(engine.paths).use(name, wanted);
  resolved.locks.push(lock);
  return volume;
}

function refuseDuplicates(mounts: readonly ContainerMount[]): void {
  const targets = mounts.map(({ target }) => target);
  const twice = targets.find((target, at) => targets.indexOf(target) !== at);
  if (twice === undefined) return;
  throw new RcxError(`mount in the container: Duplicate mount point: ${twice}`, {
    code: 'ERR_RCX_INVALID_MOUNT',
    step: 'mount in the container',
    path: twice,
    hint: 'mount one thing at each path',
  });
}

/** What lies in another mount is mounted after it. */
function depth({ point }: ResolvedMount): number {
  return point.destination.split('/').length;
}

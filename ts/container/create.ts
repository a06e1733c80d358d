import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Engine } from '../engine.ts';
import { RcxError } from '../errors.ts';
import { containerEvent } from '../events/append.ts';
import { initPath } from '../native/index.ts';
import type { ExecutionConfig } from '../oci/types.ts';
import type { StoredImage } from '../store/images.ts';
import { withContentLock } from '../store/lock.ts';
import { toRcxError } from '../store/nativeError.ts';
import { randomHex } from '../store/random.ts';
import { temporaryDirectory } from '../store/temporary.ts';
import { placeCgroup } from './cgroupPath.ts';
import { isRemapped, rootfsPath } from './checkOptions.ts';
import { hostnameOf } from './hostname.ts';
import { copyAttributes, type ImageRoot, makeInitLayer, writePublicFile } from './initLayer.ts';
import type { Joins } from './joins.ts';
import { lifeOf } from './life.ts';
import type { NewLimits } from './limits/change.ts';
import { LIMITS } from './limits/options.ts';
import { identify, type ProcessIdentity } from './liveness.ts';
import { networkFile, networkFiles } from './networkFiles.ts';
import type { ContainerOptions } from './options.ts';
import { type ContainerConfig, type ContainerState, writeNew } from './record.ts';
import { named, requirementsOf } from './requirements.ts';
import { type Confinement, confinementOf } from './security/confinement.ts';
import { hasSelinux } from './security/selinux.ts';
import { settingsOf } from './settings.ts';
import { buildSpec } from './spec/build.ts';
import { rareExtras } from './spec/extras.ts';
import { executionOf } from './spec/process.ts';
import type { LaunchRequest } from './spec/types.ts';
import type { StoredContainer } from './store.ts';
import type { UserNamespace } from './userns/index.ts';

/** Where a container's root comes from. */
export type ContainerRoot = { image: StoredImage; reference: string } | { rootfs: string };

/**
 * Makes a container: its folder with record, init layer and read-write layer. Nothing of it runs.
 *
 * The folder is made under a temporary name and renamed, so that others see it whole or not at all.
 * @param root finds, or pulls, the image, which cannot be removed from then on until the container has it
 * @param willStart this process launches it, and nobody else needs to know of it before
 */
export async function createContainer(
  engine: Engine,
  root: ContainerRoot | (() => Promise<ContainerRoot>),
  wanted: ContainerOptions,
  { willStart = true } = {},
): Promise<StoredContainer> {
  const joins = await requirementsOf(engine, wanted, willStart);
  const confinement = confinementOf(joins.options);
  // Nobody may remove the image's layers between their being found and the record that says they are in use.
  const create = async () =>
    createLocked(engine, typeof root === 'function' ? await root() : root, joins, { willStart, confinement });
  const locked = () => withContentLock(engine.paths, create, { shared: true });
  const stored = await named(joins.options, locked);
  containerEvent(engine.paths, stored.config, 'create');
  return stored;
}

async function createLocked(
  engine: Engine,
  root: ContainerRoot,
  joins: Joins,
  { willStart, confinement }: { willStart: boolean; confinement: Confinement },
): Promise<StoredContainer> {
  const { options } = joins;
  const execution = executionOf('image' in root ? (root.image.config.config ?? {}) : {}, options);
  const make = (namespace?: UserNamespace) =>
    makeContainer(engine, root, joins, { willStart, confinement, execution, namespace });
  if (!wantsUserNamespace(options)) return await make();
  const { withUserNamespace } = await import('./userns/index.ts');
  const layers = 'rootfs' in root ? rootfsPath(root.rootfs) : engine.paths.layers;
  return await withUserNamespace(engine, options, execution.User ?? '', layers, make);
}

/** Or something that needs one. */
function wantsUserNamespace(options: ContainerOptions): boolean {
  return isRemapped(options) || (options.mounts ?? []).some((mount) => mount.options.includes('idmap'));
}

/** What is known of a container before it is made. */
interface Decided {
  willStart: boolean;
  confinement: Confinement;
  execution: ExecutionConfig;
  namespace: UserNamespace | undefined;
}

async function makeContainer(
  engine: Engine,
  root: ContainerRoot,
  joins: Joins,
  how: Decided,
): Promise<StoredContainer> {
  const { options, join: joined, network } = joins;
  const { willStart, confinement, execution, namespace } = how;
  const id = randomHex(32);
  const folder = engine.containers.folder(id);
  const image = 'image' in root ? root.image : undefined;
  const layers = image === undefined ? undefined : engine.layersOf(image);
  const hostname = hostnameOf(id, options, network);
  const cgroup = placeCgroup(id, options.cgroupParent, options.cgroupManager);
  const { limits, notes } = await limitsFor(cgroup, options);
  const labels = hasSelinux() ? (await labelling()).labelsFor(engine, id, joins, confinement.label) : {};
  const request: LaunchRequest = {
    spec: buildSpec({
      id,
      folder,
      hostname,
      execution,
      options,
      networkFolder: network === undefined ? undefined : dirname(networkFile(network, 'hosts')),
      cgroup,
      limits,
      confinement,
      rootfs: 'rootfs' in root ? rootfsPath(root.rootfs) : undefined,
      labels,
      mappings: namespace?.mappings,
    }),
    rcx: {
      id,
      initBinary: initPath(),
      mountpoint: join(folder, 'rootfs'),
      ...(layers === undefined ? {} : { overlay: overlay(folder, layers, options.autoRemove ?? false) }),
      user: execution.User ?? '',
      init: options.init ?? false,
      noPivot: options.noPivot ?? false,
      ...confinement.extras,
      ...rareExtras(options, joined),
    },
  };
  const state: ContainerState = { status: 'created', owner: self(), ...(willStart && { willStart }) };
  const record: ContainerConfig = {
    id,
    name: '',
    created: new Date().toISOString(),
    ...('image' in root ? { image: root.reference, imageId: root.image.id } : {}),
    diffIds: image?.diffIds ?? [],
    execution,
    autoRemove: options.autoRemove ?? false,
    network: options.network ?? 'none',
    ...(namespace !== undefined && { userns: namespace.kind }),
    ...(options.uts === 'host' && { hostname }),
    settings: settingsOf(options),
    ...lifeOf(execution, options),
    ...notes,
    ...(options.cgroupParent && { cgroupParent: options.cgroupParent }),
    ...(confinement.record !== undefined && { security: confinement.record }),
    request,
  };
  const mounts = await mountsOf(engine, record, options);
  const temporary = temporaryDirectory(engine.paths.containers, id);
  try {
    fill(temporary.path, hostname, layers && engine.rootOf(layers), options);
    await mounts?.fill(temporary.path, layers ?? []);
    if (labels.mount !== undefined) {
      await (await labelling()).labelFiles(temporary.path, labels.mount, { network, volumes: mounts?.relabels });
    }
    writeNew(temporary.path, 'state.json', state);
    engine.containers.claim(id, temporary.path, options.name, (name) => {
      record.name = name;
      writeNew(temporary.path, 'config.json', record);
    });
  } catch (error) {
    await temporary.dispose();
    await mounts?.abandon();
    throw notMade(folder, error);
  }
  temporary.keep();
  mounts?.release();
  return { folder, config: record, state };
}

/** Few machines have SELinux. */
function labelling() {
  return import('./security/labels.ts');
}

/** Few containers have limits: the others are not to wait for the module. */
async function limitsFor(cgroup: string, options: ContainerOptions): Promise<Partial<NewLimits>> {
  if (!LIMITS.some((name) => options[name] !== undefined)) return {};
  const { newLimits } = await import('./limits/check.ts');
  return newLimits(cgroup, options);
}

/** What is mounted in few containers is loaded for few. */
async function mountsOf(engine: Engine, record: ContainerConfig, options: ContainerOptions) {
  const { mounts = [], volumesFrom = [] } = options;
  const volumes = Object.keys(record.execution.Volumes ?? {});
  if (mounts.length + volumesFrom.length + volumes.length === 0) return undefined;
  const { ContainerMounts } = await import('./mounts/containerMounts.ts');
  return await ContainerMounts.add(engine, record, options);
}

/** A failure of the disk, with what it was needed for; everything else says that itself. */
function notMade(folder: string, error: unknown): RcxError {
  if (error instanceof RcxError) return error;
  const cause = toRcxError(error, 'ERR_RCX_CREATE');
  const { code, errno, hint } = cause;
  const step = 'make the container';
  return new RcxError(`${step}: ${folder}: ${cause.message}`, { code, step, path: folder, errno, hint, cause });
}

/** Topmost first: the init layer, then the image from its last layer down. */
function overlay(folder: string, layers: string[], volatile: boolean) {
  return {
    lower: [join(folder, 'init'), ...layers],
    upper: join(folder, 'upper'),
    work: join(folder, 'work'),
    volatile,
  };
}

function fill(folder: string, hostname: string, image: ImageRoot | undefined, options: ContainerOptions): void {
  mkdirSync(join(folder, 'rootfs'));
  for (const [name, content] of Object.entries(networkFiles(hostname, options))) {
    writePublicFile(join(folder, name), content);
  }
  if (image === undefined) return;
  for (const name of ['init', 'upper', 'work']) mkdirSync(join(folder, name));
  makeInitLayer(join(folder, 'init'), image);
  copyAttributes(join(folder, 'upper'), image.root);
}

let own: ProcessIdentity | undefined;

/** This process, without which an attached container cannot run. */
function self(): ProcessIdentity {
  own ??= identify(process.pid) ?? { pid: process.pid, startTime: '', bootId: '' };
  return own;
}

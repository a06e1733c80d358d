import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Engine } from '../engine.ts';
import { RcxError } from '../errors.ts';
import { containerEvent } from '../events/append.ts';
import { Attachments, type Endpoint } from '../network/attachments.ts';
import { addressesOf } from '../network/membership.ts';
import { hostAddress, ordinaryUser } from '../rootless/caller.ts';
import { withContentLock } from '../store/lock.ts';
import { toRcxError } from '../store/nativeError.ts';
import { randomHex } from '../store/random.ts';
import { temporaryDirectory } from '../store/temporary.ts';
import { called } from './called.ts';
import { placeCgroup } from './cgroupPath.ts';
import { isRemapped, rootfsPath } from './checkOptions.ts';
import { hostnameOf } from './hostname.ts';
import { copyAttributes, type ImageRoot, makeInitLayer, writePublicFile } from './initLayer.ts';
import type { Joins } from './joins.ts';
import type { NewLimits } from './limits/change.ts';
import { LIMITS } from './limits/options.ts';
import { identify, type ProcessIdentity } from './liveness.ts';
import type { ContainerMounts } from './mounts/containerMounts.ts';
import { namedNetwork } from './namespaceModes.ts';
import { type FromNetworks, type NetworkFiles, networkFiles } from './networkFiles.ts';
import { type ContainerRoot, type Decided, newRecord } from './newRecord.ts';
import type { ContainerOptions } from './options.ts';
import { type ContainerConfig, type ContainerState, writeNew } from './record.ts';
import { named, requirementsOf } from './requirements.ts';
import { confinementOf } from './security/confinement.ts';
import { hasSelinux } from './security/selinux.ts';
import { executionOf } from './spec/process.ts';
import type { StoredContainer } from './store.ts';
import type { UserNamespace } from './userns/index.ts';

/** What may be settled before a container is made. */
export interface NewContainer {
  /** Its owner launches it, and nobody else needs to know of it before; true by default. */
  willStart?: boolean;
  /** Of {@link newId}. */
  id?: string;
  /** Who launches it; this process by default. */
  owner?: ProcessIdentity;
}

/**
 * Makes a container: its folder with record, init layer and read-write layer. Nothing of it runs.
 *
 * The folder is made under a temporary name and renamed, so that others see it whole or not at all.
 * @param root finds, or pulls, the image, which cannot be removed from then on until the container has it
 */
export async function createContainer(
  engine: Engine,
  root: ContainerRoot | (() => Promise<ContainerRoot>),
  wanted: ContainerOptions,
  { willStart = true, id = newId(), owner = ownIdentity() }: NewContainer = {},
): Promise<StoredContainer> {
  const joins = await requirementsOf(engine, wanted, willStart);
  const confinement = confinementOf(joins.options);
  // Nobody may remove the image's layers between their being found and the record that says they are in use.
  const create = async () =>
    createLocked(engine, typeof root === 'function' ? await root() : root, joins, {
      id,
      owner,
      willStart,
      confinement,
    });
  const locked = () => withContentLock(engine.paths, create, { shared: true });
  const stored = await named(joins.options, locked);
  containerEvent(engine.paths, stored.config, 'create');
  return stored;
}

/** An id that no other container has. */
export function newId(): string {
  return randomHex(32);
}

async function createLocked(
  engine: Engine,
  root: ContainerRoot,
  joins: Joins,
  how: Pick<Decided, 'id' | 'owner' | 'willStart' | 'confinement'>,
): Promise<StoredContainer> {
  const { options } = joins;
  const execution = executionOf('image' in root ? (root.image.config.config ?? {}) : {}, options);
  const make = (namespace?: UserNamespace) => makeContainer(engine, root, joins, { ...how, execution, namespace });
  if (!wantsUserNamespace(options)) return await make();
  const { withUserNamespace } = await import('./userns/index.ts');
  const layers = 'rootfs' in root ? rootfsPath(root.rootfs) : engine.paths.layers;
  return await withUserNamespace(engine, options, execution.User ?? '', layers, make);
}

/** Or something that needs one. */
function wantsUserNamespace(options: ContainerOptions): boolean {
  return isRemapped(options) || (options.mounts ?? []).some((mount) => mount.options.includes('idmap'));
}

async function makeContainer(
  engine: Engine,
  root: ContainerRoot,
  joins: Joins,
  how: Decided,
): Promise<StoredContainer> {
  const { options, network } = joins;
  const { id } = how;
  const folder = engine.containers.folder(id);
  const layers = 'image' in root ? engine.layersOf(root.image) : undefined;
  const hostname = hostnameOf(id, options, network);
  const cgroup = placeCgroup(id, options.cgroupParent, options.cgroupManager);
  const limits = await limitsFor(cgroup, options);
  // From here on others see that the container is being made, and leave it what it takes.
  const temporary = temporaryDirectory(engine.paths.containers, id);
  let attachments: Attachments | undefined;
  let mounts: ContainerMounts | undefined;
  try {
    attachments = await attach(engine, id, options);
    const labels = hasSelinux() ? (await labelling()).labelsFor(engine, id, options, how.confinement.label) : {};
    const record = newRecord(root, joins, how, { id, folder, layers, hostname, cgroup, limits, labels, attachments });
    mounts = await mountsOf(engine, record, options);
    const files = networkFiles(hostname, options, attachments && fromNetworks(attachments));
    fill(temporary.path, files, layers && engine.rootOf(layers));
    await mounts?.fill(temporary.path, layers ?? []);
    if (labels.mount !== undefined) {
      await (await labelling()).labelFiles(temporary.path, labels.mount, { network, volumes: mounts?.relabels });
    }
    const state: ContainerState = { status: 'created', owner: how.owner, ...(how.willStart && { willStart: true }) };
    writeNew(temporary.path, 'state.json', state);
    engine.containers.claim(id, temporary.path, options.name, (name) => {
      writeNew(temporary.path, 'config.json', Object.assign(record, called(record, name)));
    });
    temporary.keep();
    mounts?.release();
    attachments?.release();
    return { folder, config: record, state };
  } catch (error) {
    await temporary.dispose();
    await mounts?.abandon();
    attachments?.abandon();
    throw notMade(folder, error);
  }
}

async function attach(engine: Engine, id: string, options: ContainerOptions): Promise<Attachments | undefined> {
  const network = namedNetwork(options.network);
  if (network === undefined) return undefined;
  const { ip, ip6, macAddress: mac, networkAliases: aliases, moreNetworks = [] } = options;
  const first: Endpoint = { network, aliases, ip, ip6, mac };
  return await Attachments.take(engine, id, [first, ...moreNetworks]);
}

function fromNetworks(attachments: Attachments): FromNetworks {
  const all = Object.values(attachments.networks());
  // The bridges of an ordinary user are in a namespace of his own, whose addresses are not the machine's.
  const own = ordinaryUser() === undefined ? undefined : hostAddress();
  const gateway = own ?? (attachments.wayOut() ?? all[0])?.gateway ?? '';
  return { addresses: all.flatMap(addressesOf), gateway };
}

/** Few machines have SELinux. */
function labelling() {
  return import('./security/labels.ts');
}

/** Few containers have limits: the others are not to wait for the module. */
async function limitsFor(cgroup: string | undefined, options: ContainerOptions): Promise<Partial<NewLimits>> {
  if (!LIMITS.some((name) => options[name] !== undefined)) return {};
  const { newLimits } = await import('./limits/check.ts');
  return newLimits(cgroup, options);
}

/** What is mounted in few containers is loaded for few. */
async function mountsOf(
  engine: Engine,
  record: ContainerConfig,
  options: ContainerOptions,
): Promise<ContainerMounts | undefined> {
  const { mounts = [], volumesFrom = [] } = options;
  const volumes = Object.keys(record.execution.Volumes ?? {});
  if (mounts.length + volumesFrom.length + volumes.length === 0) return undefined;
  return await (await import('./mounts/containerMounts.ts')).ContainerMounts.add(engine, record, options);
}

/** A failure of the disk, with what it was needed for; everything else says that itself. */
function notMade(folder: string, error: unknown): RcxError {
  if (error instanceof RcxError) return error;
  const cause = toRcxError(error, 'ERR_RCX_CREATE');
  const { code, errno, hint } = cause;
  const step = 'make the container';
  return new RcxError(`${step}: ${folder}: ${cause.message}`, { code, step, path: folder, errno, hint, cause });
}

function fill(folder: string, files: NetworkFiles, image: ImageRoot | undefined): void {
  mkdirSync(join(folder, 'rootfs'));
  for (const [name, content] of Object.entries(files)) {
    writePublicFile(join(folder, name), content);
  }
  if (image === undefined) return;
  for (const name of ['init', 'upper', 'work']) mkdirSync(join(folder, name));
  makeInitLayer(join(folder, 'init'), image);
  copyAttributes(join(folder, 'upper'), image.root);
}

let own: ProcessIdentity | undefined;

/** This process, without which an attached container cannot run. */
export function ownIdentity(): ProcessIdentity {
  own ??= identify(process.pid) ?? { pid: process.pid, startTime: '', bootId: '' };
  return own;
}

import { join } from 'node:path';
import type { Engine } from '../../engine.ts';
import { RcxError } from '../../errors.ts';
import { native } from '../../native/index.ts';
import { toRcxError } from '../../store/nativeError.ts';
import type { Relabel } from '../mounts/resolved.ts';
import { otherContainer } from '../namespaceModes.ts';
import type { NetworkFiles } from '../networkFiles.ts';
import type { ContainerOptions } from '../options.ts';
import type { StoredContainer } from '../store.ts';
import {
  type LabelWish,
  labelDefaults,
  levelOf,
  makeLabels,
  type SelinuxLabels,
  sharedLabel,
  wishFor,
} from './selinux.ts';

/** Of a container's folder. */
const NETWORK_FILES: readonly (keyof NetworkFiles)[] = ['hosts', 'hostname', 'resolv.conf'];

/**
 * The SELinux labels of a new container on a machine that has SELinux.
 * @param wish what was asked for, if anything was
 * @throws ERR_RCX_SELINUX when it cannot have the labels of both containers that it shares namespaces with, or its policy has none
 */
export function labelsFor(
  engine: Engine,
  id: string,
  options: ContainerOptions,
  wish: LabelWish | undefined,
): SelinuxLabels {
  const defaults = labelDefaults();
  if (defaults === undefined) {
    if (wish === undefined || wish.disable) return {};
    throw failure('the policy has no labels for containers', 'install the package container-selinux');
  }
  const labels = new Map(
    engine.containers
      .configs()
      .map(({ id: other, config }) => [other, config?.request.spec.process.selinuxLabel] as const),
  );
  const taken = new Set([...labels.values()].flatMap((label) => (label ? (levelOf(label) ?? []) : [])));
  const seed = Number.parseInt(id.slice(0, 8), 16) / 2 ** 32;
  return makeLabels(defaults, wish ?? impliedWish(options, labels), taken, seed);
}

/** As Docker: who shares processes or IPC with others has to have their label. */
function impliedWish(options: ContainerOptions, labels: ReadonlyMap<string, string | undefined>): LabelWish {
  const { ipc, pid, privileged } = options;
  if (privileged || ipc === 'host' || pid === 'host') return { disable: true };
  const others = [ipc, pid].map(otherContainer).filter((other) => other !== undefined);
  const [one, other = one] = others.map((each) => labels.get(each));
  if (one !== other) {
    throw failure('the containers of --ipc and --pid have different labels', 'share both with one of them');
  }
  if (others.length === 0) return {};
  return one === undefined ? { disable: true } : wishFor(one);
}

/** Paths that whole parts of the system need as they are labelled. */
const SYSTEM = [
  ...[
    '/',
    '/bin',
    '/boot',
    '/dev',
    '/etc',
    '/etc/passwd',
    '/etc/pki',
    '/etc/shadow',
    '/home',
    '/lib',
    '/lib64',
    '/media',
  ],
  ...['/opt', '/proc', '/root', '/run', '/sbin', '/srv', '/sys', '/tmp', '/usr', '/var', '/var/lib', '/var/log'],
];

/** @throws ERR_RCX_SELINUX for a path that must not be given to a container */
export function refuseSystemPath(path: string): void {
  if (!SYSTEM.includes(path)) return;
  throw failure(`${path}: the system needs it as it is`, 'leave out z and Z, or mount something below it');
}

/**
 * Labels what is not in a filesystem of the container's own.
 * @param folder the one that becomes the container's
 * @param more the container whose network it is in, and what else it is to be able to use
 * @throws ERR_RCX_SELINUX
 */
export async function labelFiles(
  folder: string,
  label: string,
  { network, volumes = [] }: { network?: StoredContainer | undefined; volumes?: readonly Relabel[] | undefined },
): Promise<void> {
  const shared = sharedLabel(label);
  const files = (of: string, as: string) => NETWORK_FILES.map((name) => [join(of, name), as] as const);
  const named = volumes.map((volume) => [volume.path, volume.for === 'shared' ? shared : label] as const);
  // Those of the other network are two containers' from now on.
  const all = [...files(folder, label), ...(network === undefined ? [] : files(network.folder, shared)), ...named];
  try {
    for (const [path, as] of all) await native().relabel(path, as, true);
  } catch (error) {
    throw toRcxError(error, 'ERR_RCX_SELINUX');
  }
}

function failure(what: string, hint: string): RcxError {
  const step = 'label the container for SELinux';
  return new RcxError(`${step}: ${what}`, { code: 'ERR_RCX_SELINUX', step, hint });
}

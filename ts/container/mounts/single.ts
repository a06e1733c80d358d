import { existsSync } from 'node:fs';
import type { Engine } from '../../engine.ts';
import { RcxError } from '../../errors.ts';
import { driverMount } from '../../volume/driverOptions.ts';
import type { Volume } from '../../volume/record.ts';
import { VolumeStore } from '../../volume/store.ts';
import type { ContainerMount } from '../options.ts';
import { refuseSystemPath } from '../security/labels.ts';
import { hasSelinux } from '../security/selinux.ts';
import { refuseOverProc } from '../spec/overProc.ts';
import type { SpecMount } from '../spec/types.ts';
import { type MountPoint, propagationOf } from './point.ts';
import { checkPropagation } from './propagation.ts';
import type { ResolvedMount } from './resolved.ts';

/** Refuses what cannot be mounted, as far as it can be known before. @throws ERR_RCX_INVALID_MOUNT, ERR_RCX_IMAGE_NOT_FOUND */
export function checkMount(engine: Engine, mount: ContainerMount, hasUserNamespace: boolean): void {
  const { type, source = '', options } = mount;
  refuseOverProc(mount);
  if (mount.relabel !== undefined && hasSelinux()) refuseSystemPath(source);
  if (type === 'bind') {
    if (existsSync(source)) checkPropagation(source, propagationOf(options));
    else if (mount.bind?.createSource !== true) throw noSource(source);
  } else if (type === 'image') {
    if (hasUserNamespace) throw invalid('an image cannot be mounted in a user namespace yet', source);
    engine.images.find(source);
  } else if (type === 'volume') {
    checkVolume(engine, mount, hasUserNamespace);
  }
}

function checkVolume(engine: Engine, { source, volume }: ContainerMount, hasUserNamespace: boolean): void {
  const known = source === undefined ? undefined : new VolumeStore(engine.paths).get(source);
  const own = driverMount({ options: known?.options ?? volume?.driverOptions ?? {} });
  if (own === undefined) return;
  if (own.type === 'bind' && !existsSync(own.source)) throw noSource(own.source);
  if (hasUserNamespace && own.type !== 'bind' && own.type !== 'tmpfs') {
    throw invalid(`the file system of the volume cannot be mounted in a user namespace`, source ?? own.source);
  }
  if (own.type !== 'bind' && volume?.subpath !== undefined) {
    throw invalid(`the volume ${source ?? ''}`, 'is a file system of its own, of which no part can be mounted alone');
  }
}

/** A path of the host. */
export function bindMount(mount: ContainerMount): ResolvedMount {
  const { source = '', target, options, bind, flag } = mount;
  const readOnly = options.includes('ro');
  const wanted = options.filter((option) => option !== 'rbind' && option !== 'bind');
  const spec: SpecMount = {
    destination: target,
    type: 'bind',
    source,
    options: [bind?.recursive === 'disabled' ? 'bind' : 'rbind', ...wanted],
  };
  const point: MountPoint = {
    ...{ type: 'bind', source, destination: target, mode: modeOf(flag?.text), rw: !readOnly },
    propagation: propagationOf(options) ?? 'rprivate',
  };
  return { point, spec, ...(readOnly && bind?.recursive === 'writable' && { extras: { flat: true } }) };
}

/** A file system in memory. */
export function tmpfsMount({ target, options, flag }: ContainerMount): ResolvedMount {
  const point: MountPoint = {
    ...{ type: 'tmpfs', source: '', destination: target, mode: '', rw: !options.includes('ro'), propagation: '' },
    ...(flag !== undefined && { hidden: true as const }),
  };
  return { point, spec: { destination: target, type: 'tmpfs', source: 'tmpfs', options } };
}

/** A volume that exists. */
export function volumeMount(mount: ContainerMount, volume: Volume, anonymous: boolean): ResolvedMount {
  const { target, options, flag } = mount;
  const own = driverMount(volume);
  const access = options.filter((option) => option === 'ro');
  const source = volume.mountpoint;
  const spec: SpecMount =
    own === undefined
      ? { destination: target, type: 'bind', source, options: ['rbind', ...access] }
      : { destination: target, type: own.type, source: own.source, options: [...own.options, ...access] };
  const point: MountPoint = {
    ...{ type: 'volume', name: volume.name, source, destination: target, rw: access.length === 0, propagation: '' },
    // Docker's word for a volume that was asked for by its name, or by --mount.
    mode: flag?.text === target ? '' : modeOf(flag?.text) || 'z',
    ...(anonymous && { anonymous }),
  };
  const subpath = mount.volume?.subpath;
  return { point, spec, ...(subpath !== undefined && { extras: { subpath } }) };
}

/** The options of a `-v`. */
function modeOf(text = ''): string {
  return text.split(':')[2] ?? '';
}

function noSource(source: string): RcxError {
  return invalid('invalid mount config for type "bind": bind source path does not exist', source);
}

function invalid(what: string, about: string): RcxError {
  return new RcxError(`mount in the container: ${what}: ${about}`, {
    code: 'ERR_RCX_INVALID_MOUNT',
    step: 'mount in the container',
    path: about,
  });
}

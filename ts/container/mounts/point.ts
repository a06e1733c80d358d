import type { ContainerMount } from '../options.ts';
import { PROPAGATION } from './modes.ts';

/** What is mounted in a container beside what rcx itself mounts, as it was when the container was made. */
export interface MountPoint {
  type: ContainerMount['type'];
  /** Of a volume or an image. */
  name?: string;
  /** On the host; empty for a tmpfs. */
  source: string;
  destination: string;
  /** Docker's `Mode`: options of `-v`. */
  mode: string;
  rw: boolean;
  /** Of a bind. */
  propagation: string;
  /** A `--tmpfs`, which Docker does not tell of among the mounts. */
  hidden?: true;
  /** A volume that nobody gave a name: it goes with its container. */
  anonymous?: boolean;
}

/** How mounts were asked for, in the words of Docker's `HostConfig`. */
export interface AskedMounts {
  Binds?: string[] | null;
  Mounts?: AskedMount[];
  Tmpfs?: Record<string, string>;
  VolumesFrom?: string[] | null;
}

/** A `--mount` as the Docker Engine API has it. */
export interface AskedMount {
  Type: string;
  Source?: string;
  Target: string;
  ReadOnly?: true;
  BindOptions?: {
    Propagation?: string;
    NonRecursive?: true;
    ReadOnlyNonRecursive?: true;
    ReadOnlyForceRecursive?: true;
  };
  VolumeOptions?: {
    NoCopy?: true;
    Labels?: Record<string, string>;
    Subpath?: string;
    DriverConfig?: { Name?: string; Options?: Record<string, string> };
  };
  TmpfsOptions?: { SizeBytes?: number; Mode?: number };
  ImageOptions?: { Subpath: string };
}

/** All that was asked for; nothing that was not. */
export function askedMounts(mounts: readonly ContainerMount[], volumesFrom: readonly string[]): AskedMounts {
  // Those of `-v` that have no name are the container's `Volumes`.
  const binds = mounts.flatMap(({ flag, source }) => (flag?.name === '-v' && source !== undefined ? [flag.text] : []));
  const tmpfs = mounts.flatMap(({ flag, target }) => (flag?.name === '--tmpfs' ? [[target, flag.text] as const] : []));
  const others = mounts.filter(({ flag }) => flag === undefined).map(askedMount);
  return {
    ...(binds.length > 0 && { Binds: binds }),
    ...(others.length > 0 && { Mounts: others }),
    ...(tmpfs.length > 0 && { Tmpfs: Object.fromEntries(tmpfs) }),
    ...(volumesFrom.length > 0 && { VolumesFrom: [...volumesFrom] }),
  };
}

function askedMount(mount: ContainerMount): AskedMount {
  const { type, source, target, options } = mount;
  const more = { bind: bindOptions, volume: volumeOptions, tmpfs: tmpfsOptions, image: imageOptions }[type](mount);
  return {
    Type: type,
    ...(source !== undefined && { Source: source }),
    Target: target,
    ...(options.includes('ro') && { ReadOnly: true }),
    ...more,
  };
}

function bindOptions({ options, bind }: ContainerMount): Pick<AskedMount, 'BindOptions'> {
  const propagation = propagationOf(options);
  const wanted = {
    ...(propagation !== undefined && { Propagation: propagation }),
    ...(bind?.recursive === 'disabled' && { NonRecursive: true as const }),
    ...(bind?.recursive === 'writable' && { ReadOnlyNonRecursive: true as const }),
    ...(bind?.recursive === 'readonly' && { ReadOnlyForceRecursive: true as const }),
  };
  return Object.keys(wanted).length > 0 ? { BindOptions: wanted } : {};
}

function volumeOptions({ volume }: ContainerMount): Pick<AskedMount, 'VolumeOptions'> {
  if (volume === undefined) return {};
  const { noCopy, labels, subpath, driver, driverOptions } = volume;
  return {
    VolumeOptions: {
      ...(noCopy && { NoCopy: true }),
      ...(labels !== undefined && { Labels: labels }),
      ...(subpath !== undefined && { Subpath: subpath }),
      ...((driver !== undefined || driverOptions !== undefined) && {
        DriverConfig: {
          ...(driver !== undefined && { Name: driver }),
          ...(driverOptions !== undefined && { Options: driverOptions }),
        },
      }),
    },
  };
}

function tmpfsOptions({ options }: ContainerMount): Pick<AskedMount, 'TmpfsOptions'> {
  const value = (name: string) => options.find((option) => option.startsWith(`${name}=`))?.slice(name.length + 1);
  const [size, mode] = [value('size'), value('mode')];
  const wanted = {
    ...(size !== undefined && { SizeBytes: Number(size) }),
    ...(mode !== undefined && { Mode: Number.parseInt(mode, 8) }),
  };
  return Object.keys(wanted).length > 0 ? { TmpfsOptions: wanted } : {};
}

function imageOptions({ image }: ContainerMount): Pick<AskedMount, 'ImageOptions'> {
  return image?.subpath === undefined ? {} : { ImageOptions: { Subpath: image.subpath } };
}

/** The propagation among a mount's options, if there is one. */
export function propagationOf(options: readonly string[]): string | undefined {
  return options.find((option) => PROPAGATION.test(option));
}

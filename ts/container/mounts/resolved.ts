import type { Digest } from '../../oci/digest.ts';
import type { Lock } from '../../store/lock.ts';
import type { Volume } from '../../volume/record.ts';
import type { ImageRoot } from '../initLayer.ts';
import type { ContainerMount } from '../options.ts';
import type { MountExtras, SpecMount } from '../spec/types.ts';
import type { AskedMounts, MountPoint } from './point.ts';

/** A mount of a container in every way that it is told of. */
export interface ResolvedMount {
  /** For people. */
  point: MountPoint;
  /** For the core. */
  spec: SpecMount;
  extras?: MountExtras;
}

/** What is mounted in a new container beside rcx's own. */
export interface ResolvedMounts {
  /** Those nearer to the root first. */
  mounts: ResolvedMount[];
  asked: AskedMounts;
  /** Directories of the container's folder that are needed, with what they have to say of an image. */
  directories: { path: string; root?: ImageRoot }[];
  /** Volumes that are filled if they are empty, and what the image has there. */
  fills: { volume: Volume; destination: string }[];
  /** Images that are mounted. */
  images: MountedImage[];
  /** Of the host, on a machine with SELinux. */
  relabels: Relabel[];
  /** They keep the volumes until the container's record says that it has them. */
  locks: Lock[];
  /** Volumes that were made for this container alone. */
  anonymous: string[];
}

/** A path of the host, and who may use it from then on. */
export interface Relabel {
  path: string;
  /** All containers, or this one alone. */
  for: NonNullable<ContainerMount['relabel']>;
}

/** An image that a container has mounted: it and its layers are in use as long as the container exists. */
export interface MountedImage {
  imageId: Digest;
  diffIds: Digest[];
}

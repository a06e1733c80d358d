import { availableParallelism, release, totalmem } from 'node:os';
import { listContainers } from '../container/heal.ts';
import type { Engine } from '../engine.ts';
import { hostPlatform } from '../oci/platform.ts';
import { ordinaryUser } from '../rootless/caller.ts';
import { type CgroupHierarchy, type CgroupVersion, cgroupHierarchies, cgroupVersion } from './cgroups.ts';
import { hasSeccomp, type OverlayApi, operatingSystem, overlayApi, type RootChange, rootChange } from './kernel.ts';
import { mountTable } from './mountTable.ts';
import { blobUsage, layerUsage, type StoreUsage } from './usage.ts';
import { rcxVersion } from './version.ts';

/** One store and the machine it is on; where Docker has a name for something, that is the field's name. Sizes are bytes. */
export interface SystemInfo {
  Version: string;
  RootDir: string;
  RunDir: string;
  Containers: number;
  ContainersRunning: number;
  ContainersStopped: number;
  Images: number;
  Layers: StoreUsage;
  Blobs: StoreUsage;
  Driver: 'overlay';
  OverlayApi: OverlayApi;
  /** What is used unless `--no-pivot` is given. */
  RootChange: RootChange;
  CgroupVersion: CgroupVersion;
  Cgroups: CgroupHierarchy[];
  /** The kernel can filter system calls, and so they are filtered. */
  Seccomp: boolean;
  /** Without root's privileges. */
  Rootless: boolean;
  KernelVersion: string;
  OperatingSystem: string;
  OSType: 'linux';
  /** As images name it: `amd64`, `arm64`. */
  Architecture: string;
  NCPU: number;
  MemTotal: number;
  NodeVersion: string;
}

export async function systemInfo(engine: Engine): Promise<SystemInfo> {
  const containers = await listContainers(engine);
  const running = containers.filter(({ state }) => state.status === 'running').length;
  const mounts = mountTable();
  const cgroups = cgroupHierarchies(mounts);
  return {
    Version: rcxVersion(),
    RootDir: engine.paths.root,
    RunDir: engine.paths.run,
    Containers: containers.length,
    ContainersRunning: running,
    ContainersStopped: containers.length - running,
    Images: engine.images.list().length,
    Layers: layerUsage(engine.paths),
    Blobs: blobUsage(engine.paths),
    Driver: 'overlay',
    OverlayApi: overlayApi(),
    RootChange: rootChange(mounts),
    CgroupVersion: cgroupVersion(cgroups),
    Cgroups: cgroups,
    Seccomp: hasSeccomp(),
    Rootless: ordinaryUser() !== undefined,
    KernelVersion: release(),
    OperatingSystem: operatingSystem(),
    OSType: 'linux',
    Architecture: hostPlatform().architecture,
    NCPU: availableParallelism(),
    MemTotal: totalmem(),
    NodeVersion: process.versions.node,
  };
}

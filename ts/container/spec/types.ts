import type { ContainerDevice, ResourceLimit } from '../options.ts';
import type { IdMapping } from '../userns/mapping.ts';

/** The parts of the OCI runtime-spec 1.2 configuration that rcx writes; field names are the standard's. */
export interface RuntimeSpec {
  ociVersion: string;
  hostname?: string;
  domainname?: string;
  process: SpecProcess;
  root: { path: string; readonly?: boolean };
  mounts: SpecMount[];
  linux: SpecLinux;
  annotations?: Record<string, string>;
}

/** https://github.com/opencontainers/runtime-spec/blob/main/config.md#process */
export interface SpecProcess {
  terminal: boolean;
  user: { uid: number; gid: number };
  args: string[];
  env: string[];
  cwd: string;
  capabilities: Record<'bounding' | 'effective' | 'permitted', string[]>;
  noNewPrivileges?: boolean;
  apparmorProfile?: string;
  selinuxLabel?: string;
  oomScoreAdj?: number;
}

/** https://github.com/opencontainers/runtime-spec/blob/main/config.md#mounts */
export interface SpecMount {
  destination: string;
  type: string;
  source?: string;
  options: string[];
}

/** https://github.com/opencontainers/runtime-spec/blob/main/config-linux.md */
export interface SpecLinux {
  namespaces: { type: string; path?: string }[];
  uidMappings?: IdMapping[];
  gidMappings?: IdMapping[];
  /** None where its user may make none. */
  cgroupsPath?: string;
  resources: SpecResources;
  sysctl: Record<string, string>;
  /** SELinux label of what is mounted. */
  mountLabel?: string;
  maskedPaths: string[];
  readonlyPaths: string[];
}

/** Memory in bytes, CPU time in microseconds; -1 is no limit. */
export interface SpecResources {
  devices: SpecDeviceRule[];
  memory?: {
    limit?: number;
    /** Memory and swap together. */
    swap?: number;
    reservation?: number;
    disableOOMKiller?: boolean;
    swappiness?: number;
  };
  cpu?: {
    quota?: number;
    period?: number;
    shares?: number;
    realtimeRuntime?: number;
    realtimePeriod?: number;
    /** Processors and memory nodes, as `0-2,7`. */
    cpus?: string;
    mems?: string;
  };
  pids?: { limit: number };
  blockIO?: SpecBlockIo;
}

/** Weights from 10 to 1000; rates of a second, in bytes or operations. */
export interface SpecBlockIo {
  weight?: number;
  weightDevice?: { major: number; minor: number; weight: number }[];
  throttleReadBpsDevice?: SpecThrottle[];
  throttleWriteBpsDevice?: SpecThrottle[];
  throttleReadIOPSDevice?: SpecThrottle[];
  throttleWriteIOPSDevice?: SpecThrottle[];
}

export interface SpecThrottle {
  major: number;
  minor: number;
  rate: number;
}

/** Without numbers, or a type, for all of them. */
export interface SpecDeviceRule {
  allow: boolean;
  type?: 'a' | 'b' | 'c';
  major?: number;
  minor?: number;
  access: string;
}

/** Another container, found by its record at each launch. */
export interface Join {
  name: string;
  /** Where its record is. */
  folder: string;
  namespaces: ('network' | 'ipc' | 'pid')[];
}

/** What the core is told beside the standard's words; see `crates/core/src/plan/request.rs`. */
export interface LaunchExtras {
  id: string;
  initBinary: string;
  mountpoint: string;
  /** Topmost first. */
  overlay?: { lower: string[]; upper: string; work: string; volatile: boolean };
  user: string;
  init: boolean;
  noPivot: boolean;
  seccomp?: SeccompChoice;
  /** Make all devices of the host. */
  hostDevices?: boolean;
  /** Devices of the host, looked at anew at each start: their numbers may be others after a restart of the machine. */
  devices?: ContainerDevice[];
  /** Containers whose namespaces are this one's, those that `linux.namespaces` lists. */
  join?: Join[];
  /** What is in its own network namespace beside a loopback device. */
  network?: NetworkExtras;
  /** Supplementary groups by name or number, looked up in the container's own files. */
  groups?: string[];
  /** As `process.rlimits`, whose numbers without a limit JavaScript cannot write. */
  rlimits?: ResourceLimit[];
  /** Take the time of each part of the launch. */
  trace?: boolean;
  /** By destination. */
  mounts?: Record<string, MountExtras>;
}

/** What is in a container's own network namespace, and what leads there; see `crates/core/src/network/request.rs`. */
export interface NetworkExtras {
  interfaces: InterfaceExtras[];
  ports?: PortExtras[];
  /** Id of the container. */
  container: string;
  /** Whom its name server asks for names that no network has. */
  nameServer?: 'host' | 'none' | { given: string[] };
}

/** A device of a container. */
export interface InterfaceExtras {
  name: string;
  /** Of the end that is a port of the bridge. */
  hostName: string;
  mac: string;
  /** Bytes. */
  mtu?: number;
  /** Each with its prefix. */
  addresses: string[];
  gateways?: string[];
  mayRoute?: boolean;
  /** Name of the network. */
  network: string;
  /** What the container is called in it, its name first. */
  names: string[];
  /** Where the names of the network's containers are. */
  folder: string;
  /** Made at the start when it is missing. */
  bridge: { name: string; mac: string; addresses: string[]; internal: boolean };
}

/** Ports of the machine that lead to a container. */
export interface PortExtras {
  protocol: 'tcp' | 'udp';
  /** Of the machine. */
  addresses: string[];
  /** Of the machine; 0 for one that is free. */
  first: number;
  last: number;
  /** Of the container, the first. */
  port: number;
  /** Only one of the machine's ports. */
  any: boolean;
  /** Addresses of the container. */
  to: string[];
}

/** What the standard cannot say of a mount. */
export interface MountExtras {
  /** Only what stands at this path below the source. */
  subpath?: string;
  /** Options are for the mount alone, not for what is mounted below it. */
  flat?: boolean;
  /** The layers of an image, topmost first, and where they are mounted for a moment. */
  image?: { lower: string[]; at: string };
}

/** rcx's own filter, none, or that of a profile in Docker's format. */
export type SeccompChoice = 'default' | 'unconfined' | { profile: string };

/** What is handed to the core, and kept in the container's folder. */
export interface LaunchRequest {
  spec: RuntimeSpec;
  rcx: LaunchExtras;
}

import type { Healthcheck } from '../oci/types.ts';
import type { AskedMounts } from './mounts/point.ts';
import type { ContainerStatus } from './status.ts';

/** A container as `docker inspect` describes it; the field names are Docker's. */
export interface ContainerInspect {
  Id: string;
  /** RFC 3339. */
  Created: string;
  Path: string;
  Args: string[];
  State: InspectState;
  /** ID of the image; empty for a bare root filesystem. */
  Image: string;
  ResolvConfPath: string;
  HostnamePath: string;
  HostsPath: string;
  /** Of the newest output; empty where none is kept. */
  LogPath: string;
  /** With Docker's slash in front. */
  Name: string;
  /** How often its restart policy has run it again. */
  RestartCount: number;
  Driver: 'overlay' | 'none';
  /** How the kernel let the root be changed; empty before the first start. */
  RootChange: string;
  /** How the overlay was mounted, `fsconfig` or `mount`; empty before the first start and without one. */
  OverlayApi: string;
  Platform: 'linux';
  /** SELinux label of its files; empty without one. */
  MountLabel: string;
  /** SELinux label of its processes; empty without one. */
  ProcessLabel: string;
  /** Empty on a kernel without AppArmor. */
  AppArmorProfile: string;
  Mounts: InspectMount[];
  HostConfig: InspectHostConfig;
  NetworkSettings: InspectAddress & {
    /** By the container's port; `null` for one that is exposed and not published. */
    Ports: Record<string, { HostIp: string; HostPort: string }[] | null>;
    Networks: Record<string, InspectEndpoint>;
  };
  /** Bytes of the read-write layer's files; only where sizes were asked for. */
  SizeRw?: number;
  /** The image's, too. */
  SizeRootFs?: number;
  Config: InspectConfig;
  GraphDriver: InspectGraphDriver;
}

export interface InspectState {
  Status: ContainerStatus;
  /** Paused and restarting ones included. */
  Running: boolean;
  Paused: boolean;
  Restarting: boolean;
  /** The kernel has killed a process of it for want of memory. */
  OOMKilled: boolean;
  /** Docker's word for what could not be removed; rcx leaves no such thing. */
  Dead: false;
  /** On the host; 0 when it does not run. */
  Pid: number;
  /** 128 + n for signal n; -1 when it has ended and nobody lived to learn how. */
  ExitCode: number;
  /** Why it could not be started. */
  Error: string;
  StartedAt: string;
  FinishedAt: string;
  /** Of a container that has a health check. */
  Health?: InspectHealth;
}

export interface InspectHealth {
  Status: string;
  /** Failures since the last success. */
  FailingStreak: number;
  /** The last checks, oldest first. */
  Log: { Start: string; End: string; ExitCode: number; Output: string }[];
}

/** A mount that the user asked for. */
export interface InspectMount {
  Type: string;
  /** Of a volume or an image. */
  Name?: string;
  /** On the host. */
  Source: string;
  Destination: string;
  /** Of a volume. */
  Driver?: 'local';
  /** Options of `-v`, comma-separated. */
  Mode: string;
  RW: boolean;
  Propagation: string;
}

/** Limits are 0 where there are none, as in Docker. */
export interface InspectHostConfig extends InspectAsked, AskedMounts {
  Binds: string[] | null;
  VolumesFrom: string[] | null;
  VolumeDriver: '';
  NetworkMode: string;
  /** By the container's port; an empty port of the host for any. */
  PortBindings: Record<string, { HostIp: string; HostPort: string }[]>;
  /** Empty for the host's, `auto`, or `private` for ids that were given. */
  UsernsMode: string;
  /** `CONTAINER:HOST:SIZE`, under podman's name: Docker has none. */
  IDMappings?: { UidMap: string[]; GidMap: string[] };
  AutoRemove: boolean;
  RestartPolicy: { Name: string; MaximumRetryCount: number };
  LogConfig: { Type: string; Config: Record<string, string> };
  Privileged: boolean;
  /** `null` where nothing was asked for, as in Docker. */
  CapAdd: string[] | null;
  CapDrop: string[] | null;
  /** Seccomp profiles with their content. */
  SecurityOpt: string[] | null;
  ReadonlyRootfs: boolean;
  Init: boolean;
  /** Bytes. */
  Memory: number;
  /** Bytes of memory and swap together. */
  MemorySwap: number;
  MemoryReservation: number;
  /** Billionths of a processor; 0 where quota and period were given. */
  NanoCpus: number;
  /** Microseconds. */
  CpuQuota: number;
  CpuPeriod: number;
  CpuShares: number;
  /** As `0-2,7`. */
  CpusetCpus: string;
  CpusetMems: string;
  /** Microseconds. */
  CpuRealtimeRuntime: number;
  CpuRealtimePeriod: number;
  /** Absent is that of the machine. */
  MemorySwappiness: number | null;
  PidsLimit: number;
  BlkioWeight: number;
  BlkioWeightDevice: { Path: string; Weight: number }[];
  BlkioDeviceReadBps: InspectDeviceRate[];
  BlkioDeviceWriteBps: InspectDeviceRate[];
  BlkioDeviceReadIOps: InspectDeviceRate[];
  BlkioDeviceWriteIOps: InspectDeviceRate[];
  CgroupParent: string;
  /** Below the root of each hierarchy; rcx's own. */
  CgroupPath: string;
  MaskedPaths: string[];
  ReadonlyPaths: string[];
}

/** Devices, settings of the kernel and namespaces. */
export interface InspectAsked {
  Devices: { PathOnHost: string; PathInContainer: string; CgroupPermissions: string }[];
  DeviceCgroupRules: string[] | null;
  GroupAdd: string[] | null;
  /** -1 for no limit. */
  Ulimits: { Name: string; Hard: number; Soft: number }[];
  OomScoreAdj: number;
  OomKillDisable: boolean;
  Sysctls: Record<string, string>;
  /** Bytes. */
  ShmSize: number;
  ContainerIDFile: string;
  IpcMode: string;
  PidMode: string;
  UTSMode: string;
  CgroupnsMode: string;
  /** Docker's name for what rcx does itself. */
  Runtime: string;
  Isolation: string;
  Annotations: Record<string, string>;
}

/** Bytes or operations of a second. */
export interface InspectDeviceRate {
  Path: string;
  Rate: number;
}

export interface InspectConfig {
  Hostname: string;
  Domainname: string;
  User: string;
  Tty: boolean;
  OpenStdin: boolean;
  StdinOnce: boolean;
  Env: string[];
  ExposedPorts?: Record<string, object>;
  Cmd: string[] | null;
  Healthcheck?: Healthcheck;
  Entrypoint: string[] | null;
  /** As the user named it. */
  Image: string;
  Volumes: Record<string, Record<string, never>> | null;
  WorkingDir: string;
  Labels: Record<string, string>;
  StopSignal: string;
  /** Seconds. */
  StopTimeout: number;
}

/** Host directories of the root. `LowerDir` is topmost first, the init layer included. */
export interface InspectGraphDriver {
  Name: 'overlay' | 'none';
  Data: { LowerDir: string; UpperDir: string; WorkDir: string; MergedDir: string } | { RootDir: string };
}

/** A container's address in a network, empty where it is in none. */
export interface InspectAddress {
  Gateway: string;
  IPAddress: string;
  IPPrefixLen: number;
  MacAddress: string;
}

/** A container's place in a network. */
export interface InspectEndpoint extends InspectAddress {
  /** What was asked for. */
  IPAMConfig: { IPv4Address?: string; IPv6Address?: string } | undefined;
  Aliases: string[];
  NetworkID: string;
  IPv6Gateway: string;
  GlobalIPv6Address: string;
  GlobalIPv6PrefixLen: number;
  /** Beside the container's name. */
  DNSNames: string[];
}

import type { Endpoint } from '../network/attachments.ts';
import type { Healthcheck, Platform } from '../oci/types.ts';
import type { FixedLimitOptions, LimitOptions } from './limits/options.ts';
import type { PortRequest } from './publish.ts';
import type { LogConfig, RestartPolicy } from './record.ts';
import type { IdMapping } from './userns/mapping.ts';

/** How a container is wanted. Everything left out comes from the image, then from Docker's defaults. */
export interface ContainerOptions
  extends ProcessOptions,
    MountOptions,
    NetworkOptions,
    ResourceOptions,
    SecurityOptions,
    DeviceOptions,
    NamespaceOptions,
    LifeOptions,
    UserNamespaceOptions {
  /** Unique in the store; made up when left out. */
  name?: string | undefined;
  labels?: Record<string, string> | undefined;
  /** For whoever reads the runtime-spec of the container; rcx itself has no use for them. */
  annotations?: Record<string, string> | undefined;
  /** Docker's name of the OCI runtime, which is always rcx's own; `inspect` shows it. */
  runtime?: string | undefined;
  /** Take the time of each part of the launch. */
  trace?: boolean | undefined;
  /** Host path of a file that is made, and gets the id. */
  cidFile?: string | undefined;
  platform?: Platform | undefined;
}

/** What the container's program is, and what it finds. */
export interface ProcessOptions {
  /** Replaces the image's command. */
  command?: string[] | undefined;
  /** Replaces the image's entrypoint, and drops its command; an empty list removes it. */
  entrypoint?: string[] | undefined;
  /** `NAME=value`; later ones win, all win over the image's. */
  env?: string[] | undefined;
  /** Absolute path inside the container. */
  workdir?: string | undefined;
  /** Docker's `user[:group]`, names or numbers. */
  user?: string | undefined;
  /** Supplementary groups beside those of the user, names or numbers. */
  groups?: string[] | undefined;
  rlimits?: ResourceLimit[] | undefined;
  /** How soon the kernel kills it for want of memory, from -1000, never, to 1000 (proc_pid_oom_score_adj(5)). */
  oomScoreAdj?: number | undefined;
  /** Give it a terminal. */
  tty?: boolean | undefined;
  /** Run an init as PID 1 that reaps orphans and forwards signals. */
  init?: boolean | undefined;
}

/** What is mounted in the container, its root among it. */
export interface MountOptions {
  mounts?: ContainerMount[] | undefined;
  /** Size of `/dev/shm`, in bytes; 64 MiB by default. */
  shmSize?: number | undefined;
  /** Containers whose mounts it gets, too: `name`, `name:ro`. */
  volumesFrom?: string[] | undefined;
  /** Mount the root read-only. */
  readOnly?: boolean | undefined;
  /** Do not try pivot_root. */
  noPivot?: boolean | undefined;
}

export interface NetworkOptions {
  hostname?: string | undefined;
  domainname?: string | undefined;
  /** `bridge` for root when left out, unless the configuration says something else. */
  network?: NetworkMode | undefined;
  /** The container's address in its network; one that is free when left out. */
  ip?: string | undefined;
  /** The same of IPv6. */
  ip6?: string | undefined;
  /** Of its device in that network; one that is made of its address when left out. */
  macAddress?: string | undefined;
  /** Other names of it in that network. */
  networkAliases?: string[] | undefined;
  /** Further networks that it is in. */
  moreNetworks?: Endpoint[] | undefined;
  /** Ports of it that are reached by ports of this machine. */
  ports?: PortRequest[] | undefined;
  /** All that its image, or {@link exposedPorts}, says that it listens at, by ports that are free. */
  publishAll?: boolean | undefined;
  /** Lines of `/etc/hosts` as `name:address`. */
  addHosts?: string[] | undefined;
  /** Name servers by address, instead of the host's. */
  dns?: string[] | undefined;
  /** Domains that names without a dot are looked for in, instead of the host's; `.` for none. */
  dnsSearch?: string[] | undefined;
  /** Options of resolv.conf(5), instead of the host's. */
  dnsOptions?: string[] | undefined;
  /** Ports that the program listens at, `80/tcp`, beside those of the image. */
  exposedPorts?: string[] | undefined;
  /** Settings of the kernel that belong to the container's network or IPC namespace, by their dotted names. */
  sysctls?: Record<string, string> | undefined;
}

/** Limits of the container's cgroup, and where that is. */
export interface ResourceOptions extends LimitOptions, FixedLimitOptions {
  /** The cgroup that the container's own is made in: `/a` in every hierarchy, `a` below where rcx makes them. */
  cgroupParent?: string | undefined;
  /** Who makes it: rcx itself, or systemd as a scope of a slice, which is then what `cgroupParent` names. */
  cgroupManager?: CgroupManager | undefined;
}

export type CgroupManager = 'cgroupfs' | 'systemd';

/** What the container may do. */
export interface SecurityOptions {
  /** Capabilities beside Docker's default, with or without `CAP_`, or `ALL`. */
  capAdd?: string[] | undefined;
  /** Capabilities of the default, or `ALL`, that it does not get. */
  capDrop?: string[] | undefined;
  /**
   * As Docker's `--security-opt`: `seccomp=FILE`, `no-new-privileges`, `apparmor=PROFILE`,
   * `label=disable`, `label=type:TYPE`, `systempaths=unconfined`.
   */
  securityOpt?: string[] | undefined;
  /** All capabilities and devices, no filter for system calls, and the kernel's filesystems to write to. */
  privileged?: boolean | undefined;
}

/** Devices of the host that the container may use, beside those that every container has. */
export interface DeviceOptions {
  devices?: ContainerDevice[] | undefined;
  /** Rules of the device filter in the words of cgroup v1: `c 1:3 rwm`, `b 8:* r`. */
  deviceRules?: string[] | undefined;
}

/** When the container ends, what follows, and what is kept of its output. */
export interface LifeOptions {
  /** `SIGTERM`, `TERM` or a number. */
  stopSignal?: string | undefined;
  /** Seconds between the stop signal and the end; 10 by default. */
  stopTimeout?: number | undefined;
  /** Keep stdin open even while nobody gives input. */
  openStdin?: boolean | undefined;
  /** Close it when the first who gives input goes. */
  stdinOnce?: boolean | undefined;
  restart?: RestartPolicy | undefined;
  log?: Partial<LogConfig> | undefined;
  /** Members that are given replace the image's. */
  healthcheck?: Healthcheck | undefined;
  /** Remove the container when it ends. */
  autoRemove?: boolean | undefined;
}

/** Which ids the container's ids are on the host. */
export interface UserNamespaceOptions {
  /**
   * `host`, the default, for the host's own; `auto` or `auto:size=NUMBER` for ids that no other container has;
   * `FIRSTHOSTID[:NUMBER]` for given ones.
   */
  userns?: string | undefined;
  /** Ids of users; instead of {@link userns}. Without {@link gidMap} they count for groups, too, and the other way round. */
  uidMap?: IdMapping[] | undefined;
  gidMap?: IdMapping[] | undefined;
}

/** Namespaces of the kernel; the container has its own where nothing else is asked for. */
export interface NamespaceOptions {
  ipc?: IpcMode | undefined;
  pid?: PidMode | undefined;
  uts?: 'private' | 'host' | undefined;
  cgroupns?: 'private' | 'host' | undefined;
}

/** By name, id, or prefix of an id. */
export type OtherContainer = `container:${string}`;

/**
 * `none` has only a loopback device; `host` shares the host's network; `ns:PATH` is a network namespace that exists; `bridge` is the
 * default network; anything else is the name or id of one.
 */
export type NetworkMode = 'none' | 'host' | OtherContainer | `ns:${string}` | (string & {});

/** `none` has no `/dev/shm`; only that of `shareable` can be another container's. */
export type IpcMode = 'none' | 'private' | 'shareable' | 'host' | OtherContainer;

export type PidMode = 'private' | 'host' | OtherContainer;

/** A mount that the user asked for. */
export interface ContainerMount {
  type: 'bind' | 'volume' | 'tmpfs' | 'image';
  /** Absolute host path of a bind, an image, or the name of a volume: one without a name is made for this container. */
  source?: string | undefined;
  /** Absolute path inside the container. */
  target: string;
  /** Options as mount(8) has them. */
  options: string[];
  /** On a machine with SELinux: give what is mounted a label that lets all containers use it, or this one alone. */
  relabel?: 'shared' | 'private' | undefined;
  bind?: BindOptions | undefined;
  volume?: VolumeOptions | undefined;
  image?: { subpath?: string | undefined } | undefined;
  /** How it was asked for, if not by `--mount`; for `inspect`. */
  flag?: { name: '-v' | '--tmpfs'; text: string } | undefined;
}

export interface BindOptions {
  /** Make a directory on the host where there is nothing. */
  createSource?: boolean | undefined;
  /**
   * What is mounted below the source: bound, too, and read-only if the bind is (`enabled`); not bound (`disabled`); bound and as
   * writable as it is on the host (`writable`); or surely read-only (`readonly`).
   */
  recursive?: 'enabled' | 'disabled' | 'writable' | 'readonly' | undefined;
}

export interface VolumeOptions {
  /** Do not fill an empty volume with what the image has there. */
  noCopy?: boolean | undefined;
  /** Mount only what stands at this path in the volume. */
  subpath?: string | undefined;
  /** Of a volume that is made. */
  labels?: Record<string, string> | undefined;
  driver?: string | undefined;
  driverOptions?: Record<string, string> | undefined;
}

/** A limit of setrlimit(2); -1 for none. */
export interface ResourceLimit {
  /** Docker's name of it, `nofile`. */
  name: string;
  soft: number;
  hard: number;
}

/** A device of the host, or a directory of which all devices are meant. */
export interface ContainerDevice {
  /** Absolute host path. */
  source: string;
  /** Absolute path inside the container. */
  target: string;
  /** Letters of `rwm`: what the container may do with it. */
  access: string;
}

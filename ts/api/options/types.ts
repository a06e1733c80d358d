import type { Readable } from 'node:stream';
import type { IpcMode, PidMode } from '../../container/options.ts';
import type { LogConfig } from '../../container/record.ts';
import type { Healthcheck, Platform } from '../../oci/types.ts';
import type { Engine } from '../engine.ts';

/** Bytes, or Docker's way to write them: `64m`, `1.5g`. */
export type Size = number | string;

/** How a container is wanted. Everything left out comes from the image, then from Docker's defaults. */
export interface ContainerSettings {
  /** Unique in the store; made up when left out. */
  name?: string | undefined;
  labels?: Record<string, string> | undefined;
  /** For whoever reads the container's runtime-spec. */
  annotations?: Record<string, string> | undefined;
  /** Variant of a multi-platform image, `linux/arm64`; this machine's by default. */
  platform?: string | Platform | undefined;

  /** Replaces the image's entrypoint, and drops its command; an empty list removes it. */
  entrypoint?: string | readonly string[] | undefined;
  /** On top of the image's. A value that is `undefined` is left out. */
  env?: Readonly<Record<string, string | undefined>> | readonly string[] | undefined;
  /** Absolute path inside the container. */
  cwd?: string | undefined;
  /** Docker's `user[:group]`, names or numbers. */
  user?: string | number | undefined;
  /** Supplementary groups beside those of the user. */
  groups?: readonly (string | number)[] | undefined;
  /** Limits of setrlimit(2) by Docker's names, soft and hard ones alike: `{ nofile: 1024 }`, `{ nofile: '1024:4096' }`. */
  ulimits?: Readonly<Record<string, number | string>> | undefined;
  /** How soon the kernel kills it for want of memory, -1000 to 1000. */
  oomScoreAdj?: number | undefined;
  /** Give it a terminal, which has both outputs in one: `stdout`. */
  tty?: boolean | undefined;
  /** Run an init as PID 1 that reaps orphans and forwards signals. */
  init?: boolean | undefined;

  /** Docker's `--volume` as text, `/data:/data:ro`, or a {@link Mount}. */
  mounts?: readonly (string | Mount)[] | undefined;
  /** Of `/dev/shm`; 64 MiB by default. */
  shmSize?: Size | undefined;
  /** Containers whose mounts it gets, too: `name`, `name:ro`. */
  volumesFrom?: readonly string[] | undefined;
  /** Mount the root read-only. */
  readOnly?: boolean | undefined;

  hostname?: string | undefined;
  domainname?: string | undefined;
  /** As Docker's `--network`: `none`, `host`, `container:NAME`, `ns:PATH`, or one or more networks by name. */
  network?: string | readonly string[] | undefined;
  networkAliases?: readonly string[] | undefined;
  ip?: string | undefined;
  ip6?: string | undefined;
  macAddress?: string | undefined;
  /** As Docker's `--publish`: `8080:80`, `127.0.0.1:0:80/tcp`; a number is published at a port that is free. */
  ports?: readonly (string | number)[] | undefined;
  /** Publish all that the image exposes, at ports that are free. */
  publishAll?: boolean | undefined;
  /** Ports that the program listens at, `80/tcp`, beside those of the image. */
  expose?: readonly (string | number)[] | undefined;
  /** Addresses by name, for `/etc/hosts`; `host-gateway` stands for this machine. */
  addHosts?: Readonly<Record<string, string>> | undefined;
  /** Name servers by address, instead of the host's. */
  dns?: readonly string[] | undefined;
  dnsSearch?: readonly string[] | undefined;
  dnsOptions?: readonly string[] | undefined;
  sysctls?: Readonly<Record<string, string | number>> | undefined;

  memory?: Size | undefined;
  /** Memory and swap together; -1 for no limit. Twice the memory when left out. */
  memorySwap?: Size | undefined;
  /** Left to it when others want some. */
  memoryReservation?: Size | undefined;
  /** Processors' worth of time: 1.5 is one and a half. */
  cpus?: number | undefined;
  /** Weight against others when all are busy; 1024 is usual. */
  cpuShares?: number | undefined;
  /** Processors that it may use, `0-2,7`. */
  cpuset?: string | undefined;
  /** Most processes and threads at a time. */
  pids?: number | undefined;
  /** Share of the disks' time, 10 to 1000. */
  blkioWeight?: number | undefined;
  cgroupParent?: string | undefined;
  cgroupManager?: 'cgroupfs' | 'systemd' | undefined;

  capAdd?: readonly string[] | undefined;
  capDrop?: readonly string[] | undefined;
  /** As Docker's `--security-opt`: `seccomp=FILE`, `no-new-privileges`, `apparmor=PROFILE`. */
  securityOpt?: readonly string[] | undefined;
  privileged?: boolean | undefined;
  /** As Docker's `--device`: `/dev/fuse`, `/dev/sda:/dev/xvda:r`. */
  devices?: readonly string[] | undefined;
  /** As Docker's `--device-cgroup-rule`: `c 1:3 rwm`. */
  deviceRules?: readonly string[] | undefined;

  /** `host`, `auto`, `auto:size=NUMBER`, or the first of the host's ids. */
  userns?: string | undefined;
  /** `CONTAINER:HOST:SIZE`. */
  uidMap?: readonly string[] | undefined;
  gidMap?: readonly string[] | undefined;
  ipc?: IpcMode | undefined;
  pid?: PidMode | undefined;
  uts?: 'private' | 'host' | undefined;
  cgroupns?: 'private' | 'host' | undefined;

  /** `SIGTERM`, `TERM` or a number. */
  stopSignal?: string | number | undefined;
  /** Seconds between the stop signal and the end; 10 by default. */
  stopTimeout?: number | undefined;
  /** Of a detached container: `no`, `always`, `unless-stopped`, `on-failure[:MOST]`. */
  restart?: string | undefined;
  /** Of a detached container. */
  log?:
    | { driver?: LogConfig['driver'] | undefined; maxSize?: Size | undefined; maxFile?: number | undefined }
    | undefined;
  /** Of a detached container, in the words of the image-spec's config; times are nanoseconds. */
  healthcheck?: Healthcheck | undefined;
  /** Remove the container when it ends. The default, but for detached ones. */
  autoRemove?: boolean | undefined;
}

/** Something that is mounted, in the words of Docker's `--mount`. */
export interface Mount {
  /** `bind` when left out. */
  type?: 'bind' | 'volume' | 'tmpfs' | 'image' | undefined;
  /** Host path, name of a volume, or image. */
  source?: string | undefined;
  /** Absolute path inside the container. */
  target: string;
  readOnly?: boolean | undefined;
  /** Of a bind: `rprivate` by default. */
  propagation?: 'private' | 'rprivate' | 'shared' | 'rshared' | 'slave' | 'rslave' | undefined;
  /** Of a volume or an image: only what stands at this path. */
  subpath?: string | undefined;
  /** Of a volume: do not fill it with what the image has there. */
  noCopy?: boolean | undefined;
  /** Of a tmpfs. */
  size?: Size | undefined;
  /** Of a tmpfs: octal, `1777`. */
  mode?: string | undefined;
}

/** Where a stream of a program leads: to this process, to the same stream of it, or nowhere. */
export type StreamMode = 'pipe' | 'inherit' | 'ignore';

/** For how long a program runs at most. */
export interface TimeOptions {
  /** Milliseconds that the program has from its start on, before it is killed. */
  timeout?: number | undefined;
  /** Ends it, or what is done before it runs, when it is aborted. */
  signal?: AbortSignal | undefined;
  /** What it is killed with then; `SIGKILL` by default, as the first process of a container ignores what it has no handler for. */
  killSignal?: string | number | undefined;
}

/** Which image, and whose. */
export interface SourceOptions {
  /** When to pull the image: `missing` by default. */
  pull?: 'missing' | 'always' | 'never' | undefined;
  /** The store; the default one of this user when left out. */
  engine?: Engine | undefined;
}

/** Options of {@link spawn}. */
export interface SpawnOptions extends ContainerSettings, TimeOptions, SourceOptions {
  /** `pipe` by default. */
  stdin?: StreamMode | undefined;
  stdout?: StreamMode | undefined;
  stderr?: StreamMode | undefined;
  /**
   * It goes on when this process ends: a small process of its own stays with it. Its streams are `ignore` by default, and it has no
   * `timeout`; `signal` ends it until it runs.
   */
  detached?: boolean | undefined;
}

/** Options of a container that is started later. */
export interface CreateOptions extends ContainerSettings, Omit<SourceOptions, 'engine'> {
  /** Its program can be given input. */
  openStdin?: boolean | undefined;
  /** Ends a pull. */
  signal?: AbortSignal | undefined;
}

/** What is read of a program's output. */
export interface OutputOptions {
  /** What the program reads; the same as {@link OutputOptions.stdin} that is a stream of it. */
  input?: string | Uint8Array | undefined;
  /** What the program reads: a stream, this process' own input, or nothing, which is the default. */
  stdin?: Readable | 'inherit' | 'ignore' | undefined;
  stdout?: StreamMode | undefined;
  stderr?: StreamMode | undefined;
  /** `buffer` for bytes instead of text. */
  encoding?: 'utf8' | 'buffer' | undefined;
  /** Most bytes of each output; a program that writes more is killed. 100 MiB by default. */
  maxBuffer?: number | undefined;
  /** `false`: a program that had no more time, wrote too much or was aborted is a result, too, and no error. */
  reject?: boolean | undefined;
}

/** Options of {@link run}. */
export interface RunOptions extends ContainerSettings, TimeOptions, SourceOptions, OutputOptions {}

/** What a further program in a container is, and what it finds. What is left out is as for the container's own. */
export interface ExecSettings {
  env?: ContainerSettings['env'];
  cwd?: string | undefined;
  user?: string | number | undefined;
  tty?: boolean | undefined;
  /** With all capabilities and no filter for system calls. */
  privileged?: boolean | undefined;
}

/** Options of `exec()`. */
export interface ExecOptions extends ExecSettings, TimeOptions, OutputOptions {}

/** Options of a container's `spawn()`. */
export interface ExecSpawnOptions extends ExecSettings, TimeOptions {
  stdin?: StreamMode | undefined;
  stdout?: StreamMode | undefined;
  stderr?: StreamMode | undefined;
}

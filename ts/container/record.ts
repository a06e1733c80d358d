import { closeSync, existsSync, fstatSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { isRcxError, RcxError } from '../errors.ts';
import type { ContainerNetwork } from '../network/membership.ts';
import type { Digest } from '../oci/digest.ts';
import type { ExecutionConfig, Healthcheck } from '../oci/types.ts';
import { writeFileAtomic } from '../store/atomic.ts';
import type { ProcessIdentity } from './liveness.ts';
import type { AskedMounts, MountPoint } from './mounts/point.ts';
import type { MountedImage } from './mounts/resolved.ts';
import type { PortRequest } from './publish.ts';
import type { Settings } from './settings.ts';
import type { LaunchRequest } from './spec/types.ts';

/** What is fixed when a container is made: `config.json` of its folder. */
export interface ContainerConfig {
  id: string;
  name: string;
  /** ISO 8601. */
  created: string;
  /** The image as the user named it; absent for a bare root filesystem. */
  image?: string;
  imageId?: Digest;
  /** Layers of the image, base first: they are in use as long as the container exists. */
  diffIds: Digest[];
  /** What the image's defaults came to. */
  execution: ExecutionConfig;
  autoRemove: boolean;
  network: string;
  /** The networks that it is in, by name. */
  networks?: Record<string, ContainerNetwork>;
  /** Published ports, as they were asked for. */
  ports?: PortRequest[];
  /** It has a user namespace: with ids that no other container has, or with given ones. */
  userns?: 'auto' | 'private';
  /** Where it is the host's, and so not in the request. */
  hostname?: string;
  restart: RestartPolicy;
  log: LogConfig;
  /** The program can be given input. */
  openStdin: boolean;
  /** Its input ends when the first who gave some goes. */
  stdinOnce: boolean;
  /** By number. */
  stopSignal: number;
  /** Seconds that it has after the signal. */
  stopTimeout: number;
  healthcheck?: Healthcheck;
  labels: Record<string, string>;
  /** CPU time was limited as quota and period, and not as so many processors. */
  cpuQuota?: boolean;
  /** Paths of the block devices that have limits, by `major:minor`. */
  blockDevices?: Record<string, string>;
  /** As it was given. */
  cgroupParent?: string;
  /** What was asked for its confinement; absent where nothing was. */
  security?: SecurityRecord;
  /** Absent in the records of an older rcx. */
  settings?: Settings;
  /** What is mounted beside rcx's own. */
  mounts?: MountPoint[];
  /** How that was asked for. */
  asked?: AskedMounts;
  /** Images that are mounted: they are in use as well. */
  mountedImages?: MountedImage[];
  /** What the core was given. */
  request: LaunchRequest;
}

/** What a user wanted a container's confinement to be, as Docker's `inspect` shows it. */
export interface SecurityRecord {
  capAdd: string[];
  capDrop: string[];
  /** Profiles with their content. */
  securityOpt: string[];
  privileged: boolean;
}

/** When a container that ended is run again. */
export interface RestartPolicy {
  name: 'no' | 'on-failure' | 'always' | 'unless-stopped';
  /** Most restarts of `on-failure`; 0 for any number. */
  maximumRetryCount: number;
}

/** Where a container's output goes. */
export interface LogConfig {
  driver: 'json-file' | 'none';
  /** Bytes of one file; 0 for any number. */
  maxSize: number;
  /** Files in all. */
  maxFile: number;
}

/** What changes: `state.json` of its folder. The monitor writes it as long as it lives, see `crates/core/src/monitor/record.rs`. */
export interface ContainerState {
  status: 'created' | 'running' | 'restarting' | 'exited';
  /** The container's init, while it runs. */
  process?: ProcessIdentity;
  /** The process that launched it, without which it cannot run. */
  owner: ProcessIdentity;
  /** Its owner is about to launch it. */
  willStart?: boolean;
  startedAt?: string;
  finishedAt?: string;
  /** Docker's number: 128 + n for signal n. Absent when nobody lived to learn it. */
  exitCode?: number;
  /** The kernel has killed a process of it for want of memory. */
  oomKilled?: boolean;
  /** Why it could not be started. */
  error?: string;
  /** How often it was run again. */
  restartCount?: number;
  /** Somebody has asked for its end: it is not started with the machine. */
  stopped?: boolean;
  health?: 'starting' | 'healthy' | 'unhealthy';
  /** Ports of the machine that lead to it, while it runs: `0.0.0.0:8080`, `[::]:8080`. */
  ports?: { protocol: 'tcp' | 'udp'; at: string; to: string }[];
  /** How the root was changed. */
  root?: string;
  /** System call that mounted the overlay: `fsconfig`, or `mount` on kernels before 6.8. */
  overlayApi?: 'fsconfig' | 'mount';
}

const CONFIG = 'config.json';
/** In the container's folder: held by whoever changes the fixed part of its record. */
export const CONFIG_LOCK = 'config.lock';
const STATE = 'state.json';

/** Writes a record into a folder that nobody else can see yet: the rename of the folder is what makes it whole. */
export function writeNew(folder: string, file: typeof CONFIG, config: ContainerConfig): void;
export function writeNew(folder: string, file: typeof STATE, state: ContainerState): void;
export function writeNew(folder: string, file: string, content: ContainerConfig | ContainerState): void {
  writeFileSync(join(folder, file), `${JSON.stringify(content)}\n`, { flag: 'wx', mode: 0o600 });
}

/**
 * Replaces a container's state. One that was removed meanwhile, by force, has none any more. On a full disk, which is what
 * the container itself may have made of it, the new state takes the room of the old one.
 */
export function writeState(folder: string, state: ContainerState): void {
  const [path, text] = [join(folder, STATE), JSON.stringify(state)];
  try {
    try {
      writeFileAtomic(path, `${text}\n`);
    } catch (error) {
      if (!hasCode(error, 'ENOSPC', 'EDQUOT')) throw error;
      overwrite(path, text);
    }
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error;
  }
}

/** By one write that leaves nothing of the old record behind: whoever reads it meanwhile sees the one or the other. */
function overwrite(path: string, text: string): void {
  const fd = openSync(path, 'r+');
  try {
    writeSync(fd, `${text.padEnd(fstatSync(fd).size - 1)}\n`, 0);
  } finally {
    closeSync(fd);
  }
}

function hasCode(error: unknown, ...codes: string[]): boolean {
  return codes.includes((error as NodeJS.ErrnoException).code ?? '');
}

/** Replaces the fixed part of a container's record; whoever does so holds its lock, see {@link changeConfig}. */
export function writeConfig(folder: string, config: ContainerConfig): void {
  writeFileAtomic(join(folder, CONFIG), `${JSON.stringify(config)}\n`, { mode: 0o600 });
}

/** @throws ERR_RCX_CONTAINER_DAMAGED when the file is missing, unreadable, or no such record */
export function readConfig(folder: string): ContainerConfig {
  return read(folder, CONFIG, isConfig);
}

/** @throws ERR_RCX_CONTAINER_DAMAGED as {@link readConfig} */
export function readState(folder: string): ContainerState {
  return read(folder, STATE, isState);
}

/**
 * The state that the monitor could not write into the container's folder, whose disk was full: it is the newer one.
 * @param run the container's runtime directory
 */
export function readStateAside(run: string): ContainerState | undefined {
  if (!existsSync(join(run, STATE))) return undefined;
  try {
    return readState(run);
  } catch (error) {
    // It was just written where it belongs.
    if (isRcxError(error, 'ERR_RCX_CONTAINER_DAMAGED')) return undefined;
    throw error;
  }
}

/** Enough to tell a record from damage; rcx itself wrote the rest. */
function isConfig(value: unknown): value is ContainerConfig {
  if (!isObject(value) || !isObject(value.request)) return false;
  const { id, name, created, diffIds, request } = value;
  const texts = [id, name, created].every((text) => typeof text === 'string');
  return texts && Array.isArray(diffIds) && isObject(request.spec) && isObject(request.rcx);
}

function isState(value: unknown): value is ContainerState {
  return isObject(value) && typeof value.status === 'string' && isObject(value.owner);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function read<T>(folder: string, file: string, isRecord: (value: unknown) => value is T): T {
  const path = join(folder, file);
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (isRecord(value)) return value;
    throw new Error('it is not what rcx writes there');
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new RcxError(`read the container's record: ${path}: ${why}`, {
      code: 'ERR_RCX_CONTAINER_DAMAGED',
      step: "read the container's record",
      path,
      hint: 'remove the container with: rcx rm -f',
      cause,
    });
  }
}

import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { KERNEL_MOUNTS, STOP_SIGNAL } from './defaults.ts';
import type {
  ContainerInspect,
  InspectConfig,
  InspectGraphDriver,
  InspectHostConfig,
  InspectMount,
  InspectState,
} from './inspectTypes.ts';
import type { ContainerConfig, ContainerState } from './record.ts';
import type { SpecMount } from './runtimeSpec.ts';
import type { StoredContainer } from './store.ts';

export type { ContainerInspect } from './inspectTypes.ts';

/** Docker's way to say never. */
const NEVER = '0001-01-01T00:00:00Z';
const PROPAGATIONS = /^r?(private|slave|shared)$/;

/** Describes a container from its record alone. */
export function inspectContainer({ folder, config, state }: StoredContainer): ContainerInspect {
  const [path = '', ...args] = config.request.spec.process.args;
  return {
    Id: config.id,
    Created: config.created,
    Path: path,
    Args: args,
    State: inspectState(state),
    Image: config.imageId ?? '',
    ResolvConfPath: join(folder, 'resolv.conf'),
    HostnamePath: join(folder, 'hostname'),
    HostsPath: join(folder, 'hosts'),
    Name: `/${config.name}`,
    Driver: graphDriver(config).Name,
    RootChange: state.root ?? '',
    OverlayApi: state.overlayApi ?? '',
    Platform: 'linux',
    Mounts: config.request.spec.mounts.filter((mount) => isUsers(mount, folder)).map(inspectMount),
    HostConfig: hostConfig(config),
    Config: containerConfig(config),
    GraphDriver: graphDriver(config),
  };
}

function inspectState(state: ContainerState): InspectState {
  const unknown = state.status === 'exited' ? -1 : 0;
  return {
    Status: state.status,
    Running: state.status === 'running',
    Pid: state.process?.pid ?? 0,
    ExitCode: state.exitCode ?? unknown,
    Error: state.error ?? '',
    StartedAt: state.startedAt ?? NEVER,
    FinishedAt: state.finishedAt ?? NEVER,
  };
}

function isUsers(mount: SpecMount, folder: string): boolean {
  const ownFile = mount.type === 'bind' && mount.source?.startsWith(`${folder}/`);
  return !ownFile && !KERNEL_MOUNTS.some((own) => isDeepStrictEqual(own, mount));
}

function inspectMount({ type, source = '', destination, options }: SpecMount): InspectMount {
  const propagation = options.find((option) => PROPAGATIONS.test(option));
  const mode = options.filter((option) => option !== 'rbind' && option !== propagation);
  return {
    Type: type,
    Source: type === 'bind' ? source : '',
    Destination: destination,
    Mode: mode.join(','),
    RW: !options.includes('ro'),
    Propagation: type === 'bind' ? (propagation ?? 'rprivate') : '',
  };
}

function hostConfig(config: ContainerConfig): InspectHostConfig {
  const { spec, rcx } = config.request;
  const { memory, cpu, pids } = spec.linux.resources;
  return {
    NetworkMode: config.network,
    AutoRemove: config.autoRemove,
    ReadonlyRootfs: spec.root.readonly ?? false,
    Init: rcx.init,
    Memory: memory?.limit ?? 0,
    MemorySwap: memory?.swap ?? 0,
    NanoCpus: cpu === undefined ? 0 : Math.round((cpu.quota / cpu.period) * 1e9),
    PidsLimit: pids?.limit ?? 0,
    CgroupPath: spec.linux.cgroupsPath,
    MaskedPaths: spec.linux.maskedPaths,
    ReadonlyPaths: spec.linux.readonlyPaths,
  };
}

function containerConfig(config: ContainerConfig): InspectConfig {
  const { execution } = config;
  const { spec, rcx } = config.request;
  return {
    Hostname: spec.hostname ?? '',
    User: rcx.user,
    Tty: spec.process.terminal,
    Env: spec.process.env,
    Cmd: execution.Cmd ?? null,
    Entrypoint: execution.Entrypoint ?? null,
    Image: config.image ?? '',
    WorkingDir: spec.process.cwd,
    Labels: execution.Labels ?? {},
    StopSignal: execution.StopSignal ?? STOP_SIGNAL,
  };
}

function graphDriver({ request }: ContainerConfig): InspectGraphDriver {
  const { overlay, mountpoint } = request.rcx;
  if (overlay === undefined) return { Name: 'none', Data: { RootDir: request.spec.root.path } };
  const { lower, upper, work } = overlay;
  return {
    Name: 'overlay',
    Data: { LowerDir: lower.join(':'), UpperDir: upper, WorkDir: work, MergedDir: mountpoint },
  };
}

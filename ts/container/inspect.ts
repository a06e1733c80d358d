import { containerConfig, hostConfig } from './inspectConfig.ts';
import type {
  ContainerInspect,
  InspectEndpoint,
  InspectGraphDriver,
  InspectHealth,
  InspectMount,
  InspectState,
} from './inspectTypes.ts';
import type { ContainerSize } from './list.ts';
import { logPath } from './logs/files.ts';
import type { MountPoint } from './mounts/point.ts';
import { networkFile } from './networkFiles.ts';
import type { ContainerConfig, ContainerState } from './record.ts';
import { DEFAULT_APPARMOR, hasAppArmor } from './security/apparmor.ts';
import { type ContainerStatus, isUp } from './status.ts';
import type { StoredContainer } from './store.ts';

export type { ContainerInspect } from './inspectTypes.ts';

/** Docker's way to say never. */
const NEVER = '0001-01-01T00:00:00Z';

/** What is not in a container's record. */
export interface InspectExtras {
  status: ContainerStatus;
  /** The last checks, while it runs. */
  health?: InspectHealth | undefined;
  /** Where it was asked for. */
  sizes?: ContainerSize | undefined;
}

/** Describes a container from its record, and what else is known of it. */
export function inspectContainer(
  stored: StoredContainer,
  extras: InspectExtras = { status: stored.state.status },
): ContainerInspect {
  const { folder, config, state } = stored;
  const { spec, rcx } = config.request;
  const [path = '', ...args] = spec.process.args;
  const { sizes } = extras;
  return {
    Id: config.id,
    Created: config.created,
    Path: path,
    Args: args,
    State: inspectState(state, extras),
    Image: config.imageId ?? '',
    ResolvConfPath: networkFile(stored, 'resolv.conf'),
    HostnamePath: networkFile(stored, 'hostname'),
    HostsPath: networkFile(stored, 'hosts'),
    LogPath: config.log.driver === 'none' ? '' : logPath(folder),
    Name: `/${config.name}`,
    RestartCount: state.restartCount ?? 0,
    Driver: rcx.overlay === undefined ? 'none' : 'overlay',
    RootChange: state.root ?? '',
    OverlayApi: state.overlayApi ?? '',
    Platform: 'linux',
    MountLabel: spec.linux.mountLabel ?? '',
    ProcessLabel: spec.process.selinuxLabel ?? '',
    AppArmorProfile: hasAppArmor() ? (spec.process.apparmorProfile ?? DEFAULT_APPARMOR) : '',
    Mounts: (config.mounts ?? []).filter(({ hidden }) => !hidden).map(inspectMount),
    HostConfig: hostConfig(config),
    NetworkSettings: { Networks: endpoints(config) },
    ...(sizes !== undefined && { SizeRw: sizes.rw, SizeRootFs: sizes.rootFs }),
    Config: containerConfig(config),
    GraphDriver: graphDriver(config),
  };
}

function inspectState(state: ContainerState, { status, health }: InspectExtras): InspectState {
  const unknown = state.status === 'exited' ? -1 : 0;
  return {
    Status: status,
    // As in Docker, one that stands still or is going to be run again counts.
    Running: isUp(status),
    Paused: status === 'paused',
    Restarting: status === 'restarting',
    OOMKilled: state.oomKilled ?? false,
    Dead: false,
    Pid: state.process?.pid ?? 0,
    ExitCode: state.exitCode ?? unknown,
    Error: state.error ?? '',
    StartedAt: state.startedAt ?? NEVER,
    FinishedAt: state.finishedAt ?? NEVER,
    ...(state.health !== undefined && {
      Health: health ?? { Status: state.health, FailingStreak: 0, Log: [] },
    }),
  };
}

/** With the fields that Docker has for each type, in its order. */
function inspectMount({ type, name, source, destination, mode, rw, propagation }: MountPoint): InspectMount {
  return {
    Type: type,
    ...(name !== undefined && { Name: name }),
    Source: source,
    Destination: destination,
    ...(type === 'volume' && { Driver: 'local' as const }),
    Mode: mode,
    RW: rw,
    Propagation: propagation,
  };
}

function endpoints({ networks = {} }: ContainerConfig): Record<string, InspectEndpoint> {
  const described = Object.entries(networks).map(([name, { id, gateway, address, prefix, mac }]) => [
    name,
    { NetworkID: id, Gateway: gateway, IPAddress: address, IPPrefixLen: prefix, MacAddress: mac },
  ]);
  return Object.fromEntries(described);
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

import type { ContainerNetwork } from '../network/membership.ts';
import { containerConfig, hostConfig } from './inspectConfig.ts';
import type {
  ContainerInspect,
  InspectAddress,
  InspectEndpoint,
  InspectGraphDriver,
  InspectHealth,
  InspectMount,
  InspectState,
} from './inspectTypes.ts';
import type { ContainerSize } from './list.ts';
import { logPath } from './logs/files.ts';
import { inspectPorts } from './mappings.ts';
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
    NetworkSettings: {
      ...mainAddress(config),
      Ports: isUp(extras.status) ? inspectPorts(config, state) : {},
      Networks: endpoints(config),
    },
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

/** Docker has those of its default network here, once more. */
function mainAddress({ networks = {} }: ContainerConfig): InspectAddress {
  const first = Object.values(networks)[0];
  if (first === undefined) return { Gateway: '', IPAddress: '', IPPrefixLen: 0, MacAddress: '' };
  const { gateway, address, prefix, mac } = first;
  return { Gateway: gateway, IPAddress: address, IPPrefixLen: prefix, MacAddress: mac };
}

function endpoint(
  { id: network, gateway, address, prefix, mac, ipv6, aliases = [], asked }: ContainerNetwork,
  id: string,
): InspectEndpoint {
  return {
    IPAMConfig: asked && { ...(asked.ip && { IPv4Address: asked.ip }), ...(asked.ip6 && { IPv6Address: asked.ip6 }) },
    Aliases: aliases,
    ...{ NetworkID: network, Gateway: gateway, IPAddress: address, IPPrefixLen: prefix, MacAddress: mac },
    IPv6Gateway: ipv6?.gateway ?? '',
    GlobalIPv6Address: ipv6?.address ?? '',
    GlobalIPv6PrefixLen: ipv6?.prefix ?? 0,
    DNSNames: [...aliases, id.slice(0, 12)],
  };
}

function endpoints({ id, networks = {} }: ContainerConfig): Record<string, InspectEndpoint> {
  const described = Object.entries(networks).map(([name, own]) => [name, endpoint(own, id)]);
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

import { dirname } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { containerConfig, hostConfig } from './inspectConfig.ts';
import type {
  ContainerInspect,
  InspectGraphDriver,
  InspectHealth,
  InspectMount,
  InspectState,
} from './inspectTypes.ts';
import type { ContainerSize } from './list.ts';
import { logPath } from './logs/files.ts';
import { networkFile } from './networkFiles.ts';
import type { ContainerConfig, ContainerState } from './record.ts';
import { DEFAULT_APPARMOR, hasAppArmor } from './security/apparmor.ts';
import { HOST_SHM, KERNEL_MOUNTS, SHM } from './spec/defaults.ts';
import type { SpecMount } from './spec/types.ts';
import { type ContainerStatus, isUp } from './status.ts';
import type { StoredContainer } from './store.ts';

export type { ContainerInspect } from './inspectTypes.ts';

/** Docker's way to say never. */
const NEVER = '0001-01-01T00:00:00Z';
const PROPAGATIONS = /^r?(private|slave|shared)$/;

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
    AppArmorProfile: hasAppArmor() ? (spec.process.apparmorProfile ?? DEFAULT_APPARMOR) : '',
    Mounts: userMounts(stored).map(inspectMount),
    HostConfig: hostConfig(config),
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

/** The mounts that the user asked for. */
export function userMounts(stored: Pick<StoredContainer, 'config' | 'folder'>): SpecMount[] {
  const { config, folder } = stored;
  const network = dirname(networkFile(stored, 'hosts'));
  return config.request.spec.mounts.filter((mount) => {
    const own = [folder, network].some((place) => mount.source?.startsWith(`${place}/`));
    if ((mount.type === 'bind' && own) || mount.source === SHM) return false;
    return ![...KERNEL_MOUNTS, HOST_SHM].some((each) => isSameMount(each, mount));
  });
}

/** A privileged container's are not read-only. */
function isSameMount(own: SpecMount, mount: SpecMount): boolean {
  const writable = own.options.filter((option) => option !== 'ro');
  return isDeepStrictEqual(own, mount) || isDeepStrictEqual({ ...own, options: writable }, mount);
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

function graphDriver({ request }: ContainerConfig): InspectGraphDriver {
  const { overlay, mountpoint } = request.rcx;
  if (overlay === undefined) return { Name: 'none', Data: { RootDir: request.spec.root.path } };
  const { lower, upper, work } = overlay;
  return {
    Name: 'overlay',
    Data: { LowerDir: lower.join(':'), UpperDir: upper, WorkDir: work, MergedDir: mountpoint },
  };
}

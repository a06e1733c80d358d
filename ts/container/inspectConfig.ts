import type { InspectAsked, InspectConfig, InspectHostConfig } from './inspectTypes.ts';
import type { ContainerConfig } from './record.ts';
import { CPU_PERIOD_MICROS, SHM_SIZE, STOP_SIGNAL } from './spec/defaults.ts';
import type { SpecLinux, SpecThrottle } from './spec/types.ts';
import { showIdMapping } from './userns/mapping.ts';

/** What the host was asked for. */
export function hostConfig(config: ContainerConfig): InspectHostConfig {
  const { spec, rcx } = config.request;
  const { log, restart, security } = config;
  const list = (asked: string[] = []) => (asked.length > 0 ? asked : null);
  return {
    Binds: null,
    VolumesFrom: null,
    VolumeDriver: '',
    ...config.asked,
    NetworkMode: config.network,
    PortBindings: portBindings(config),
    UsernsMode: config.userns ?? '',
    ...idMappings(spec.linux),
    AutoRemove: config.autoRemove,
    RestartPolicy: { Name: restart.name, MaximumRetryCount: restart.maximumRetryCount },
    LogConfig: {
      Type: log.driver,
      Config: {
        ...(log.maxSize > 0 && { 'max-size': String(log.maxSize) }),
        ...(log.maxFile > 1 && { 'max-file': String(log.maxFile) }),
      },
    },
    Privileged: security?.privileged ?? false,
    CapAdd: list(security?.capAdd),
    CapDrop: list(security?.capDrop),
    SecurityOpt: list(security?.securityOpt),
    ReadonlyRootfs: spec.root.readonly ?? false,
    Init: rcx.init,
    ...limits(config),
    ...asked(config),
    CgroupParent: config.cgroupParent ?? '',
    CgroupPath: spec.linux.cgroupsPath ?? '',
    MaskedPaths: spec.linux.maskedPaths,
    ReadonlyPaths: spec.linux.readonlyPaths,
  };
}

function portBindings({ ports = [] }: ContainerConfig): InspectHostConfig['PortBindings'] {
  const bindings: InspectHostConfig['PortBindings'] = {};
  for (const { protocol, ip = '', host, container } of ports) {
    const isSame = host !== undefined && host.last - host.first === container.last - container.first;
    for (let port = container.first; port <= container.last; port++) {
      const name = `${port}/${protocol}`;
      const range = host === undefined ? '' : `${host.first}${host.first === host.last ? '' : `-${host.last}`}`;
      const HostPort = isSame ? String(host.first + port - container.first) : range;
      bindings[name] = [...(bindings[name] ?? []), { HostIp: ip, HostPort }];
    }
  }
  return bindings;
}

/** What was asked for beside limits. */
function asked({ request: { spec, rcx }, settings = {} }: ContainerConfig): InspectAsked {
  return {
    Devices: (rcx.devices ?? []).map(({ source, target, access }) => ({
      PathOnHost: source,
      PathInContainer: target,
      CgroupPermissions: access,
    })),
    DeviceCgroupRules: settings.deviceRules ?? null,
    GroupAdd: rcx.groups ?? null,
    Ulimits: (rcx.rlimits ?? []).map(({ name, soft, hard }) => ({ Name: name, Hard: hard, Soft: soft })),
    OomScoreAdj: spec.process.oomScoreAdj ?? 0,
    OomKillDisable: spec.linux.resources.memory?.disableOOMKiller ?? false,
    Sysctls: settings.sysctls ?? {},
    ShmSize: settings.shmSize ?? SHM_SIZE,
    ContainerIDFile: settings.cidFile ?? '',
    IpcMode: settings.ipc ?? 'private',
    PidMode: settings.pid === 'private' ? '' : (settings.pid ?? ''),
    UTSMode: settings.uts === 'private' ? '' : (settings.uts ?? ''),
    CgroupnsMode: settings.cgroupns ?? 'private',
    Runtime: settings.runtime ?? 'runc',
    Isolation: '',
    Annotations: spec.annotations ?? {},
  };
}

type LimitName = Extract<keyof InspectHostConfig, `${'Memory' | 'Nano' | 'Cpu' | 'Pids' | 'Blkio'}${string}`>;

function limits(config: ContainerConfig): Pick<InspectHostConfig, LimitName> {
  const { memory, cpu, pids, blockIO } = config.request.spec.linux.resources;
  const processors = cpu?.quota === undefined || cpu.quota < 0 ? 0 : cpu.quota / (cpu.period ?? CPU_PERIOD_MICROS);
  const isQuota = config.cpuQuota === true;
  const pathOf = ({ major, minor }: Pick<SpecThrottle, 'major' | 'minor'>) =>
    config.blockDevices?.[`${major}:${minor}`] ?? `${major}:${minor}`;
  const rates = (list: SpecThrottle[] = []) => list.map((each) => ({ Path: pathOf(each), Rate: each.rate }));
  return {
    Memory: memory?.limit ?? 0,
    MemorySwap: memory?.swap ?? 0,
    MemoryReservation: memory?.reservation ?? 0,
    MemorySwappiness: memory?.swappiness ?? null,
    NanoCpus: isQuota ? 0 : Math.round(processors * 1e9),
    CpuQuota: isQuota ? (cpu?.quota ?? 0) : 0,
    CpuPeriod: isQuota ? (cpu?.period ?? 0) : 0,
    CpuShares: cpu?.shares ?? 0,
    CpuRealtimeRuntime: cpu?.realtimeRuntime ?? 0,
    CpuRealtimePeriod: cpu?.realtimePeriod ?? 0,
    CpusetCpus: cpu?.cpus ?? '',
    CpusetMems: cpu?.mems ?? '',
    PidsLimit: pids?.limit ?? 0,
    BlkioWeight: blockIO?.weight ?? 0,
    BlkioWeightDevice: (blockIO?.weightDevice ?? []).map((each) => ({ Path: pathOf(each), Weight: each.weight })),
    BlkioDeviceReadBps: rates(blockIO?.throttleReadBpsDevice),
    BlkioDeviceWriteBps: rates(blockIO?.throttleWriteBpsDevice),
    BlkioDeviceReadIOps: rates(blockIO?.throttleReadIOPSDevice),
    BlkioDeviceWriteIOps: rates(blockIO?.throttleWriteIOPSDevice),
  };
}

function idMappings({ uidMappings, gidMappings }: SpecLinux): Pick<InspectHostConfig, 'IDMappings'> {
  if (uidMappings === undefined || gidMappings === undefined) return {};
  return { IDMappings: { UidMap: uidMappings.map(showIdMapping), GidMap: gidMappings.map(showIdMapping) } };
}

/** What the container was asked for. */
export function containerConfig(config: ContainerConfig): InspectConfig {
  const { execution, healthcheck } = config;
  const { spec, rcx } = config.request;
  return {
    Hostname: spec.hostname ?? config.hostname ?? '',
    Domainname: spec.domainname ?? '',
    User: rcx.user,
    Tty: spec.process.terminal,
    OpenStdin: config.openStdin,
    StdinOnce: config.stdinOnce,
    Env: spec.process.env,
    ...(execution.ExposedPorts !== undefined && { ExposedPorts: execution.ExposedPorts }),
    Cmd: execution.Cmd ?? null,
    ...(healthcheck !== undefined && { Healthcheck: healthcheck }),
    Entrypoint: execution.Entrypoint ?? null,
    Image: config.image ?? '',
    Volumes: execution.Volumes ?? null,
    WorkingDir: spec.process.cwd,
    Labels: execution.Labels ?? {},
    StopSignal: execution.StopSignal ?? STOP_SIGNAL,
    StopTimeout: config.stopTimeout,
  };
}

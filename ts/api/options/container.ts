import { parseDevice, parseDeviceRule } from '../../container/deviceFlags.ts';
import { parseCgroupnsMode, parseIpcMode, parsePidMode, parseUtsMode } from '../../container/namespaceModes.ts';
import { parseNetworkFlag } from '../../container/networkFlag.ts';
import type { ContainerOptions } from '../../container/options.ts';
import { parseExpose } from '../../container/ports.ts';
import { parsePublish } from '../../container/publish.ts';
import { parseRestartPolicy } from '../../container/restartPolicy.ts';
import { parseUlimit } from '../../container/rlimits.ts';
import { parseSignal } from '../../container/signals.ts';
import { parseIdMapping } from '../../container/userns/mapping.ts';
import { parsePlatform } from '../../oci/platform.ts';
import type { Platform } from '../../oci/types.ts';
import {
  flag,
  invalidOption,
  list,
  number,
  object,
  oneOf,
  type Path,
  parsed,
  record,
  size,
  text,
  textOrNumber,
  whole,
} from './check.ts';
import { readMount } from './mount.ts';
import type { ContainerSettings } from './types.ts';

type Reader = (value: unknown, path: Path) => ContainerOptions;

/** An option of the same name and form. */
function same<K extends keyof ContainerOptions>(
  name: K,
  read: (value: unknown, path: Path) => Exclude<ContainerOptions[K], undefined>,
): Reader {
  return (value, path) => ({ [name]: read(value, path) });
}

const texts = list(text);
const integer = (value: unknown, path: Path) => whole(value, path, Number.MIN_SAFE_INTEGER);
const natural = (value: unknown, path: Path) => whole(value, path);
const bytes = (value: unknown, path: Path) => size(value, path);
const limit = (value: unknown, path: Path) => size(value, path, -1);

/** How each option is read. */
const READERS: Record<keyof ContainerSettings, Reader> = {
  name: same('name', text),
  labels: same('labels', record(text)),
  annotations: same('annotations', record(text)),
  platform: same('platform', readPlatform),
  entrypoint: same('entrypoint', (value, path) =>
    typeof value === 'string' ? [text(value, path)] : texts(value, path),
  ),
  env: same('env', readEnv),
  cwd: same('workdir', text),
  user: same('user', textOrNumber),
  groups: same('groups', list(textOrNumber)),
  ulimits: same('rlimits', (value, path) =>
    Object.entries(object(value, path)).map(([name, each]) =>
      parsed((words) => parseUlimit(`${name}=${words}`))(each, `${path}.${name}`),
    ),
  ),
  oomScoreAdj: same('oomScoreAdj', integer),
  tty: same('tty', flag),
  init: same('init', flag),
  mounts: same('mounts', list(readMount)),
  shmSize: same('shmSize', bytes),
  volumesFrom: same('volumesFrom', texts),
  readOnly: same('readOnly', flag),
  hostname: same('hostname', text),
  domainname: same('domainname', text),
  network: readNetworks,
  networkAliases: same('networkAliases', texts),
  ip: same('ip', text),
  ip6: same('ip6', text),
  macAddress: same('macAddress', text),
  ports: same('ports', list(parsed(parsePublish))),
  publishAll: same('publishAll', flag),
  expose: same('exposedPorts', (value, path) => list(parsed(parseExpose))(value, path).flat()),
  addHosts: same('addHosts', (value, path) =>
    Object.entries(record(text)(value, path)).map(([name, address]) => `${name}:${address}`),
  ),
  dns: same('dns', texts),
  dnsSearch: same('dnsSearch', texts),
  dnsOptions: same('dnsOptions', texts),
  sysctls: same('sysctls', record(textOrNumber)),
  memory: same('memory', bytes),
  memorySwap: same('memorySwap', limit),
  memoryReservation: same('memoryReservation', bytes),
  cpus: same('cpus', number),
  cpuShares: same('cpuShares', natural),
  cpuset: same('cpusetCpus', text),
  pids: same('pidsLimit', (value, path) => whole(value, path, -1)),
  blkioWeight: same('blkioWeight', natural),
  cgroupParent: same('cgroupParent', text),
  cgroupManager: same('cgroupManager', oneOf(['cgroupfs', 'systemd'])),
  capAdd: same('capAdd', texts),
  capDrop: same('capDrop', texts),
  securityOpt: same('securityOpt', texts),
  privileged: same('privileged', flag),
  devices: same('devices', list(parsed(parseDevice))),
  deviceRules: same('deviceRules', list(parsed(parseDeviceRule))),
  userns: same('userns', text),
  uidMap: same('uidMap', list(parsed(parseIdMapping))),
  gidMap: same('gidMap', list(parsed(parseIdMapping))),
  ipc: (value, path) => ({ ipc: parsed(parseIpcMode)(value, path) }),
  pid: (value, path) => ({ pid: parsed(parsePidMode)(value, path) }),
  uts: (value, path) => ({ uts: parsed(parseUtsMode)(value, path) }),
  cgroupns: (value, path) => ({ cgroupns: parsed(parseCgroupnsMode)(value, path) }),
  stopSignal: same('stopSignal', (value, path) => String(readSignal(value, path))),
  stopTimeout: same('stopTimeout', (value, path) => whole(value, path, -1)),
  restart: same('restart', parsed(parseRestartPolicy)),
  log: same('log', readLog),
  healthcheck: same('healthcheck', object),
  autoRemove: same('autoRemove', flag),
};

/** Names of all of them. */
export const CONTAINER_SETTINGS = Object.keys(READERS);

/** The container that is asked for. @throws ERR_RCX_INVALID_OPTION, before anything is made */
export function readContainerSettings(settings: ContainerSettings): ContainerOptions {
  const result: ContainerOptions = {};
  for (const [name, value] of Object.entries(settings)) {
    const read = READERS[name as keyof ContainerSettings];
    if (value !== undefined && read !== undefined) Object.assign(result, read(value, name));
  }
  return result;
}

/** `NAME=value` each. */
export function readEnv(value: unknown, path: Path): string[] {
  const pairs = Array.isArray(value)
    ? list(text)(value, path)
    : Object.entries(record(text)(value, path)).map(([name, each]) => `${name}=${each}`);
  const wrong = pairs.find((pair) => !/^[^=]+=/.test(pair));
  if (wrong !== undefined) throw invalidOption(path, wrong, 'a variable is NAME=value');
  return pairs;
}

/** The number of a signal. */
export function readSignal(value: unknown, path: Path): number {
  return parsed(parseSignal)(value, path);
}

function readPlatform(value: unknown, path: Path): Platform {
  if (typeof value === 'string') return parsed(parsePlatform)(value, path);
  const { os, architecture, ...rest } = object(value, path) as Partial<Platform>;
  return { ...rest, os: text(os, `${path}.os`), architecture: text(architecture, `${path}.architecture`) };
}

function readNetworks(value: unknown, path: Path): ContainerOptions {
  const endpoints = list(parsed(parseNetworkFlag))(Array.isArray(value) ? value : [value], path);
  const [first, ...moreNetworks] = endpoints;
  if (first === undefined) throw invalidOption(path, value, 'name a network, or none');
  const { network, aliases, ip, ip6, mac } = first;
  return {
    network,
    ...(aliases !== undefined && { networkAliases: aliases }),
    ...(ip !== undefined && { ip }),
    ...(ip6 !== undefined && { ip6 }),
    ...(mac !== undefined && { macAddress: mac }),
    ...(moreNetworks.length > 0 && { moreNetworks }),
  };
}

function readLog(value: unknown, path: Path) {
  const { driver, maxSize, maxFile } = object(value, path);
  return {
    ...(driver !== undefined && { driver: oneOf(['json-file', 'none'])(driver, `${path}.driver`) }),
    ...(maxSize !== undefined && { maxSize: size(maxSize, `${path}.maxSize`) }),
    ...(maxFile !== undefined && { maxFile: whole(maxFile, `${path}.maxFile`, 1) }),
  };
}
